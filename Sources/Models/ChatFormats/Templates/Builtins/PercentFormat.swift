/// Python's `%` on strings.
extension TemplateInterpreter {
    /// The format with its directives replaced by the values of a tuple, a dictionary or one value.
    func percentFormatted(
        _ format: String, _ arguments: TemplateValue, escapes: Bool = false
    ) throws(TemplateFault) -> String {
        var formatter = PercentFormatter(format: format, arguments: arguments, escapes: escapes)
        return try formatter.run(self)
    }
}

private struct PercentFormatter {
    private var rest: ArraySlice<UnicodeScalar>
    private let mapping: TemplateDictionary?
    private let values: [TemplateValue]
    private let isTuple: Bool
    private var used = 0
    private var text = ""
    /// For a format that counts as HTML.
    private let escapes: Bool

    init(format: String, arguments: TemplateValue, escapes: Bool) {
        self.escapes = escapes
        self.rest = format.scalars[...]
        if case .dictionary(let members) = arguments { mapping = members } else { mapping = nil }
        if case .tuple(let elements) = arguments {
            (values, isTuple) = (elements, true)
        } else {
            (values, isTuple) = ([arguments], false)
        }
    }

    mutating func run(_ interpreter: TemplateInterpreter) throws(TemplateFault) -> String {
        while let scalar = rest.popFirst() {
            guard scalar == "%" else {
                text.unicodeScalars.append(scalar)
                continue
            }
            try formatDirective(interpreter)
            try interpreter.checkLength(text.utf8.count)
        }
        let takesMore = mapping == nil && (isTuple || values.first?.isListOrView == false)
        if takesMore, used < values.count {
            throw .invalid("not all arguments converted during string formatting")
        }
        return text
    }

    private mutating func formatDirective(
        _ interpreter: TemplateInterpreter
    ) throws(TemplateFault) {
        var directive = PercentDirective(escapes: escapes)
        let name = try takeName()
        while let flag = rest.first, "-+ #0".unicodeScalars.contains(flag) {
            directive.flags.insert(flag)
            rest.removeFirst()
        }
        directive.width = try takeNumber() ?? 0
        if rest.first == "." {
            rest.removeFirst()
            directive.precision = try takeNumber() ?? 0
        }
        while let size = rest.first, "hlL".unicodeScalars.contains(size) { rest.removeFirst() }
        guard let kind = rest.popFirst() else { throw .invalid("incomplete format") }
        if kind == "%", name == nil, directive.isPlain {
            text += "%"
            return
        }
        let value: TemplateValue
        if let name {
            guard let mapping else { throw .invalid("format requires a mapping") }
            guard let member = mapping[name] else {
                throw .invalid("the format's '\(name)' is missing")
            }
            value = member
        } else {
            value = try takeValue()
        }
        try interpreter.charge(bytes: max(directive.width, directive.precision ?? 0))
        text += try directive.formatted(value, as: kind, interpreter)
    }

    private mutating func takeName() throws(TemplateFault) -> String? {
        guard rest.first == "(" else { return nil }
        guard let end = rest.firstIndex(of: ")") else { throw .invalid("incomplete format key") }
        defer { rest = rest[(end + 1)...] }
        return String(scalars: rest[(rest.startIndex + 1)..<end])
    }

    /// Digits, or a `*` that takes the number from the values.
    private mutating func takeNumber() throws(TemplateFault) -> Int? {
        if rest.first == "*" {
            rest.removeFirst()
            guard let number = try takeValue().asInteger else { throw .invalid("* wants int") }
            return number
        }
        var digits = ""
        while let digit = rest.first, digit.isDigit {
            digits.unicodeScalars.append(digit)
            rest.removeFirst()
        }
        guard !digits.isEmpty else { return nil }
        guard let number = Int(digits), number < 1 << 31 else {
            throw TemplateFault(.limitExceeded, "a format wider than 2147483647")
        }
        return number
    }

    private mutating func takeValue() throws(TemplateFault) -> TemplateValue {
        if mapping != nil, !isTuple, used == 0 {
            used = 1
            return values[0]
        }
        guard used < values.count else { throw .invalid("not enough arguments for format string") }
        defer { used += 1 }
        return values[used]
    }
}

/// One directive: `%-8.3f` and the like.
private struct PercentDirective {
    var flags: Set<UnicodeScalar> = []
    var width = 0
    var precision: Int?
    let escapes: Bool

    var isPlain: Bool { flags.isEmpty && width == 0 && precision == nil }

    init(escapes: Bool) {
        self.escapes = escapes
    }

    func formatted(
        _ value: TemplateValue, as kind: UnicodeScalar, _ interpreter: TemplateInterpreter
    ) throws(TemplateFault) -> String {
        switch kind {
        case "s":
            let text = escapes ? try interpreter.escaped(value) : try interpreter.text(of: value)
            try interpreter.charge(reading: text)
            return padded(clipped(text))
        case "r", "a":
            let text =
                kind == "a"
                ? try interpreter.asciiRepresentation(of: value)
                : try interpreter.representation(of: value)
            return padded(clipped(escapes ? text.escapedForHTML : text))
        case "c": return padded(try character(value))
        case "d", "i", "u":
            if let integer = value.asBig { return number(integer, radix: 10) }
            guard case .number(let double) = value, double.isFinite else {
                throw wrongType(kind, "a real number", value)
            }
            return number(BigInteger(double), radix: 10)
        case "o", "x", "X":
            guard let integer = value.asBig else { throw wrongType(kind, "an integer", value) }
            let text = number(integer, radix: kind == "o" ? 8 : 16)
            return kind == "X" ? text.uppercased() : text
        case "f", "F", "e", "E", "g", "G":
            guard let double = value.asNumber else {
                throw .invalid("must be real number, not \(value.typeName)")
            }
            let digits = precision ?? 6
            guard digits <= 1_000 else {
                throw TemplateFault(.limitExceeded, "more than 1000 digits")
            }
            let magnitude = double.magnitude
            let isAlternate = flags.contains("#")
            var body: String
            switch kind {
            case "f", "F": body = magnitude.fixedText(places: digits)
            case "e", "E": body = magnitude.scientificText(places: digits)
            default:
                body = magnitude.generalText(digits: max(digits, 1), keepsZeros: isAlternate)
            }
            if isAlternate, digits == 0, double.isFinite, !body.contains(".") {
                body.insert(".", at: body.firstIndex(of: "e") ?? body.endIndex)
            }
            let text = signed(body, isNegative: double.sign == .minus && !double.isNaN)
            return kind.properties.isUppercase ? text.uppercased() : text
        default:
            throw .invalid("unsupported format character '\(kind)'")
        }
    }

    private func clipped(_ text: String) -> String {
        precision.map { String(text.unicodeScalars.prefix($0)) } ?? text
    }

    private func character(_ value: TemplateValue) throws(TemplateFault) -> String {
        if let text = value.asText, text.unicodeScalars.count == 1 { return text }
        guard let code = value.asInteger.flatMap(UInt32.init(exactly:)),
            let scalar = UnicodeScalar(code)
        else { throw .invalid("%c requires int or char") }
        return String(scalar)
    }

    private func number(_ value: BigInteger, radix: UInt32) -> String {
        var digits = value.digits(radix: radix)
        if let precision, digits.utf8.count < precision {
            digits = String(repeating: "0", count: precision - digits.utf8.count) + digits
        }
        if flags.contains("#"), radix != 10 { digits = (radix == 16 ? "0x" : "0o") + digits }
        return signed(digits, isNegative: value.isNegative)
    }

    private func signed(_ digits: String, isNegative: Bool) -> String {
        let sign = isNegative ? "-" : flags.contains("+") ? "+" : flags.contains(" ") ? " " : ""
        let missing = width - sign.utf8.count - digits.utf8.count
        guard flags.contains("0"), !flags.contains("-"), missing > 0 else {
            return padded(sign + digits)
        }
        return sign + String(repeating: "0", count: missing) + digits
    }

    private func padded(_ text: String) -> String {
        let missing = width - text.unicodeScalars.count
        guard missing > 0 else { return text }
        let space = String(repeating: " ", count: missing)
        return flags.contains("-") ? text + space : space + text
    }

    private func wrongType(
        _ kind: UnicodeScalar, _ wanted: String, _ value: TemplateValue
    ) -> TemplateFault {
        .invalid("%\(kind) format: \(wanted) is required, not \(value.typeName)")
    }
}

extension TemplateValue {
    /// What Python's `%` lets pass unused: it could be a mapping.
    fileprivate var isListOrView: Bool {
        switch self {
        case .list, .range, .undefined: true
        default: false
        }
    }
}
