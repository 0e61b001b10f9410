/// The methods of Python's `str`.
enum StringMethods {
    typealias Method =
        @Sendable (TemplateInterpreter, String, CallArguments) throws(TemplateFault) ->
        TemplateValue

    static let table: [String: Method] = transforming.merging(asking) { first, _ in first }
        .merging(cutting) { first, _ in first }

    /// Methods whose parameters have names.
    static let withNames: Set<String> = ["expandtabs", "format", "rsplit", "split", "splitlines"]

    // MARK: A string of a string

    private static let transforming: [String: Method] = [
        "upper": plain("upper") { $0.uppercased() },
        "lower": plain("lower") { $0.pythonLowercased },
        "casefold": plain("casefold") { $0.pythonCaseFolded },
        "capitalize": plain("capitalize") { $0.pythonCapitalized },
        "title": plain("title") { $0.pythonTitled },
        "swapcase": plain("swapcase") { $0.swappedCase },
        "strip": stripping("strip", .both),
        "lstrip": stripping("lstrip", .left),
        "rstrip": stripping("rstrip", .right),
        "ljust": padding("ljust", .left),
        "rjust": padding("rjust", .right),
        "center": padding("center", .both),
        "replace": { (interpreter, text, arguments) throws(TemplateFault) in
            let bound = try arguments.bound(to: ["old", "new", "count"], of: "replace")
            return .string(
                try interpreter.replacing(
                    try bound.requiredString(0), with: try bound.requiredString(1), in: text,
                    maximum: try bound.integer(2)))
        },
        "removeprefix": { (_, text, arguments) throws(TemplateFault) in
            let prefix = try arguments.bound(to: ["prefix"], of: "removeprefix").requiredString(0)
            guard text.utf8.starts(with: prefix.utf8) else { return .string(text) }
            return .string(String(text.unicodeScalars.dropFirst(prefix.unicodeScalars.count)))
        },
        "removesuffix": { (_, text, arguments) throws(TemplateFault) in
            let suffix = try arguments.bound(to: ["suffix"], of: "removesuffix").requiredString(0)
            guard text.utf8.reversed().starts(with: suffix.utf8.reversed()) else {
                return .string(text)
            }
            return .string(String(text.unicodeScalars.dropLast(suffix.unicodeScalars.count)))
        },
        "zfill": { (interpreter, text, arguments) throws(TemplateFault) in
            let bound = try arguments.bound(to: ["width"], of: "zfill")
            _ = try bound.required(0)
            let missing = (try bound.integer(0) ?? 0) - text.unicodeScalars.count
            guard missing > 0 else { return .string(text) }
            try interpreter.charge(bytes: missing)
            let sign = text.unicodeScalars.first.map { $0 == "-" || $0 == "+" } == true ? 1 : 0
            let zeros = String(repeating: "0", count: missing)
            return .string(
                String(text.unicodeScalars.prefix(sign)) + zeros
                    + String(text.unicodeScalars.dropFirst(sign)))
        },
        "expandtabs": { (interpreter, text, arguments) throws(TemplateFault) in
            let size = try arguments.bound(to: ["tabsize"], of: "expandtabs").integer(0) ?? 8
            let tabs = text.utf8.count { $0 == 0x9 }
            try interpreter.charge(bytes: tabs.multipliedClamped(by: max(size, 0)))
            var (expanded, column) = (String.UnicodeScalarView(), 0)
            for scalar in text.unicodeScalars {
                guard scalar == "\t" else {
                    expanded.append(scalar)
                    column = scalar == "\n" || scalar == "\r" ? 0 : column + 1
                    continue
                }
                let width = size > 0 ? size - column % size : 0
                expanded.append(contentsOf: repeatElement(" ", count: width))
                column += width
            }
            return .string(String(expanded))
        },
        "format": { (interpreter, text, arguments) throws(TemplateFault) in
            .string(try interpreter.formatted(text, arguments, isMapping: false, escapes: false))
        },
        "format_map": { (interpreter, text, arguments) throws(TemplateFault) in
            .string(try interpreter.formatted(text, arguments, isMapping: true, escapes: false))
        },
        "translate": { (interpreter, text, arguments) throws(TemplateFault) in
            let table = try arguments.bound(to: ["table"], of: "translate").required(0)
            return .string(try translated(text, by: table, interpreter))
        },
        "encode": { (_, _, _) throws(TemplateFault) in
            throw TemplateFault(.forbidden, "'encode' makes bytes, and a prompt is text")
        },
        "join": { (interpreter, text, arguments) throws(TemplateFault) in
            let elements = try arguments.bound(to: ["iterable"], of: "join").required(0)
            var parts: [String] = []
            for element in try interpreter.elements(of: elements) {
                guard let part = element.asText else {
                    throw .invalid("join: expected only strings, found \(element.typeName)")
                }
                parts.append(part)
            }
            return .string(try interpreter.joined(parts, separator: text))
        },
    ]

    /// The table's keys are code points; its values code points, strings, or none for nothing.
    private static func translated(
        _ text: String, by table: TemplateValue, _ interpreter: TemplateInterpreter
    ) throws(TemplateFault) -> String {
        if case .undefined(let undefined) = table { throw undefined.fault }
        var translated = ""
        for scalar in text.unicodeScalars {
            try interpreter.step()
            let key = TemplateValue.integer(Int(scalar.value))
            let entry: TemplateValue?
            switch table {
            case .dictionary(let members): entry = members[try TemplateKey(key)]
            case .string, .markup, .list, .tuple:
                let item = try interpreter.item(key, of: table)
                entry = item.isUndefined ? nil : item
            default: throw .invalid("'\(table.typeName)' object is not subscriptable")
            }
            switch entry {
            case nil: translated.unicodeScalars.append(scalar)
            case .some(.none): break
            case .string(let piece), .markup(let piece): translated += piece
            case .integer(let code):
                guard let mapped = UInt32(exactly: code).flatMap(UnicodeScalar.init) else {
                    throw .invalid("character mapping must be in range(0x110000)")
                }
                translated.unicodeScalars.append(mapped)
            default: throw .invalid("character mapping must return integer, None or str")
            }
            try interpreter.checkLength(translated.utf8.count)
        }
        return translated
    }

    private static func plain(
        _ name: String, _ transform: @escaping @Sendable (String) -> String
    ) -> Method {
        { (interpreter, text, arguments) throws(TemplateFault) in
            try arguments.requireNone(of: name)
            try interpreter.charge(bytes: text.utf8.count)
            return .string(transform(text))
        }
    }

    private static func stripping(_ name: String, _ side: String.Side) -> Method {
        { (interpreter, text, arguments) throws(TemplateFault) in
            let characters = try arguments.bound(to: ["chars"], of: name).string(0)
            try interpreter.charge(bytes: text.utf8.count)
            return .string(text.stripped(side, of: characters))
        }
    }

    /// `side` is where the text goes.
    private static func padding(_ name: String, _ side: String.Side) -> Method {
        { (interpreter, text, arguments) throws(TemplateFault) in
            let bound = try arguments.bound(to: ["width", "fillchar"], of: name)
            _ = try bound.required(0)
            let fill = try bound.string(1) ?? " "
            guard fill.unicodeScalars.count == 1 else {
                throw .invalid("\(name): the fill character must be exactly one character long")
            }
            return .string(
                try interpreter.padded(text, to: try bound.integer(0) ?? 0, with: fill, side))
        }
    }

    // MARK: Questions

    private static let asking: [String: Method] = [
        "startswith": affix("startswith") { $0.starts(with: $1) },
        "endswith": affix("endswith") { $0.reversed().starts(with: $1.reversed()) },
        "find": finding("find", fromRight: false, isRequired: false),
        "rfind": finding("rfind", fromRight: true, isRequired: false),
        "index": finding("index", fromRight: false, isRequired: true),
        "rindex": finding("rindex", fromRight: true, isRequired: true),
        "count": { (interpreter, text, arguments) throws(TemplateFault) in
            let bound = try arguments.bound(to: ["sub", "start", "end"], of: "count")
            let part = try bound.requiredString(0)
            try interpreter.charge(bytes: text.utf8.count)
            guard let range = try range(of: text, bound) else { return .integer(0) }
            return .integer(String(scalars: text.scalars[range]).occurrences(of: part))
        },
        "isupper": question("isupper") { text in text.allCased { $0.isUppercase } },
        "islower": question("islower") { text in text.allCased { $0.isLowercase } },
        "isspace": question("isspace") { text in text.allScalars { $0.isPythonSpace } },
        "isalpha": question("isalpha") { text in text.allScalars { $0.isPythonLetter } },
        "isdecimal": question("isdecimal") { text in text.allScalars { $0.isPythonDecimal } },
        "isdigit": question("isdigit") { text in text.allScalars { $0.isPythonDigit } },
        "isnumeric": question("isnumeric") { text in text.allScalars { $0.isPythonNumeric } },
        "isalnum": question("isalnum") { text in
            text.allScalars { $0.isPythonLetter || $0.isPythonNumeric }
        },
        "isascii": question("isascii") { text in text.utf8.allSatisfy { $0 < 0x80 } },
        "isprintable": question("isprintable") { text in
            text.unicodeScalars.allSatisfy(\.isPythonPrintable)
        },
        "istitle": question("istitle") { text in
            text.isPythonTitle
        },
        "isidentifier": question("isidentifier") { text in
            guard let first = text.unicodeScalars.first else { return false }
            return (first == "_" || first.properties.isXIDStart)
                && text.unicodeScalars.allSatisfy { $0.properties.isXIDContinue }
        },
    ]

    private static func question(
        _ name: String, _ condition: @escaping @Sendable (String) -> Bool
    ) -> Method {
        { (interpreter, text, arguments) throws(TemplateFault) in
            try arguments.requireNone(of: name)
            try interpreter.charge(bytes: text.utf8.count)
            return .bool(condition(text))
        }
    }

    /// The affix may be a tuple of several.
    private static func affix(
        _ name: String,
        _ matches: @escaping @Sendable (Substring.UTF8View, String.UTF8View) -> Bool
    ) -> Method {
        { (_, text, arguments) throws(TemplateFault) in
            let bound = try arguments.bound(to: ["affix", "start", "end"], of: name)
            let affixes: [TemplateValue] =
                if case .tuple(let several) = try bound.required(0) { several } else {
                    [try bound.required(0)]
                }
            for affix in affixes where affix.asText == nil {
                throw .invalid(
                    "\(name) first arg must be str or a tuple of str, not \(affix.typeName)")
            }
            var part = text[...]
            if bound[1] != nil || bound[2] != nil {
                guard let range = try range(of: text, bound) else { return .bool(false) }
                part = String(scalars: text.scalars[range])[...]
            }
            for affix in affixes.compactMap(\.asText) where matches(part.utf8, affix.utf8) {
                return .bool(true)
            }
            return .bool(false)
        }
    }

    private static func finding(_ name: String, fromRight: Bool, isRequired: Bool) -> Method {
        { (interpreter, text, arguments) throws(TemplateFault) in
            let bound = try arguments.bound(to: ["sub", "start", "end"], of: name)
            let part = try bound.requiredString(0)
            try interpreter.charge(bytes: text.utf8.count)
            let range = try range(of: text, bound)
            let found = range.flatMap { text.scalarIndex(of: part, in: $0, fromRight: fromRight) }
            if let found { return .integer(found) }
            if isRequired { throw .invalid("substring not found") }
            return .integer(-1)
        }
    }

    /// The scalars that the arguments 1 and 2 name; `nil` where they begin behind the end.
    private static func range(
        of text: String, _ bound: BoundArguments
    ) throws(TemplateFault) -> Range<Int>? {
        let count = text.unicodeScalars.count
        let start = try bound.integer(1) ?? 0
        let slice = SliceIndices(start: start, stop: try bound.integer(2), step: 1, count: count)
        guard start <= count, slice.start <= slice.stop else { return nil }
        return slice.start..<slice.stop
    }

    // MARK: Pieces

    private static let cutting: [String: Method] = [
        "split": splitting("split", fromRight: false),
        "rsplit": splitting("rsplit", fromRight: true),
        "splitlines": { (interpreter, text, arguments) throws(TemplateFault) in
            let bound = try arguments.bound(to: ["keepends"], of: "splitlines")
            try interpreter.charge(bytes: text.utf8.count)
            let lines = text.splitLines(keepEnds: bound.flag(0))
            try interpreter.charge(items: lines.count)
            return .list(lines.map(TemplateValue.string))
        },
        "partition": partitioning("partition", fromRight: false),
        "rpartition": partitioning("rpartition", fromRight: true),
    ]

    private static func splitting(_ name: String, fromRight: Bool) -> Method {
        { (interpreter, text, arguments) throws(TemplateFault) in
            let bound = try arguments.bound(to: ["sep", "maxsplit"], of: name)
            let separator = try bound.string(0)
            let limit = try bound.integer(1) ?? -1
            let maximum = limit < 0 ? nil : limit
            try interpreter.charge(bytes: text.utf8.count)
            guard let separator else {
                let words = text.splitWords(maximum: maximum, fromRight: fromRight)
                try interpreter.charge(items: words.count)
                return .list(words.map(TemplateValue.string))
            }
            guard !separator.isEmpty else { throw .invalid("empty separator") }
            let pieces = text.split(at: separator, maximum: maximum, fromRight: fromRight)
            try interpreter.charge(items: pieces.count)
            return .list(pieces.map(TemplateValue.string))
        }
    }

    private static func partitioning(_ name: String, fromRight: Bool) -> Method {
        { (interpreter, text, arguments) throws(TemplateFault) in
            let separator = try arguments.bound(to: ["sep"], of: name).requiredString(0)
            guard !separator.isEmpty else { throw .invalid("empty separator") }
            try interpreter.charge(bytes: text.utf8.count)
            let pieces = text.split(at: separator, maximum: 1, fromRight: fromRight)
            let parts =
                pieces.count == 2
                ? [pieces[0], separator, pieces[1]] : fromRight ? ["", "", text] : [text, "", ""]
            return .tuple(parts.map(TemplateValue.string))
        }
    }
}
