/// The bytes of a document, and where we are in them.
struct TOMLScanner {
    private let bytes: [UInt8]
    private var position = 0
    /// Counted from 1.
    private(set) var line = 1

    init(_ text: String) throws(SettingsError) {
        var bytes = Array(text.utf8)
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
        self.bytes = bytes
    }

    var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    func error(_ message: String) -> SettingsError {
        SettingsError(.syntax, "this is not TOML: \(message)", line: line)
    }

    mutating func advance() {
        if bytes[position] == UInt8(ascii: "\n") { line += 1 }
        position += 1
    }

    func isNext(_ text: StaticString) -> Bool {
        let wanted = Array("\(text)".utf8)
        return bytes[position...].starts(with: wanted)
    }

    /// Whether that text came next; then it is taken.
    mutating func skip(_ text: StaticString) -> Bool {
        guard isNext(text) else { return false }
        position += text.utf8CodeUnitCount
        return true
    }

    mutating func take(while isWanted: (UInt8) -> Bool) -> String {
        let start = position
        while let byte = peek, isWanted(byte) { position += 1 }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    // MARK: Between values

    mutating func skipSpaces() {
        while let byte = peek, byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") {
            position += 1
        }
    }

    /// Spaces, comments and line ends.
    mutating func skipBlankLines() throws(SettingsError) {
        while true {
            skipSpaces()
            try skipComment()
            guard try skipLineEnd() else { return }
        }
    }

    /// Nothing but a comment may follow on this line.
    mutating func endLine() throws(SettingsError) {
        skipSpaces()
        try skipComment()
        guard try skipLineEnd() || peek == nil else {
            throw error("something follows that does not belong on this line")
        }
    }

    private mutating func skipComment() throws(SettingsError) {
        guard peek == UInt8(ascii: "#") else { return }
        while let byte = peek, byte != UInt8(ascii: "\n") {
            if isNext("\r\n") { return }
            try requirePrintable(byte)
            position += 1
        }
    }

    private mutating func skipLineEnd() throws(SettingsError) -> Bool {
        if peek == UInt8(ascii: "\r") {
            guard isNext("\r\n") else { throw error("a carriage return stands alone") }
            position += 1
        }
        guard peek == UInt8(ascii: "\n") else { return false }
        advance()
        return true
    }

    private func requirePrintable(_ byte: UInt8) throws(SettingsError) {
        guard byte >= 0x20 && byte != 0x7F || byte == UInt8(ascii: "\t") else {
            throw error("a control character (byte \(byte)) must be written as \\u00XX")
        }
    }

    // MARK: Strings

    mutating func basicString() throws(SettingsError) -> String {
        position += 1
        var result: [UInt8] = []
        while let byte = peek {
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return String(decoding: result, as: UTF8.self)
            case UInt8(ascii: "\\"): result += try escape()
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                throw error("a string does not end on its line")
            default:
                try requirePrintable(byte)
                result.append(byte)
                position += 1
            }
        }
        throw error("a string does not end")
    }

    mutating func literalString() throws(SettingsError) -> String {
        position += 1
        let start = position
        while let byte = peek {
            if byte == UInt8(ascii: "'") {
                position += 1
                return String(decoding: bytes[start..<(position - 1)], as: UTF8.self)
            }
            guard byte != UInt8(ascii: "\n"), byte != UInt8(ascii: "\r") else {
                throw error("a string does not end on its line")
            }
            try requirePrintable(byte)
            position += 1
        }
        throw error("a string does not end")
    }

    mutating func multilineBasicString() throws(SettingsError) -> String {
        try multiline(quote: UInt8(ascii: "\""), escapes: true)
    }

    mutating func multilineLiteralString() throws(SettingsError) -> String {
        try multiline(quote: UInt8(ascii: "'"), escapes: false)
    }

    private mutating func multiline(
        quote: UInt8, escapes: Bool
    ) throws(SettingsError) -> String {
        position += 3
        // A line end right after the quotes does not count.
        _ = try skipLineEnd()
        var result: [UInt8] = []
        while let byte = peek {
            if byte == quote {
                let count = min(bytes[position...].prefix { $0 == quote }.count, 5)
                position += count
                // Up to two quotes may stand before the three that end it.
                guard count >= 3 else {
                    result += Array(repeating: quote, count: count)
                    continue
                }
                result += Array(repeating: quote, count: count - 3)
                return String(decoding: result, as: UTF8.self)
            } else if byte == UInt8(ascii: "\\"), escapes {
                if try !skipLineContinuation() { result += try escape() }
            } else if try skipLineEnd() {
                result.append(UInt8(ascii: "\n"))
            } else {
                try requirePrintable(byte)
                result.append(byte)
                position += 1
            }
        }
        throw error("a string of several lines does not end")
    }

    /// A backslash at the end of a line takes all white space that follows.
    private mutating func skipLineContinuation() throws(SettingsError) -> Bool {
        let start = self
        position += 1
        skipSpaces()
        guard try skipLineEnd() else {
            self = start
            return false
        }
        repeat { skipSpaces() } while try skipLineEnd()
        return true
    }

    private mutating func escape() throws(SettingsError) -> [UInt8] {
        position += 1
        guard let byte = peek else { throw error("a string does not end") }
        position += 1
        switch byte {
        case UInt8(ascii: "b"): return [8]
        case UInt8(ascii: "t"): return [9]
        case UInt8(ascii: "n"): return [10]
        case UInt8(ascii: "f"): return [12]
        case UInt8(ascii: "r"): return [13]
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): return [byte]
        case UInt8(ascii: "u"): return try scalar(digits: 4)
        case UInt8(ascii: "U"): return try scalar(digits: 8)
        default:
            throw error(
                "\\\(Character(UnicodeScalar(byte))) means nothing in a string; write \\\\ for a backslash"
            )
        }
    }

    private mutating func scalar(digits: Int) throws(SettingsError) -> [UInt8] {
        let text = bytes[position...].prefix(digits)
        let isHexadecimal = text.allSatisfy { Character(UnicodeScalar($0)).isHexDigit }
        guard text.count == digits, isHexadecimal,
            let number = UInt32(String(decoding: text, as: UTF8.self), radix: 16),
            let scalar = UnicodeScalar(number)
        else {
            throw error("\\u must be followed by four, \\U by eight digits of a Unicode scalar")
        }
        position += digits
        return Array(String(scalar).utf8)
    }

    // MARK: Numbers, booleans, times

    mutating func scalar() throws(SettingsError) -> TOMLNode.Value {
        let isWordByte = { (byte: UInt8) -> Bool in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"),
                UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: ":"):
                true
            default: false
            }
        }
        var word = take(while: isWordByte)
        if TOMLScalar.isDate(word), peek == UInt8(ascii: " "), position + 1 < bytes.count,
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position + 1])
        {
            // A space may take the place of T.
            position += 1
            word += "T" + take(while: isWordByte)
        }
        guard !word.isEmpty else { throw error("a value is missing") }
        guard let value = TOMLScalar.value(word) else {
            throw error("\(word) is no value; text must stand in quotes")
        }
        return value
    }
}
