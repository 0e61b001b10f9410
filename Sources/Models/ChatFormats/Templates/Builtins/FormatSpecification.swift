import StructuredJSON

/// Python's format specifications, `[[fill]align][sign][z][#][0][width][grouping][.precision][type]`.
extension TemplateInterpreter {
    /// Python's `format(value, specification)`.
    func formatted(
        _ value: TemplateValue, _ specification: String
    ) throws(TemplateFault) -> String {
        guard !specification.isEmpty else { return try text(of: value) }
        let format = try FormatSpecification(specification)
        try charge(bytes: format.width.multipliedClamped(by: 4))
        try charge(steps: 16 + (format.precision ?? 0))
        switch value {
        case .string(let text), .markup(let text): return try format.formatted(text)
        case .bool, .integer, .big: return try format.formatted(value.asBig ?? BigInteger(0))
        case .number(let number): return try format.formatted(number)
        default:
            throw .invalid(
                "unsupported format string passed to \(value.typeName).__format__")
        }
    }
}

struct FormatSpecification {
    private var fill: UnicodeScalar = " "
    private var align: UnicodeScalar?
    private var sign: UnicodeScalar?
    private var isAlternate = false
    private var dropsNegativeZero = false
    private var padsWithZeros = false
    private(set) var width = 0
    private var grouping: UnicodeScalar?
    private(set) var precision: Int?
    private var kind: UnicodeScalar?

    init(_ text: String) throws(TemplateFault) {
        var rest = text.scalars[...]
        func isAlign(_ scalar: UnicodeScalar?) -> Bool {
            scalar.map { "<>=^".unicodeScalars.contains($0) } ?? false
        }
        var hasFill = false
        if isAlign(rest.dropFirst().first), let first = rest.first {
            (fill, align, hasFill) = (first, rest.dropFirst().first, true)
            rest = rest.dropFirst(2)
        } else if isAlign(rest.first) {
            align = rest.popFirst()
        }
        if let first = rest.first, "+- ".unicodeScalars.contains(first) {
            sign = first
            rest = rest.dropFirst()
        }
        if rest.first == "z" {
            dropsNegativeZero = true
            rest = rest.dropFirst()
        }
        if rest.first == "#" {
            isAlternate = true
            rest = rest.dropFirst()
        }
        if rest.first == "0" {
            padsWithZeros = align == nil
            if !hasFill { fill = "0" }
            rest = rest.dropFirst()
        }
        width = try Self.number(&rest) ?? 0
        if let first = rest.first, first == "," || first == "_" {
            grouping = first
            rest = rest.dropFirst()
            if let second = rest.first, second == "," || second == "_" {
                throw .invalid("Cannot specify both ',' and '_'.")
            }
        }
        if rest.first == "." {
            rest = rest.dropFirst()
            guard let number = try Self.number(&rest) else {
                throw .invalid("Format specifier missing precision")
            }
            precision = number
        }
        kind = rest.popFirst()
        guard rest.isEmpty else { throw .invalid("Invalid format specifier") }
    }

    private static func number(
        _ rest: inout ArraySlice<UnicodeScalar>
    ) throws(TemplateFault) -> Int? {
        var digits = ""
        while let digit = rest.first, digit.isDigit {
            digits.unicodeScalars.append(digit)
            rest = rest.dropFirst()
        }
        guard !digits.isEmpty else { return nil }
        guard let number = Int(digits), number < 1 << 31 else {
            throw TemplateFault(.limitExceeded, "a format wider than 2147483647")
        }
        return number
    }

    // MARK: Strings

    func formatted(_ text: String) throws(TemplateFault) -> String {
        guard kind == nil || kind == "s" else { throw unknownKind("str") }
        guard sign == nil, !isAlternate, align != "=", grouping == nil, !dropsNegativeZero
        else { throw .invalid("a format for numbers, given a string") }
        let clipped = precision.map { String(text.unicodeScalars.prefix($0)) } ?? text
        return padded("", clipped, defaultAlign: "<")
    }

    // MARK: Integers

    func formatted(_ value: BigInteger) throws(TemplateFault) -> String {
        switch kind {
        case "e", "E", "f", "F", "g", "G", "%": return try formatted(value.asDouble)
        default: break
        }
        guard precision == nil else {
            throw .invalid("Precision not allowed in integer format specifier")
        }
        guard !dropsNegativeZero else { throw .invalid("'z' is not allowed for integers") }
        let (radix, prefix): (UInt32, String)
        switch kind {
        case nil, "d": (radix, prefix) = (10, "")
        case "n":
            guard grouping == nil else { throw .invalid("Cannot specify ',' with 'n'.") }
            (radix, prefix) = (10, "")
        case "b": (radix, prefix) = (2, "0b")
        case "o": (radix, prefix) = (8, "0o")
        case "x": (radix, prefix) = (16, "0x")
        case "X": (radix, prefix) = (16, "0X")
        case "c":
            guard sign == nil, !isAlternate, grouping == nil else {
                throw .invalid("Sign not allowed with integer format specifier 'c'")
            }
            guard let code = value.asInt.flatMap(UInt32.init(exactly:)),
                let scalar = UnicodeScalar(code)
            else {
                throw TemplateFault(.limitExceeded, "%c arg not in range(0x110000)")
            }
            return padded("", String(scalar), defaultAlign: ">")
        default: throw unknownKind("int")
        }
        if radix != 10, grouping == "," {
            throw .invalid("Cannot specify ',' with '\(kind.map(String.init) ?? "")'.")
        }
        let plain = value.digits(radix: radix)
        let digits = kind == "X" ? plain.uppercased() : plain
        let lead = signText(isNegative: value.isNegative) + (isAlternate ? prefix : "")
        return number(lead, digits, "", groupSize: radix == 10 ? 3 : 4)
    }

    // MARK: Floating point

    func formatted(_ value: Double) throws(TemplateFault) -> String {
        let digits = precision ?? 6
        guard digits <= 1_000 else {
            throw TemplateFault(.limitExceeded, "more than 1000 digits")
        }
        let magnitude = value.magnitude
        var body: String
        switch kind {
        case nil:
            body =
                precision.map { magnitude.generalText(digits: max($0, 1), keepsPoint: true) }
                ?? magnitude.shortestText
        case "e", "E": body = magnitude.scientificText(places: digits)
        case "f", "F": body = magnitude.fixedText(places: digits)
        case "g", "G", "n":
            if kind == "n", grouping != nil { throw .invalid("Cannot specify ',' with 'n'.") }
            body = magnitude.generalText(digits: max(digits, 1), keepsZeros: isAlternate)
        case "%": body = (magnitude * 100).fixedText(places: digits) + "%"
        default: throw unknownKind("float")
        }
        if isAlternate, value.isFinite, !body.utf8.contains(UInt8(ascii: ".")) {
            let end = body.firstIndex { !$0.isNumber } ?? body.endIndex
            body.insert(".", at: end)
        }
        if kind == "E" || kind == "F" || kind == "G" { body = body.uppercased() }
        var isNegative = value.sign == .minus && !value.isNaN
        if dropsNegativeZero, body.allSatisfy({ !("1"..."9").contains($0) }), value.isFinite {
            isNegative = false
        }
        let end =
            value.isFinite ? body.firstIndex { !$0.isNumber } ?? body.endIndex : body.startIndex
        return number(
            signText(isNegative: isNegative), String(body[..<end]), String(body[end...]),
            groupSize: 3)
    }

    // MARK: Layout

    private func signText(isNegative: Bool) -> String {
        isNegative ? "-" : sign.map { $0 == "-" ? "" : String($0) } ?? ""
    }

    /// Groups the digits of the integer part, and fills up with zeros before them where asked to.
    private func number(
        _ lead: String, _ digits: String, _ rest: String, groupSize: Int
    ) -> String {
        guard let grouping, !digits.isEmpty else {
            return padded(lead, digits + rest, defaultAlign: ">")
        }
        var digits = Array(digits.unicodeScalars)
        if padsWithZeros || (align == "=" && fill == "0") {
            let room = width - lead.unicodeScalars.count - rest.unicodeScalars.count
            while digits.count + (digits.count - 1) / groupSize < room { digits.insert("0", at: 0) }
        }
        var grouped = String.UnicodeScalarView()
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % groupSize == 0 { grouped.append(grouping) }
            grouped.append(digit)
        }
        return padded(lead, String(grouped) + rest, defaultAlign: ">")
    }

    private func padded(_ lead: String, _ text: String, defaultAlign: UnicodeScalar) -> String {
        let missing = width - lead.unicodeScalars.count - text.unicodeScalars.count
        guard missing > 0 else { return lead + text }
        func filling(_ count: Int) -> String { String(repeating: String(fill), count: count) }
        switch align ?? (padsWithZeros && defaultAlign == ">" ? "=" : defaultAlign) {
        case "<": return lead + text + filling(missing)
        case "=": return lead + filling(missing) + text
        case "^": return filling(missing / 2) + lead + text + filling(missing - missing / 2)
        default: return filling(missing) + lead + text
        }
    }

    private func unknownKind(_ type: String) -> TemplateFault {
        let code = kind.map(String.init) ?? ""
        return .invalid("Unknown format code '\(code)' for object of type '\(type)'")
    }
}
