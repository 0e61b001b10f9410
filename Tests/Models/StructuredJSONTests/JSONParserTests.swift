import StructuredJSON
import Testing

@Suite("Parsing JSON")
struct JSONParserTests {
    @Test("Whatever Python refuses is refused, with a place inside the text")
    func refused() throws {
        for text in try #require(try PythonFixture.load()["refused"]?.array) {
            let text = try #require(text.string)
            let error = #expect(throws: JSONError.self, "\(text)") { try JSONValue(parsing: text) }
            let offset = try #require(error?.location?.offset)
            #expect((0...text.utf8.count).contains(offset))
        }
    }

    @Test(
        "Integers of 64 bits stay exact and larger ones become doubles",
        arguments: [
            ("9223372036854775807", JSONValue.integer(.max)),
            ("-9223372036854775808", .integer(.min)),
            ("9223372036854775808", .number(9_223_372_036_854_775_808)),
            ("-9223372036854775809", .number(-9_223_372_036_854_775_808)),
            ("18446744073709551616", .number(18_446_744_073_709_551_616)),
            ("-0", .integer(0)), ("1.0", .number(1)), ("1e2", .number(100)),
        ])
    func numbers(text: String, expected: JSONValue) throws {
        #expect(try JSONValue(parsing: text) == expected)
    }

    @Test(
        "Escaped surrogates pair up, and lone ones become the replacement character",
        arguments: [
            (#""\ud83d\ude00""#, "\u{1F600}"), (#""\uD83D""#, "\u{FFFD}"),
            (#""\ude00\ud83d""#, "\u{FFFD}\u{FFFD}"), (#""\ud83dx""#, "\u{FFFD}x"),
            (#""\ud83d\n""#, "\u{FFFD}\n"), (#""\ud83d\u0041""#, "\u{FFFD}A"),
            (#""\ud83d\ud83d\ude00""#, "\u{FFFD}\u{1F600}"), (#""\udbff\udfff""#, "\u{10FFFF}"),
        ])
    func surrogates(text: String, expected: String) throws {
        #expect(try JSONValue(parsing: text) == .string(expected))
    }

    @Test(
        "Bytes that are not UTF-8 are refused at the byte where they begin",
        arguments: [
            ([0x61, 0xFF, 0x62], 1), ([0xC3], 0), ([0x61, 0xC3, 0xA9, 0xE4, 0xB8], 3),
            ([0xED, 0xA0, 0x80], 0), ([0xC0, 0x80], 0), ([0x61, 0x80], 1),
            ([0xF5, 0x80, 0x80, 0x80], 0),
        ] as [([UInt8], Int)])
    func invalidUTF8(content: [UInt8], offset: Int) {
        let quote = UInt8(ascii: "\"")
        let error = #expect(throws: JSONError.self) {
            try JSONValue(parsing: [quote] + content + [quote])
        }
        #expect(error?.code == .invalidUTF8)
        // A stray continuation byte is reported with the scalar that it follows.
        #expect(abs((error?.location?.offset ?? -9) - 1 - offset) <= 1)
    }

    @Test("An error names line, column, byte and path")
    func location() {
        let text = "{\n  \"messages\": [\n    {\"role\": \"user\"},\n    {\"role\": usr}\n  ]\n}"
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
        #expect(error?.code == .syntax)
        #expect(error?.path.description == "messages[1].role")
        #expect(error?.location == .init(offset: 53, line: 4, column: 14))
        #expect(error?.message.contains("line 4, column 14 (byte 53), in messages[1].role") == true)
    }

    @Test("Nesting is limited, and at the limit still parsed")
    func depth() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(try JSONValue(parsing: nested(128)).array?.count == 1)
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: nested(129)) }
        #expect(error?.code == .tooDeep)
        #expect(error?.location?.offset == 128)
        let bomb = String(repeating: "[", count: 1_000_000)
        let limits = JSONLimits(maximumDepth: .max)
        #expect(throws: JSONError.self) { try JSONValue(parsing: bomb, limits: limits) }
    }

    @Test("Texts longer than the limit are refused before they are read")
    func size() {
        let error = #expect(throws: JSONError.self) {
            try JSONValue(parsing: "[1, 2]", limits: JSONLimits(maximumBytes: 5))
        }
        #expect(error?.code == .tooLarge)
    }

    @Test("Numbers beyond a double are refused, and tiny ones round to zero")
    func range() throws {
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: "[1e400]") }
        #expect(error?.code == .numberOutOfRange)
        #expect(try JSONValue(parsing: "1e-400") == .number(0))
    }

    @Test("A second member of one name is refused, or wins, as asked")
    func duplicates() throws {
        let text = #"{"a": 1, "b": 2, "a": 3}"#
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
        #expect(error?.code == .duplicateKey)
        #expect(error?.path.description == "a")
        #expect(error?.location?.offset == 17)
        let kept = try JSONValue(parsing: text, limits: JSONLimits(duplicateKeys: .keepLast))
        #expect(kept.serialized() == #"{"a":3,"b":2}"#)
    }

    @Test("Names that differ only in normalization are two members, and such strings differ")
    func normalization() throws {
        let text = "{\"\u{E9}\": 1, \"e\u{301}\": 2}"
        let value = try JSONValue(parsing: text)
        #expect(value.object?.count == 2)
        #expect(value["\u{E9}"] == 1)
        #expect(value["e\u{301}"] == 2)
        #expect(value.serialized() == "{\"\u{E9}\":1,\"e\u{301}\":2}")
        #expect(JSONValue.string("\u{E9}") != .string("e\u{301}"))
        #expect(ExactString("\u{E9}") != ExactString("e\u{301}"))
        #expect(Set([ExactString("\u{E9}"), ExactString("e\u{301}"), "\u{E9}"]).count == 2)
    }

    @Test("Random damage never crashes the parser, and what parses reads back the same")
    func mutations() throws {
        let seed = Array(
            #"{"a": [1, -2.5e3, "x\u00e9\ud83d\ude00", true], "é": {"k": null, "z": [[], {}]}}"#
                .utf8)
        var generator = SplitMix(state: 7)
        var parsed = 0
        for _ in 0..<20_000 {
            var bytes = seed
            for _ in 0...Int.random(in: 0...3, using: &generator) {
                let place = Int.random(in: bytes.indices, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[place] = UInt8.random(in: .min ... .max, using: &generator)
                case 1: bytes.remove(at: place)
                default: bytes.insert(bytes[(place * 7) % bytes.count], at: place)
                }
            }
            let result = Result { () throws(JSONError) in try JSONValue(parsing: bytes) }
            guard case .success(let value) = result else { continue }
            parsed += 1
            #expect(try JSONValue(parsing: value.serialized()) == value)
        }
        #expect((100..<20_000).contains(parsed))
    }
}

/// A small generator with a seed, so that a failure can be repeated.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
