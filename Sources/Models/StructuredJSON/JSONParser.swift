/// A strict parser of RFC 8259 texts in UTF-8: no comments, no trailing commas, no byte order mark.
///
/// Recursive descent over the bytes, which are checked to be UTF-8 once, before all else. The place
/// of an error is worked out only when there is one.
struct JSONParser {
    let bytes: [UInt8]
    var position = 0
    private let limits: JSONLimits
    private var depth = 0
    private var values = 0

    init(_ bytes: [UInt8], limits: JSONLimits) {
        self.bytes = bytes
        self.limits = limits
    }

    /// The one value that the text holds.
    mutating func parseDocument() throws(JSONError) -> JSONValue {
        do throws(Fault) {
            try begin()
            let value = try parseValue()
            try end()
            return value
        } catch {
            throw error.located(in: bytes)
        }
    }

    /// Checks the bytes as a whole and steps to the value.
    mutating func begin() throws(Fault) {
        guard bytes.count <= limits.maximumBytes else {
            let size = "\(bytes.count) bytes are more than the limit of \(limits.maximumBytes)"
            throw Fault(.tooLarge, size, at: limits.maximumBytes)
        }
        if let offset = firstInvalidByte() {
            throw Fault(.invalidUTF8, "bytes that are not UTF-8", at: offset)
        }
        skipWhitespace()
    }

    /// Nothing but white space may follow.
    mutating func end() throws(Fault) {
        skipWhitespace()
        guard position == bytes.count else {
            let found = spelled(position)
            throw Fault(.syntax, "unexpected \(found) after the value", at: position)
        }
    }

    mutating func parseValue() throws(Fault) -> JSONValue {
        guard position < bytes.count else { throw unexpectedEnd("a value") }
        try count(at: position)
        switch bytes[position] {
        case UInt8(ascii: "{"): return try nested(Self.parseObject)
        case UInt8(ascii: "["): return try nested(Self.parseArray)
        case UInt8(ascii: "\""): return .string(try parseString())
        case UInt8(ascii: "t"): return try parseWord("true", .bool(true))
        case UInt8(ascii: "f"): return try parseWord("false", .bool(false))
        case UInt8(ascii: "n"): return try parseWord("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            return try parseNumber()
        default:
            throw Fault(.syntax, "unexpected \(spelled(position)) instead of a value", at: position)
        }
    }

    private mutating func nested(
        _ parse: (inout JSONParser) throws(Fault) -> JSONValue
    ) throws(Fault) -> JSONValue {
        try enter()
        let value = try parse(&self)
        leave()
        return value
    }

    /// Steps over the bracket that opens an array or object.
    mutating func enter() throws(Fault) {
        guard depth < limits.maximumDepth else {
            throw Fault(
                .tooDeep, "nested deeper than the limit of \(limits.maximumDepth)", at: position)
        }
        depth += 1
        position += 1
    }

    mutating func leave() {
        depth -= 1
    }

    /// Counts one more value that its reader keeps.
    mutating func count(at offset: Int) throws(Fault) {
        values += 1
        guard values <= limits.maximumValues else {
            throw Fault(.tooLarge, "more than \(limits.maximumValues) values", at: offset)
        }
    }

    var refusesDuplicates: Bool { limits.duplicateKeys == .refuse }

    private static func parseArray(_ parser: inout JSONParser) throws(Fault) -> JSONValue {
        var elements: [JSONValue] = []
        if parser.skip(to: UInt8(ascii: "]")) { return .array(elements) }
        while true {
            do throws(Fault) {
                elements.append(try parser.parseValue())
            } catch {
                throw error.inside(.index(elements.count))
            }
            if try parser.endsAfterElement(UInt8(ascii: "]"), "',' or ']'") {
                return .array(elements)
            }
        }
    }

    private static func parseObject(_ parser: inout JSONParser) throws(Fault) -> JSONValue {
        var members = JSONObject()
        if parser.skip(to: UInt8(ascii: "}")) { return .object(members) }
        while true {
            let start = parser.position
            let key = try parser.parseName()
            do throws(Fault) {
                let value = try parser.parseValue()
                let former = members.updateValue(value, forKey: key)
                if former != nil, parser.refusesDuplicates {
                    throw Fault(.duplicateKey, "a second member of the same name", at: start)
                }
            } catch {
                throw error.inside(.key(key))
            }
            if try parser.endsAfterElement(UInt8(ascii: "}"), "',' or '}'") {
                return .object(members)
            }
        }
    }

    /// A member's name and the colon after it, to where its value begins.
    mutating func parseName() throws(Fault) -> String {
        let start = position
        guard start < bytes.count else { throw unexpectedEnd("a member's name") }
        guard bytes[start] == UInt8(ascii: "\"") else {
            let found = spelled(start)
            throw Fault(.syntax, "unexpected \(found) instead of a member's name", at: start)
        }
        let name = try parseString()
        guard skip(to: UInt8(ascii: ":")) else { throw unexpected("':'").inside(.key(name)) }
        skipWhitespace()
        return name
    }

    /// Steps over the bracket after an element, or over the comma to the next one; true for the bracket.
    mutating func endsAfterElement(
        _ bracket: UInt8, _ expected: String
    ) throws(Fault) -> Bool {
        if skip(to: UInt8(ascii: ",")) {
            skipWhitespace()
            return false
        }
        if skip(to: bracket) { return true }
        throw unexpected(expected)
    }

    private mutating func parseWord(_ word: StaticString, _ value: JSONValue) throws(Fault)
        -> JSONValue
    {
        for (index, expected) in word.description.utf8.enumerated() {
            guard position + index < bytes.count else {
                position = bytes.count
                throw unexpectedEnd("'\(word)'")
            }
            guard bytes[position + index] == expected else {
                throw Fault(.syntax, "a misspelt word, perhaps '\(word)'", at: position)
            }
        }
        position += word.utf8CodeUnitCount
        return value
    }

    // MARK: Bytes

    /// Offset of the first byte that does not continue a well-formed text, `nil` where all do.
    private func firstInvalidByte() -> Int? {
        var start = 0
        while start < bytes.count {
            let end = endOfPiece(from: start, length: 1 << 16)
            if String(validating: bytes[start..<end], as: UTF8.self) == nil { break }
            start = end
        }
        guard start < bytes.count else { return nil }
        // Scalar by scalar: the first that is no text is at fault.
        while start < bytes.count {
            let end = endOfPiece(from: start, length: 1)
            guard String(validating: bytes[start..<end], as: UTF8.self) != nil else { break }
            start = end
        }
        return start
    }

    /// The first place at or after so many bytes where a scalar can begin.
    private func endOfPiece(from start: Int, length: Int) -> Int {
        var end = min(bytes.count, start + length)
        while end < bytes.count, bytes[end] & 0xC0 == 0x80 { end += 1 }
        return end
    }

    private mutating func skipWhitespace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    /// Skips white space and then that byte; false, and only the space skipped, where another follows.
    mutating func skip(to byte: UInt8) -> Bool {
        skipWhitespace()
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private func spelled(_ position: Int) -> String {
        Fault.spelled(bytes[position])
    }

    private func unexpected(_ expected: String) -> Fault {
        guard position < bytes.count else { return unexpectedEnd(expected) }
        let found = spelled(position)
        return Fault(.syntax, "unexpected \(found) instead of \(expected)", at: position)
    }

    private func unexpectedEnd(_ expected: String) -> Fault {
        Fault(.unexpectedEnd, "the text ends where \(expected) should be", at: bytes.count)
    }
}

extension JSONParser {
    /// An error on its way up: the path grows at its front, the line is not known yet.
    struct Fault: Error {
        private let code: JSONError.Code
        private let reason: String
        private let offset: Int
        /// Innermost component first.
        private var path: [JSONPath.Component] = []

        init(_ code: JSONError.Code, _ reason: String, at offset: Int) {
            self.code = code
            self.reason = reason
            self.offset = offset
        }

        func inside(_ component: JSONPath.Component) -> Fault {
            var fault = self
            fault.path.append(component)
            return fault
        }

        func located(in bytes: [UInt8]) -> JSONError {
            let before = bytes.prefix(offset)
            let line = 1 + before.count { $0 == 0x0A }
            let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
            return JSONError(
                code: code, reason: reason, path: JSONPath(path.reversed()),
                location: .init(offset: offset, line: line, column: offset - lineStart + 1))
        }

        static func spelled(_ byte: UInt8) -> String {
            (0x21...0x7E).contains(byte)
                ? "'\(Character(UnicodeScalar(byte)))'" : "byte 0x\(String(byte, radix: 16))"
        }
    }
}

extension JSONValue {
    /// Parses a text of UTF-8 bytes that holds exactly one value.
    ///
    /// Numbers without fraction and exponent that fit 64 bits become ``integer(_:)``, all others
    /// ``number(_:)``. An escaped surrogate without its partner, which no Swift string can hold,
    /// becomes U+FFFD. Cost: linear; about 10 ms a
    /// megabyte of small objects.
    package init(parsing bytes: [UInt8], limits: JSONLimits = .standard) throws(JSONError) {
        var parser = JSONParser(bytes, limits: limits)
        self = try parser.parseDocument()
    }

    /// Parses any other collection of UTF-8 bytes, which is copied once.
    package init(
        parsing bytes: some Collection<UInt8>, limits: JSONLimits = .standard
    ) throws(JSONError) {
        try self.init(parsing: Array(bytes), limits: limits)
    }

    /// Parses a string.
    package init(parsing text: String, limits: JSONLimits = .standard) throws(JSONError) {
        try self.init(parsing: Array(text.utf8), limits: limits)
    }
}
