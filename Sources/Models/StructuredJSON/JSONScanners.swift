/// Reads one string, from its opening quote to behind its closing one.
struct JSONStringScanner {
    private let bytes: [UInt8]
    private(set) var position: Int

    init(bytes: [UInt8], position: Int) {
        self.bytes = bytes
        self.position = position
    }

    mutating func scan() throws(JSONParser.Fault) -> String {
        let start = position + 1
        var end = start
        while end < bytes.count {
            switch bytes[end] {
            case UInt8(ascii: "\""):
                position = end + 1
                return try validated(bytes[start..<end])
            case UInt8(ascii: "\\"):
                return try scanEscaped(from: start, firstEscape: end)
            case 0..<0x20:
                throw controlCharacter(at: end)
            default:
                end += 1
            }
        }
        throw endsInside()
    }

    /// The rest of a string that holds escapes: copied run by run.
    private mutating func scanEscaped(
        from start: Int, firstEscape: Int
    ) throws(JSONParser.Fault) -> String {
        var text = try validated(bytes[start..<firstEscape])
        position = firstEscape
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                position += 1
                return text
            case UInt8(ascii: "\\"):
                text.unicodeScalars.append(try scanEscape())
            case 0..<0x20:
                throw controlCharacter(at: position)
            default:
                let run = position
                while position < bytes.count, bytes[position] >= 0x20,
                    bytes[position] != UInt8(ascii: "\""), bytes[position] != UInt8(ascii: "\\")
                {
                    position += 1
                }
                text += try validated(bytes[run..<position])
            }
        }
        throw endsInside()
    }

    private mutating func scanEscape() throws(JSONParser.Fault) -> UnicodeScalar {
        guard position + 1 < bytes.count else { throw endsInside() }
        let kind = bytes[position + 1]
        position += 2
        switch kind {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return UnicodeScalar(kind)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try scanUnicodeEscape()
        default:
            let found = JSONParser.Fault.spelled(kind)
            throw .init(.syntax, "unknown escape: a backslash and \(found)", at: position - 2)
        }
    }

    /// The digits after `\u`, and a second escape where the first is the high half of a pair.
    private mutating func scanUnicodeEscape() throws(JSONParser.Fault) -> UnicodeScalar {
        let unit = try scanHexDigits()
        if let scalar = UnicodeScalar(unit) { return scalar }
        let isHigh = unit < 0xDC00
        guard isHigh, position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
            bytes[position + 1] == UInt8(ascii: "u")
        else { return "\u{FFFD}" }
        let afterFirst = position
        position += 2
        let second = try scanHexDigits()
        guard (0xDC00...0xDFFF).contains(second) else {
            position = afterFirst
            return "\u{FFFD}"
        }
        let value = 0x10000 + (unit - 0xD800) << 10 + (second - 0xDC00)
        return UnicodeScalar(value) ?? "\u{FFFD}"
    }

    private mutating func scanHexDigits() throws(JSONParser.Fault) -> UInt32 {
        guard position + 4 <= bytes.count else { throw endsInside() }
        var value: UInt32 = 0
        for byte in bytes[position..<position + 4] {
            guard byte < 0x80, let digit = Character(UnicodeScalar(byte)).hexDigitValue else {
                throw .init(.syntax, "\\u needs four hexadecimal digits", at: position)
            }
            value = value << 4 | UInt32(digit)
        }
        position += 4
        return value
    }

    private func validated(_ slice: ArraySlice<UInt8>) throws(JSONParser.Fault) -> String {
        if let text = String(validating: slice, as: UTF8.self) { return text }
        throw .init(.invalidUTF8, "bytes that are not UTF-8", at: firstInvalid(in: slice))
    }

    /// Offset of the first byte that does not continue a well-formed text.
    private func firstInvalid(in slice: ArraySlice<UInt8>) -> Int {
        var low = slice.startIndex
        // Cut before every byte that begins a scalar: the first piece that is no text is at fault.
        for end in slice.indices where slice[end] & 0xC0 != 0x80 {
            guard String(validating: slice[low..<end], as: UTF8.self) != nil else { return low }
            low = end
        }
        return low
    }

    private func controlCharacter(at offset: Int) -> JSONParser.Fault {
        let found = JSONParser.Fault.spelled(bytes[offset])
        return .init(.syntax, "a control character (\(found)) that is not escaped", at: offset)
    }

    private func endsInside() -> JSONParser.Fault {
        .init(.unexpectedEnd, "the text ends inside a string", at: bytes.count)
    }
}

/// Reads one number.
struct JSONNumberScanner {
    private let bytes: [UInt8]
    private let start: Int
    private(set) var position: Int

    init(bytes: [UInt8], position: Int) {
        self.bytes = bytes
        self.start = position
        self.position = position
    }

    mutating func scan() throws(JSONParser.Fault) -> JSONValue {
        let negative = take(UInt8(ascii: "-"))
        let integerStart = position
        var magnitude: UInt64 = 0
        var fits = true
        while let digit = nextDigit() {
            let (product, overflowed) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, carried) = product.addingReportingOverflow(UInt64(digit))
            fits = fits && !overflowed && !carried
            magnitude = sum
        }
        guard position > integerStart else { throw missingDigit() }
        if bytes[integerStart] == UInt8(ascii: "0"), position > integerStart + 1 {
            throw .init(.syntax, "a number with a leading zero", at: start)
        }
        var isInteger = true
        if take(UInt8(ascii: ".")) {
            isInteger = false
            try skipDigits()
        }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            isInteger = false
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try skipDigits()
        }
        if isInteger, fits {
            if !negative, let value = Int(exactly: magnitude) { return .integer(value) }
            if negative, magnitude <= Int.min.magnitude {
                return .integer(Int(truncatingIfNeeded: 0 &- magnitude))
            }
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        guard let value = Double(text), value.isFinite else {
            throw .init(.numberOutOfRange, "a number too large for a double", at: start)
        }
        return .number(value)
    }

    private mutating func nextDigit() -> UInt8? {
        guard position < bytes.count else { return nil }
        let byte = bytes[position]
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
        position += 1
        return byte - UInt8(ascii: "0")
    }

    private mutating func skipDigits() throws(JSONParser.Fault) {
        guard nextDigit() != nil else { throw missingDigit() }
        while nextDigit() != nil {}
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private func missingDigit() -> JSONParser.Fault {
        position < bytes.count
            ? .init(.syntax, "a number without a digit where one must be", at: position)
            : .init(.unexpectedEnd, "the text ends inside a number", at: position)
    }
}
