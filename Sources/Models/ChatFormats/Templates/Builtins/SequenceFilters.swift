extension TemplateBuiltins {
    static let sequenceFilters: [String: Filter] = [
        "length": { (interpreter, value, arguments) throws(TemplateFault) in
            try length(value, arguments)
        },
        "count": { (interpreter, value, arguments) throws(TemplateFault) in
            try length(value, arguments)
        },
        "first": { (interpreter, value, arguments) throws(TemplateFault) in
            try arguments.requireNone(of: "first")
            let cause = "No first item, sequence was empty."
            return try interpreter.iterator(over: value).next()
                ?? .undefined(TemplateUndefined(cause: cause))
        },
        "last": { (interpreter, value, arguments) throws(TemplateFault) in
            try arguments.requireNone(of: "last")
            if case .iterator = value { throw .invalid("'generator' object is not reversible") }
            let cause = "No last item, sequence was empty."
            return try interpreter.elements(of: value).last
                ?? .undefined(TemplateUndefined(cause: cause))
        },
        "list": { (interpreter, value, arguments) throws(TemplateFault) in
            try arguments.requireNone(of: "list")
            return .list(try interpreter.elements(of: value))
        },
        "reverse": { (interpreter, value, arguments) throws(TemplateFault) in
            try arguments.requireNone(of: "reverse")
            if let text = value.asText {
                try interpreter.charge(bytes: text.utf8.count)
                try interpreter.charge(reading: text)
                return .string(String(scalars: text.unicodeScalars.reversed()))
            }
            let reversed = [TemplateValue](try interpreter.elements(of: value).reversed())
            // What can only be read forwards is read into a list.
            if case .iterator = value { return .list(reversed) }
            return .iterator(TemplateIterator(reversed))
        },
        "join": { (interpreter, value, arguments) throws(TemplateFault) in
            let bound = try arguments.bound(to: ["d", "attribute"], of: "join")
            let path = try AttributePath(optional: bound[1])
            var parts: [TemplateValue] = []
            let elements = try interpreter.iterator(over: value)
            while let element = try elements.next() {
                try interpreter.step()
                parts.append(try path?.value(in: element, interpreter) ?? element)
            }
            let separator = bound[0] ?? .string("")
            let isMarkup =
                interpreter.autoescapes
                && (separator.isMarkup || parts.contains(where: \.isMarkup))
            var texts: [String] = []
            for part in parts {
                texts.append(
                    isMarkup ? try interpreter.escaped(part) : try interpreter.text(of: part))
            }
            let text = try interpreter.joined(
                texts,
                separator: isMarkup
                    ? try interpreter.escaped(separator) : try interpreter.text(of: separator))
            return isMarkup ? .markup(text) : .string(text)
        },
        "sum": { (interpreter, value, arguments) throws(TemplateFault) in
            let bound = try arguments.bound(to: ["attribute", "start"], of: "sum")
            let path = try AttributePath(optional: bound[0])
            var total = bound[1] ?? .integer(0)
            for element in try interpreter.elements(of: value) {
                let term = try path?.value(in: element, interpreter) ?? element
                total = try interpreter.apply(.add, total, term)
            }
            return total
        },
        "batch": { (interpreter, value, arguments) throws(TemplateFault) in
            let bound = try arguments.bound(to: ["linecount", "fill_with"], of: "batch")
            _ = try bound.required(0)
            return .iterator(
                TemplateIterator(later: { () throws(TemplateFault) in
                    TemplateIterator(try batches(interpreter, value, bound))
                }))
        },
        "slice": { (interpreter, value, arguments) throws(TemplateFault) in
            let bound = try arguments.bound(to: ["slices", "fill_with"], of: "slice")
            _ = try bound.required(0)
            return .iterator(
                TemplateIterator(later: { () throws(TemplateFault) in
                    TemplateIterator(try slices(interpreter, value, bound))
                }))
        },
    ]

    /// Rows of so many items; the last one is filled up.
    private static func batches(
        _ interpreter: TemplateInterpreter, _ value: TemplateValue, _ bound: BoundArguments
    ) throws(TemplateFault) -> [TemplateValue] {
        let given = try bound.integer(0) ?? 1
        // Python begins a row when the last one is full, which none is for a size below one.
        let size = given < 1 ? Int.max : given
        let elements = try interpreter.elements(of: value)
        var batches: [TemplateValue] = given == 0 && !elements.isEmpty ? [.list([])] : []
        for start in stride(from: 0, to: elements.count, by: size) {
            var batch = Array(elements[start..<min(elements.count, start.addingClamped(size))])
            if let fill = filler(bound), batch.count < given {
                try interpreter.charge(items: size)
                batch += Array(repeating: fill, count: size - batch.count)
            }
            batches.append(.list(batch))
        }
        return batches
    }

    /// So many columns; those that are one item short are filled up.
    private static func slices(
        _ interpreter: TemplateInterpreter, _ value: TemplateValue, _ bound: BoundArguments
    ) throws(TemplateFault) -> [TemplateValue] {
        let count = try bound.integer(0) ?? 0
        guard count != 0 else { throw .invalid("integer division or modulo by zero") }
        guard count > 0 else { return [] }
        try interpreter.charge(items: count)
        let elements = try interpreter.elements(of: value)
        let (size, extra) = elements.count.quotientAndRemainder(dividingBy: count)
        var slices: [TemplateValue] = []
        var start = 0
        for index in 0..<count {
            let end = start + size + (index < extra ? 1 : 0)
            var slice = Array(elements[start..<end])
            if let fill = filler(bound), index >= extra { slice.append(fill) }
            slices.append(.list(slice))
            start = end
        }
        return slices
    }

    private static func filler(_ bound: BoundArguments) -> TemplateValue? {
        if case .some(.none) = bound[1] { nil } else { bound[1] }
    }

    private static func length(
        _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateFault) -> TemplateValue {
        try arguments.requireNone(of: "length")
        guard let count = value.count else {
            throw .invalid("object of type '\(value.typeName)' has no len()")
        }
        return .integer(count)
    }
}

extension TemplateValue {
    /// Python's `len`; `nil` for what has none.
    var count: Int? {
        switch self {
        case .undefined: 0
        case .string(let text), .markup(let text): text.unicodeScalars.count
        case .list(let elements), .tuple(let elements): elements.count
        case .dictionary(let members): members.count
        case .view(let view): view.elements.count
        case .range(let range): range.count
        default: nil
        }
    }
}

/// A way to a value inside of an item: `"function.name"`, `"arguments.0"`.
struct AttributePath {
    private let parts: [TemplateValue]

    /// Throws for digits that are none of a number, such as "²".
    init(_ value: TemplateValue) throws(TemplateFault) {
        if case .none = value {
            // No attribute: the item itself.
            parts = []
            return
        }
        guard let text = value.asText else {
            parts = [value]
            return
        }
        var parts: [TemplateValue] = []
        for part in text.split(at: ".", maximum: nil, fromRight: false) {
            guard part.allScalars(\.isPythonDigit) else {
                parts.append(.string(part))
                continue
            }
            guard let index = Int(pythonText: part, base: 10) else {
                throw .invalid("invalid literal for int() with base 10: '\(part)'")
            }
            parts.append(.integer(index))
        }
        self.parts = parts
    }

    /// `nil` where the value is none or was not given.
    init?(optional value: TemplateValue?) throws(TemplateFault) {
        switch value {
        case nil, .some(.none): return nil
        case .some(let value): try self.init(value)
        }
    }

    /// The value; `fallback` for every step that leads nowhere.
    func value(
        in item: TemplateValue, _ interpreter: TemplateInterpreter, fallback: TemplateValue? = nil
    ) throws(TemplateFault) -> TemplateValue {
        var value = item
        for part in parts {
            value = try interpreter.item(part, of: value)
            if value.isUndefined, let fallback { value = fallback }
        }
        return value
    }
}
