extension TemplateBuiltins {
    /// Filters on strings; anything else is printed first, as Jinja does.
    static let textFilters: [String: Filter] = [
        "upper": transforming("upper") { $0.uppercased() },
        "lower": transforming("lower") { $0.pythonLowercased },
        "capitalize": transforming("capitalize") { $0.pythonCapitalized },
        "title": transforming("title") { $0.jinjaTitled },
        "string": { (interpreter, value, arguments) throws(TemplateFault) in
            try arguments.requireNone(of: "string")
            return value.isMarkup ? value : .string(try interpreter.text(of: value))
        },
        "trim": { (interpreter, value, arguments) throws(TemplateFault) in
            let characters = try arguments.bound(to: ["chars"], of: "trim").string(0)
            let text = try interpreter.text(of: value)
            try interpreter.charge(bytes: text.utf8.count)
            return .string(text.stripped(.both, of: characters))
        },
        "replace": { (interpreter, value, arguments) throws(TemplateFault) in
            let bound = try arguments.bound(to: ["old", "new", "count"], of: "replace")
            let (old, new) = (try bound.required(0), try bound.required(1))
            // Python's rule: what is marked wins, and the other side is escaped.
            let isMarkup =
                interpreter.autoescapes && (value.isMarkup || old.isMarkup || new.isMarkup)
            let text = try interpreter.replacing(
                try interpreter.text(of: old),
                with: isMarkup ? try interpreter.escaped(new) : try interpreter.text(of: new),
                in: isMarkup ? try interpreter.escaped(value) : try interpreter.text(of: value),
                maximum: try bound.integer(2))
            return isMarkup ? .markup(text) : .string(text)
        },
        "center": { (interpreter, value, arguments) throws(TemplateFault) in
            let width = try arguments.bound(to: ["width"], of: "center").integer(0) ?? 80
            return .string(
                try interpreter.padded(try interpreter.text(of: value), to: width, with: " ", .both)
            )
        },
        "indent": { (interpreter, value, arguments) throws(TemplateFault) in
            try indent(interpreter, value, arguments)
        },
        "truncate": { (interpreter, value, arguments) throws(TemplateFault) in
            try truncate(value, arguments)
        },
        "wordcount": { (interpreter, value, arguments) throws(TemplateFault) in
            try arguments.requireNone(of: "wordcount")
            var count = 0
            var isInWord = false
            for scalar in try interpreter.text(of: value).unicodeScalars {
                let isWord = scalar == "_" || scalar.isPythonLetter || scalar.isPythonNumeric
                if isWord, !isInWord { count += 1 }
                isInWord = isWord
            }
            return .integer(count)
        },
        "format": { (interpreter, value, arguments) throws(TemplateFault) in
            guard arguments.named.isEmpty || arguments.positional.isEmpty else {
                throw .invalid("can't handle positional and keyword arguments at the same time")
            }
            var members = TemplateDictionary()
            for (name, value) in arguments.named { members[name] = value }
            let text = try interpreter.percentFormatted(
                try interpreter.text(of: value),
                arguments.named.isEmpty ? .tuple(arguments.positional) : .dictionary(members),
                escapes: value.isMarkup)
            return value.isMarkup ? .markup(text) : .string(text)
        },
        "wordwrap": { (interpreter, value, arguments) throws(TemplateFault) in
            try wrap(interpreter, value, arguments)
        },
    ]

    private static func transforming(
        _ name: String, _ transform: @escaping @Sendable (String) -> String
    ) -> Filter {
        { (interpreter, value, arguments) throws(TemplateFault) in
            try arguments.requireNone(of: name)
            let text = try interpreter.text(of: value)
            try interpreter.charge(bytes: text.utf8.count)
            return .string(transform(text))
        }
    }

    private static func indent(
        _ interpreter: TemplateInterpreter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateFault) -> TemplateValue {
        let bound = try arguments.bound(to: ["width", "first", "blank"], of: "indent")
        let margin: String
        if let text = bound[0]?.asText {
            margin = text
        } else {
            let width = max(try bound.integer(0) ?? 4, 0)
            try interpreter.charge(bytes: width)
            margin = String(repeating: " ", count: width)
        }
        guard let text = value.asText else {
            if case .undefined(let undefined) = value { throw undefined.fault }
            throw .invalid("indent needs a string, not \(value.typeName)")
        }
        // The line feed at the end makes an empty last line count.
        let lines = (text + "\n").splitLines(keepEnds: false)
        let indentsBlank = bound.flag(2)
        var indented: [String] = []
        try interpreter.charge(bytes: margin.utf8.count.multipliedClamped(by: lines.count))
        for (index, line) in lines.enumerated() {
            let isIndented = index > 0 ? indentsBlank || !line.isEmpty : bound.flag(1)
            indented.append(isIndented ? margin + line : line)
        }
        return .string(try interpreter.joined(indented, separator: "\n"))
    }

    private static func wrap(
        _ interpreter: TemplateInterpreter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateFault) -> TemplateValue {
        let bound = try arguments.bound(
            to: ["width", "break_long_words", "wrapstring", "break_on_hyphens"], of: "wordwrap")
        if case .undefined(let undefined) = value { throw undefined.fault }
        guard let text = value.asText else {
            throw .invalid("'\(value.typeName)' object has no attribute 'splitlines'")
        }
        let wrap = WordWrap(
            width: try bound.integer(0) ?? 79, breaksLongWords: bound[1]?.isTrue ?? true,
            breaksOnHyphens: bound[3]?.isTrue ?? true)
        let separator = try bound.string(2) ?? "\n"
        try interpreter.charge(steps: text.utf8.count.multipliedClamped(by: 4))
        var paragraphs: [String] = []
        for paragraph in text.splitLines(keepEnds: false) {
            guard wrap.width > 0 || paragraph.isEmpty else {
                throw .invalid("invalid width \(wrap.width) (must be > 0)")
            }
            paragraphs.append(
                try interpreter.joined(wrap.lines(of: paragraph), separator: separator))
        }
        return .string(try interpreter.joined(paragraphs, separator: separator))
    }

    private static func truncate(
        _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateFault) -> TemplateValue {
        let bound = try arguments.bound(
            to: ["length", "killwords", "end", "leeway"], of: "truncate")
        let length = try bound.integer(0) ?? 255
        let end = try bound.string(2) ?? "..."
        let leeway = try bound.integer(3) ?? 5
        let endLength = end.unicodeScalars.count
        guard length >= endLength else {
            throw .invalid("expected length >= \(endLength), got \(length)")
        }
        guard leeway >= 0 else { throw .invalid("expected leeway >= 0, got \(leeway)") }
        guard let count = value.count else {
            throw .invalid("object of type '\(value.typeName)' has no len()")
        }
        if count - leeway <= length { return value }
        guard let scalars = value.asText?.scalars else {
            throw .invalid("truncate needs a string, not \(value.typeName)")
        }
        var kept = String(scalars: scalars.prefix(length - endLength))
        if !bound.flag(1) {
            kept = kept.split(at: " ", maximum: 1, fromRight: true)[0]
        }
        return .string(kept + end)
    }
}

extension String {
    /// Words in title case, cut as Jinja cuts them: at white space, hyphens and opening brackets.
    fileprivate var jinjaTitled: String {
        var text = ""
        var beginsWord = true
        for scalar in unicodeScalars {
            if scalar.isPythonSpace || "-({[<".unicodeScalars.contains(scalar) {
                beginsWord = true
                text.unicodeScalars.append(scalar)
            } else {
                let properties = scalar.properties
                text += beginsWord ? properties.uppercaseMapping : properties.lowercaseMapping
                beginsWord = false
            }
        }
        return text
    }
}
