extension JSONParser {
    /// One string, from its opening quote to behind its closing one.
    ///
    /// The document is known to be UTF-8, and a string's ends are ASCII, so every run is too.
    mutating func parseString() throws(Fault) -> String {
        let start = position + 1
        var end = start
        while end < bytes.count {
            switch bytes[end] {
            case UInt8(ascii: "\""):
                position = end + 1
                return String(decoding: bytes[start..<end], as: UTF8.self)
            case UInt8(ascii: "\\"):
                position = end
                return try parseEscaped(Array(bytes[start..<end]))
            case 0..<0x20:
                throw controlCharacter(at: end)
            default:
                end += 1
            }
        }
        throw endsInString()
    }

    /// The rest of a string that holds escapes, from the first one.
    private mutating func parseEscaped(_ beginning: [UInt8]) throws(Fault) -> String {
        var text = beginning
        while position < bytes.count {
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                let scalar = try parseEscape()
                if scalar.isASCII {
                    text.append(UInt8(truncatingIfNeeded: scalar.value))
                } else {
                    text.append(contentsOf: String(scalar).utf8)
                }
            case 0..<0x20:
                throw controlCharacter(at: position)
            default:
                text.append(byte)
                position += 1
            }
        }
        throw endsInString()
    }

    private mutating func parseEscape() throws(Fault) -> UnicodeScalar {
        guard position + 1 < bytes.count else { throw endsInString() }
        let kind = bytes[position + 1]
        position += 2
        switch kind {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return UnicodeScalar(kind)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try parseUnicodeEscape()
        default:
            let found = Fault.spelled(kind)
            throw Fault(.syntax, "unknown escape: a backslash and \(found)", at: position - 2)
        }
    }

    /// The digits after `\u`, and a second escape where the first is the high half of a pair.
    private mutating func parseUnicodeEscape() throws(Fault) -> UnicodeScalar {
        let unit = try parseHexDigits()
        if let scalar = UnicodeScalar(unit) { return scalar }
        let isHigh = unit < 0xDC00
        guard isHigh, position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
            bytes[position + 1] == UInt8(ascii: "u")
        else { return "\u{FFFD}" }
        let afterFirst = position
        position += 2
        let second = try parseHexDigits()
        guard (0xDC00...0xDFFF).contains(second) else {
            position = afterFirst
            return "\u{FFFD}"
        }
        let value = 0x10000 + (unit - 0xD800) << 10 + (second - 0xDC00)
        return UnicodeScalar(value) ?? "\u{FFFD}"
    }

    private mutating func parseHexDigits() throws(Fault) -> UInt32 {
        guard position + 4 <= bytes.count else { throw endsInString() }
        var value: UInt32 = 0
        for byte in bytes[position..<position + 4] {
            guard byte < 0x80, let digit = Character(UnicodeScalar(byte)).hexDigitValue else {
                throw Fault(.syntax, "\\u needs four hexadecimal digits", at: position)
            }
            value = value << 4 | UInt32(digit)
        }
        position += 4
        return value
    }

    private func controlCharacter(at offset: Int) -> Fault {
        let found = Fault.spelled(bytes[offset])
        return Fault(.syntax, "a control character (\(found)) that is not escaped", at: offset)
    }

    private func endsInString() -> Fault {
        Fault(.unexpectedEnd, "the text ends inside a string", at: bytes.count)
    }
}
