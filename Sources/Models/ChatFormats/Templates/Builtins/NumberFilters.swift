extension TemplateBuiltins {
    static let numberFilters: [String: Filter] = [
        "int": { (_, value, arguments) throws(TemplateFault) in
            let bound = try arguments.bound(to: ["default", "base"], of: "int")
            let fallback = bound[0] ?? .integer(0)
            switch value {
            case .undefined(let undefined): throw undefined.fault
            case .number(let number):
                guard number.isFinite else { return fallback }
                return TemplateValue(BigInteger(number))
            case .string(let text), .markup(let text):
                let base = try bound.integer(1) ?? 10
                if let integer = Int(pythonText: text, base: base) { return .integer(integer) }
                if let big = BigInteger(pythonText: text, base: base) { return .big(big) }
                guard let number = Double(pythonText: text), number.isFinite else {
                    return fallback
                }
                return TemplateValue(BigInteger(number))
            case .big:
                return value
            default:
                return value.asInteger.map(TemplateValue.integer) ?? fallback
            }
        },
        "float": { (_, value, arguments) throws(TemplateFault) in
            let fallback = try arguments.bound(to: ["default"], of: "float")[0] ?? .number(0)
            if case .undefined(let undefined) = value { throw undefined.fault }
            if let text = value.asText {
                return Double(pythonText: text).map(TemplateValue.number) ?? fallback
            }
            return value.asNumber.map(TemplateValue.number) ?? fallback
        },
        "abs": { (interpreter, value, arguments) throws(TemplateFault) in
            try arguments.requireNone(of: "abs")
            if case .number(let number) = value { return .number(number.magnitude) }
            if case .big(let big) = value { return .big(big.isNegative ? big.negated : big) }
            guard let integer = value.asInteger else {
                throw .invalid("bad operand type for abs(): '\(value.typeName)'")
            }
            return integer < 0 ? try interpreter.negated(.integer(integer)) : .integer(integer)
        },
        "filesizeformat": { (interpreter, value, arguments) throws(TemplateFault) in
            let isBinary = try arguments.bound(to: ["binary"], of: "filesizeformat").flag(0)
            if case .undefined(let undefined) = value { throw undefined.fault }
            guard let bytes = value.asNumber ?? value.asText.flatMap(Double.init(pythonText:)),
                !bytes.isNaN
            else { throw .invalid("could not convert '\(value.typeName)' to float") }
            return .string(sizeText(bytes, isBinary: isBinary))
        },
        "round": { (_, value, arguments) throws(TemplateFault) in try round(value, arguments) },
    ]

    private static func sizeText(_ bytes: Double, isBinary: Bool) -> String {
        let base: Double = isBinary ? 1024 : 1000
        if bytes == 1 { return "1 Byte" }
        // Adding nothing makes nothing of what is negative and less than one.
        if bytes < base { return (bytes.rounded(.towardZero) + 0).fixedText(places: 0) + " Bytes" }
        var unit = base
        for prefix in ["k", "M", "G", "T", "P", "E", "Z", "Y"] {
            unit *= base
            if bytes < unit || prefix == "Y" {
                let name = isBinary ? prefix.uppercased() + "iB" : prefix + "B"
                return (base * bytes / unit).fixedText(places: 1) + " " + name
            }
        }
        return ""
    }

    private static func round(
        _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateFault) -> TemplateValue {
        let bound = try arguments.bound(to: ["precision", "method"], of: "round")
        let precision = try bound.integer(0) ?? 0
        let method = try bound.string(1) ?? "common"
        guard ["common", "ceil", "floor"].contains(method) else {
            throw .invalid("method must be common, ceil or floor")
        }
        guard let number = value.asNumber else {
            throw .invalid("type \(value.typeName) doesn't define __round__ method")
        }
        if method == "common" {
            if case .big = value, precision >= 0 { return value }
            if let integer = value.asInteger, precision >= 0 { return .integer(integer) }
            if let integer = value.asInteger, precision > -18 {
                return .integer(
                    integer.rounded(toMultipleOf: TemplateBuiltins.powerOfTen(-precision)))
            }
            let rounded = number.rounded(toPlaces: precision)
            if value.asInteger != nil, let integer = Int(exactly: rounded) {
                return .integer(integer)
            }
            return .number(rounded)
        }
        guard (-300...300).contains(precision) else { return .number(number) }
        let power = Double(pythonText: "1e\(precision)") ?? 1
        let scaled = (number * power).rounded(method == "ceil" ? .up : .down)
        return .number(scaled / power)
    }
}

extension TemplateBuiltins {
    fileprivate static func powerOfTen(_ exponent: Int) -> Int {
        (0..<exponent).reduce(1) { power, _ in power * 10 }
    }
}

extension Int {
    /// The nearest multiple, the even one of two, as long as it fits.
    fileprivate func rounded(toMultipleOf unit: Int) -> Int {
        let remainder = ((self % unit) + unit) % unit
        let (down, underflow) = subtractingReportingOverflow(remainder)
        guard !underflow else { return self }
        let isUp =
            remainder > unit - remainder
            || (remainder == unit - remainder && (down / unit) % 2 != 0)
        let (up, overflow) = down.addingReportingOverflow(unit)
        return isUp && !overflow ? up : down
    }
}

extension Int {
    /// An integer as Python's `int` reads it: spaces around it, single underscores within.
    init?(pythonText text: String, base: Int) {
        guard let (sign, digits, radix) = text.integerParts(base: base),
            let value = Int(sign + digits, radix: radix)
        else { return nil }
        self = value
    }
}

extension BigInteger {
    /// The same for one that does not fit 64 bits.
    init?(pythonText text: String, base: Int) {
        guard let (sign, digits, radix) = text.integerParts(base: base),
            digits.utf8.count <= 4_000, digits.utf8.allSatisfy({ $0 < 0x80 }),
            digits.allSatisfy({ Int(String($0), radix: radix) != nil })
        else { return nil }
        let value = BigInteger(digits: digits, radix: UInt32(radix))
        self = sign.isEmpty ? value : value.negated
    }
}

extension String {
    /// The sign, the digits and the base of an integer's text; the digits are not checked.
    fileprivate func integerParts(base: Int) -> (sign: String, digits: String, radix: Int)? {
        let text = self
        var digits = text.stripped(.both, of: nil)
        var sign = ""
        if let first = digits.first, first == "-" || first == "+" {
            sign = first == "-" ? "-" : ""
            digits.removeFirst()
        }
        var radix = base
        let prefixes = ["0b": 2, "0o": 8, "0x": 16]
        if let implied = prefixes[digits.prefix(2).lowercased()], base == 0 || base == implied {
            radix = implied
            digits.removeFirst(2)
            if digits.hasPrefix("_") { digits.removeFirst() }
        } else if base == 0 {
            radix = 10
        }
        guard (2...36).contains(radix), let plain = digits.withoutDigitSeparators else {
            return nil
        }
        return (sign, plain.withASCIIDigits, radix)
    }

    /// Decimal digits of every script as those of ASCII, which Python reads likewise.
    fileprivate var withASCIIDigits: String {
        guard utf8.contains(where: { $0 >= 0x80 }) else { return self }
        return unicodeScalars.reduce(into: "") { text, scalar in
            if scalar.isPythonDecimal, let value = scalar.properties.numericValue {
                text += String(Int(value))
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
    }
}

extension Double {
    /// A number as Python's `float` reads it.
    init?(pythonText text: String) {
        guard let plain = text.stripped(.both, of: nil).withASCIIDigits.withoutDigitSeparators
        else { return nil }
        let unsigned = plain.drop { $0 == "-" || $0 == "+" }.lowercased()
        switch unsigned {
        case "inf", "infinity", "nan": break
        default:
            // Swift would also read hexadecimal numbers.
            guard unsigned.utf8.allSatisfy({ "0123456789.e+-".utf8.contains($0) }),
                unsigned.utf8.contains(where: { UnicodeScalar($0).isDigit })
            else {
                return nil
            }
        }
        let spelled = plain.hasSuffix(".") ? plain + "0" : plain
        guard let value = Double(spelled.replacing(".e", with: ".0e", maximum: nil)) else {
            return nil
        }
        self = value
    }
}

extension String {
    /// Without the underscores between digits; `nil` where one stands elsewhere.
    fileprivate var withoutDigitSeparators: String? {
        guard utf8.contains(UInt8(ascii: "_")) else { return isEmpty ? nil : self }
        let parts = split(separator: "_", omittingEmptySubsequences: false)
        let isSound = parts.indices.allSatisfy { index in
            (index == 0 || parts[index].first?.isHexDigit == true)
                && (index == parts.count - 1 || parts[index].last?.isHexDigit == true)
        }
        return isSound ? parts.joined() : nil
    }
}
