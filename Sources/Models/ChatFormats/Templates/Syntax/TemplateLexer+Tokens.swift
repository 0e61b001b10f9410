/// What stands inside of tags.
extension TemplateLexer {
    /// One token; `open` holds the brackets around it.
    mutating func scanToken(_ open: inout [TemplateToken.Symbol]) throws(TemplateFault) {
        guard let scalar = peek() else { return }
        if scalar.isDigit {
            try scanNumber()
        } else if scalar == "_" || scalar.properties.isXIDStart {
            let start = position
            while let next = peek(), next == "_" || next.properties.isXIDContinue { position += 1 }
            append(.name(text(start..<position)))
        } else if scalar == "'" || scalar == "\"" {
            try scanString(quote: scalar)
        } else {
            try scanSymbol(&open)
        }
    }

    private mutating func scanSymbol(
        _ open: inout [TemplateToken.Symbol]
    ) throws(TemplateFault) {
        let two =
            peek(1) == nil ? nil : TemplateToken.Symbol(rawValue: text(position..<position + 2))
        guard let symbol = two ?? TemplateToken.Symbol(rawValue: text(position..<position + 1))
        else {
            let found = text(position..<position + 1)
            throw TemplateFault(.syntax, "unexpected character '\(found)'", line: line)
        }
        switch symbol {
        case .leftBrace: open.append(.rightBrace)
        case .leftBracket: open.append(.rightBracket)
        case .leftParenthesis: open.append(.rightParenthesis)
        case .rightBrace, .rightBracket, .rightParenthesis:
            guard let expected = open.popLast() else {
                throw TemplateFault(.syntax, "unexpected '\(symbol.rawValue)'", line: line)
            }
            guard expected == symbol else {
                let message = "unexpected '\(symbol.rawValue)', expected '\(expected.rawValue)'"
                throw TemplateFault(.syntax, message, line: line)
            }
        default: break
        }
        append(.symbol(symbol))
        position += symbol.rawValue.utf8.count
    }

    // MARK: Numbers

    private mutating func scanNumber() throws(TemplateFault) {
        let start = position
        let followsDot = start > 0 && source[start - 1] == "."
        if peek() == "0", let radix = radix(of: peek(1)) {
            position += 2
            if let digits = scanDigits(radix: radix) {
                try append(digits: digits, radix: radix)
                return
            }
            position = start
        }
        var digits = scanDigits(radix: 10) ?? ""
        let afterDigits = position
        var isDouble = false
        if !followsDot {
            if peek() == ".", peek(1)?.isDigit == true {
                position += 1
                digits += "." + (scanDigits(radix: 10) ?? "")
                isDouble = true
            }
            let beforeExponent = position
            if peek() == "e" || peek() == "E" {
                position += 1
                var exponent = "e"
                if peek() == "+" || peek() == "-" {
                    exponent += text(position..<position + 1)
                    position += 1
                }
                if peek()?.isDigit == true, let power = scanDigits(radix: 10) {
                    digits += exponent + power
                    isDouble = true
                } else {
                    position = beforeExponent
                }
            }
        }
        if isDouble, let value = Double(digits) {
            append(.number(value))
            return
        }
        position = afterDigits
        if digits.hasPrefix("0"), digits.utf8.contains(where: { $0 != UInt8(ascii: "0") }) {
            throw TemplateFault(.syntax, "an integer with a leading zero", line: line)
        }
        try append(digits: digits, radix: 10)
    }

    private mutating func append(digits: String, radix: Int) throws(TemplateFault) {
        if let value = Int(digits, radix: radix) {
            append(.integer(value))
            return
        }
        // As many digits as Python reads.
        guard digits.utf8.count <= 4_000 else {
            throw TemplateFault(
                .limitExceeded, "an integer of \(digits.utf8.count) digits", line: line)
        }
        append(.big(BigInteger(digits: digits, radix: UInt32(radix))))
    }

    private func radix(of scalar: UnicodeScalar?) -> Int? {
        switch scalar {
        case "b", "B": 2
        case "o", "O": 8
        case "x", "X": 16
        default: nil
        }
    }

    /// Digits with single underscores between them, without the underscores.
    private mutating func scanDigits(radix: Int) -> String? {
        var digits = ""
        var end = position
        while let scalar = peek(end - position) {
            if scalar.isASCII, let value = Character(scalar).hexDigitValue, value < radix {
                digits.unicodeScalars.append(scalar)
            } else if scalar != "_" || (digits.isEmpty && radix == 10) || source[end - 1] == "_" {
                break
            }
            end += 1
        }
        if end > position, source[end - 1] == "_" { end -= 1 }
        position = end
        return digits.isEmpty ? nil : digits
    }

    // MARK: Strings

    private mutating func scanString(quote: UnicodeScalar) throws(TemplateFault) {
        let firstLine = line
        var value = String.UnicodeScalarView()
        advance(to: position + 1)
        while let scalar = peek() {
            if scalar == quote {
                append(.string(String(value)))
                position += 1
                return
            }
            if scalar == "\\" {
                try scanEscape(&value)
            } else {
                value.append(scalar)
                advance(to: position + 1)
            }
        }
        throw TemplateFault(.syntax, "a string without its closing quote", line: firstLine)
    }

    /// Python's escapes; a backslash before anything else stands for itself.
    private mutating func scanEscape(
        _ value: inout String.UnicodeScalarView
    ) throws(TemplateFault) {
        guard let kind = peek(1) else {
            value.append("\\")
            position += 1
            return
        }
        switch kind {
        case "\n": break
        case "\\", "'", "\"": value.append(kind)
        case "a": value.append("\u{7}")
        case "b": value.append("\u{8}")
        case "f": value.append("\u{C}")
        case "n": value.append("\n")
        case "r": value.append("\r")
        case "t": value.append("\t")
        case "v": value.append("\u{B}")
        case "x" where append(&value, skipping: 2, radix: 16, digits: 2...2): return
        case "u" where append(&value, skipping: 2, radix: 16, digits: 4...4): return
        case "U" where append(&value, skipping: 2, radix: 16, digits: 8...8): return
        case "0"..."7" where append(&value, skipping: 1, radix: 8, digits: 1...3): return
        case "x", "u", "U":
            throw TemplateFault(.syntax, "an escape \\\(kind) without its digits", line: line)
        default:
            value.append("\\")
            value.append(kind)
        }
        advance(to: position + 2)
    }

    /// Reads the digits of an escape; false where there are too few.
    private mutating func append(
        _ value: inout String.UnicodeScalarView, skipping prefix: Int, radix: Int,
        digits: ClosedRange<Int>
    ) -> Bool {
        var code: UInt32 = 0
        var count = 0
        while count < digits.upperBound, let scalar = peek(prefix + count), scalar.isASCII,
            let digit = Character(scalar).hexDigitValue, digit < radix
        {
            code = code &* UInt32(radix) &+ UInt32(digit)
            count += 1
        }
        guard count >= digits.lowerBound else { return false }
        value.append(UnicodeScalar(code) ?? "\u{FFFD}")
        position += prefix + count
        return true
    }

    private func text(_ range: Range<Int>) -> String {
        String(String.UnicodeScalarView(source[range]))
    }
}

extension UnicodeScalar {
    /// White space as Python's `str.isspace` sees it.
    var isPythonSpace: Bool {
        if value < 0x80 {
            return value == 0x20 || (0x9...0xD).contains(value) || (0x1C...0x1F).contains(value)
        }
        return properties.isWhitespace
    }

    var isDigit: Bool { ("0"..."9").contains(self) }
}
