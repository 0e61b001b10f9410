import Foundation
import StructuredJSON
import Testing

@Suite("Reading JSON piece by piece")
struct JSONReaderTests {
    /// The value of a text, every object and array read by the reader.
    private func rebuilt(
        _ text: String, limits: JSONLimits = .standard
    ) throws(JSONError) -> JSONValue {
        func value(_ reader: inout JSONReader) throws(JSONError) -> JSONValue {
            switch reader.next {
            case .object:
                var members = JSONObject()
                try reader.object { reader, name throws(JSONError) in
                    members[name] = try value(&reader)
                }
                return .object(members)
            case .array:
                var elements: [JSONValue] = []
                try reader.array { reader, index throws(JSONError) in
                    #expect(index == elements.count)
                    elements.append(try value(&reader))
                }
                return .array(elements)
            default:
                return try reader.field().value ?? .null
            }
        }
        var reader = try JSONReader(Array(text.utf8), limits: limits)
        let result = try value(&reader)
        try reader.end()
        return result
    }

    private static let texts = [
        "{}", "[]", " [ ] ", "[1, 2.5, \"a\", null, [true, {}], {\"b\": [false]}]",
        "{\"a\": {\"b\": 1}, \"c\": [[]]}", "7", "\"\\u00e9\"", "null",
    ]
    private static let broken = [
        "", "[", "[1", "[1,", "[1,]", "[1 2]", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,",
        "{\"a\":1,}", "{a:1}", "{\"a\":1 \"b\"}", "[tru]", "1 2", "{} x", "[01]", "[\"\\x\"]",
        "{\"a\":1,\"a\":2}", "[{\"b\":[nul]}]",
    ]

    @Test("Piece by piece it is the same value", arguments: texts)
    func sameValue(text: String) throws {
        #expect(try rebuilt(text) == JSONValue(parsing: text))
    }

    @Test("What the parser refuses is refused with the same error", arguments: broken)
    func sameError(text: String) throws {
        let expected = try #require(throws: JSONError.self) { try JSONValue(parsing: text) }
        let error = try #require(throws: JSONError.self) { try rebuilt(text) }
        #expect(error == expected)
    }

    @Test("Whatever Python refuses is refused")
    func refused() throws {
        for text in try #require(try PythonFixture.load()["refused"]?.array) {
            let text = try #require(text.string)
            #expect(throws: JSONError.self, "\(text)") { try rebuilt(text) }
        }
    }

    @Test("Nesting is limited here too")
    func depth() throws {
        let limits = JSONLimits(maximumDepth: 3)
        #expect(try rebuilt("[[[1]]]", limits: limits).array?.count == 1)
        let error = #expect(throws: JSONError.self) { try rebuilt("[[[[1]]]]", limits: limits) }
        #expect(error?.code == .tooDeep)
    }

    @Test("A value of another type is named as a field names it")
    func wrongType() throws {
        let text = Array(#"{"a": [1, 2.0, "x"]}"#.utf8)
        var found: [Int] = []
        let error = #expect(throws: JSONError.self) {
            var reader = try JSONReader(text)
            try reader.object { reader, _ throws(JSONError) in
                try reader.array { reader, _ throws(JSONError) in found.append(try reader.int()) }
            }
        }
        #expect(found == [1, 2])
        #expect(error?.code == .wrongType)
        #expect(error?.message == "a[2] must be an integer, got 'x'")
    }

    @Test("More values than the limit are refused, in trees and in pieces")
    func values() throws {
        let limits = JSONLimits(maximumValues: 4)
        #expect(try JSONValue(parsing: "[1, 2, 3]", limits: limits).array?.count == 3)
        let error = #expect(throws: JSONError.self) {
            try JSONValue(parsing: "[1, 2, [3]]", limits: limits)
        }
        #expect(error?.code == .tooLarge)
        #expect(error?.location?.offset == 8)
        #expect(throws: JSONError.self) { try rebuilt("[1, 2, 3, 4, 5]", limits: limits) }
    }

    #if os(Linux)
        /// The most memory that this process ever used, in bytes.
        private func peak() throws -> Int {
            let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
            let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM") })
            return 1024 * (try #require(Int(line.filter(\.isNumber))))
        }

        @Test("Numbers by the million take the memory of their array, not of a tree")
        func memory() throws {
            let text = Array("[\(String(repeating: "0,", count: 1 << 23))0]".utf8)
            var sum = 0
            var reader = try JSONReader(text)
            let before = try peak()
            try reader.array { reader, _ throws(JSONError) in sum += try reader.int() + 1 }
            try reader.end()
            #expect(sum == 1 << 23 + 1)
            // A tree of them takes 24 bytes a number, 200 MB.
            #expect(try peak() - before < 64 << 20)
        }
    #endif
}
