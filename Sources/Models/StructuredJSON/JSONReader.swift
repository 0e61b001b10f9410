/// Reads a text piece by piece, without a tree of it in memory.
///
///     var reader = try JSONReader(bytes)
///     try reader.object { reader, name throws(JSONError) in
///         if name == "ids" {
///             try reader.array { reader, _ throws(JSONError) in ids.append(try reader.int()) }
///         } else {
///             rest[name] = try reader.field().value
///         }
///     }
///     try reader.end()
///
/// For texts whose tree would cost many times their bytes: a ``JSONValue`` of two bytes takes 24. Each closure must read
/// exactly one value. Errors are those of the parser and of ``JSONField``, with the same paths.
package struct JSONReader {
    /// What a value begins as.
    package enum Kind: Sendable {
        case object, array, string, number, word
    }

    private var parser: JSONParser
    private var path: [JSONPath.Component] = []

    /// - Throws: ``JSONError`` where the text is longer than allowed or not UTF-8.
    package init(_ bytes: [UInt8], limits: JSONLimits = .standard) throws(JSONError) {
        parser = JSONParser(bytes, limits: limits)
        try located { parser throws(JSONParser.Fault) in try parser.begin() }
    }

    /// The kind of the value that comes next; `nil` where the text ends or no value can begin.
    package var next: Kind? {
        guard parser.position < parser.bytes.count else { return nil }
        return switch parser.bytes[parser.position] {
        case UInt8(ascii: "{"): .object
        case UInt8(ascii: "["): .array
        case UInt8(ascii: "\""): .string
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): .number
        case UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "n"): .word
        default: nil
        }
    }

    /// The next value as a tree that knows its place.
    package mutating func field() throws(JSONError) -> JSONField {
        let value = try located { parser throws(JSONParser.Fault) in try parser.parseValue() }
        return JSONField(value, path: JSONPath(path))
    }

    /// An integer, also when written as `1.0`.
    package mutating func int(in range: ClosedRange<Int> = Int.min...Int.max) throws(JSONError)
        -> Int
    {
        guard next == .number else { return try field().int(in: range) }
        let value = try located { parser throws(JSONParser.Fault) in try parser.parseNumber() }
        if case .integer(let integer) = value, range.contains(integer) { return integer }
        return try JSONField(value, path: JSONPath(path)).int(in: range)
    }

    /// The members of an object, in order; `read` reads the value of each.
    package mutating func object(
        _ read: (inout JSONReader, String) throws(JSONError) -> Void
    ) throws(JSONError) {
        guard next == .object else {
            _ = try field().object()
            return
        }
        var names: Set<ExactString> = []
        try located { parser throws(JSONParser.Fault) in try parser.enter() }
        var isDone = parser.skip(to: UInt8(ascii: "}"))
        while !isDone {
            let start = parser.position
            let name = try located { parser throws(JSONParser.Fault) in try parser.parseName() }
            path.append(.key(name))
            try located { parser throws(JSONParser.Fault) in
                try parser.count(at: start)
                guard parser.refusesDuplicates else { return }
                guard names.insert(ExactString(name)).inserted else {
                    throw JSONParser.Fault(
                        .duplicateKey, "a second member of the same name", at: start)
                }
            }
            try read(&self, name)
            path.removeLast()
            isDone = try located { parser throws(JSONParser.Fault) in
                try parser.endsAfterElement(UInt8(ascii: "}"), "',' or '}'")
            }
        }
        parser.leave()
    }

    /// The elements of an array, in order; `read` reads each.
    package mutating func array(
        _ read: (inout JSONReader, Int) throws(JSONError) -> Void
    ) throws(JSONError) {
        guard next == .array else {
            _ = try field().array()
            return
        }
        try located { parser throws(JSONParser.Fault) in try parser.enter() }
        var isDone = parser.skip(to: UInt8(ascii: "]"))
        var index = 0
        while !isDone {
            path.append(.index(index))
            try read(&self, index)
            path.removeLast()
            index += 1
            isDone = try located { parser throws(JSONParser.Fault) in
                try parser.endsAfterElement(UInt8(ascii: "]"), "',' or ']'")
            }
        }
        parser.leave()
    }

    /// Nothing but white space may follow the one value.
    package mutating func end() throws(JSONError) {
        try located { parser throws(JSONParser.Fault) in try parser.end() }
    }

    /// An error about the value at this place, for rules that the methods here do not know.
    package func invalid(
        _ requirement: String, _ code: JSONError.Code = .invalidValue
    ) -> JSONError {
        JSONError(code: code, reason: requirement, path: JSONPath(path))
    }

    private mutating func located<Result>(
        _ parse: (inout JSONParser) throws(JSONParser.Fault) -> Result
    ) throws(JSONError) -> Result {
        do throws(JSONParser.Fault) {
            return try parse(&parser)
        } catch {
            var located = error.located(in: parser.bytes)
            located.path = JSONPath(path + located.path.components)
            throw located
        }
    }
}
