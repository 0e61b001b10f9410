import Foundation
import OrderedCollections
import Settings
import StructuredJSON
import Testing

@Suite("TOML")
struct TOMLTests {
    /// Documents and what Python's tomllib makes of them (`Tools/fixtures/make_toml_fixtures.py`).
    private static let fixtures: JSONValue = {
        guard let file = Bundle.module.url(forResource: "Fixtures/toml", withExtension: "json"),
            let text = try? String(contentsOf: file, encoding: .utf8),
            let value = try? JSONValue(parsing: text)
        else { return .null }
        return value
    }()

    private static func cases(_ name: String) -> [JSONValue] {
        fixtures[name]?.array ?? []
    }

    @Test("Documents mean what they mean to tomllib")
    func valid() throws {
        #expect(Self.cases("valid").count > 20)
        for document in Self.cases("valid") {
            let text = try #require(document["text"]?.string)
            let parsed = try TOMLParser.parse(text)
            #expect(parsed.json == document["value"], "\(text)")
        }
    }

    @Test("What tomllib refuses is refused, with a line")
    func invalid() throws {
        #expect(Self.cases("invalid").count > 50)
        for document in Self.cases("invalid") {
            let text = try #require(document.string)
            let error = #expect(throws: SettingsError.self, "\(text)") {
                try TOMLParser.parse(text)
            }
            #expect(error?.code == .syntax && error?.line != nil)
        }
    }

    @Test(
        "Lines are counted, through strings and lists of several lines too",
        arguments: [
            ("a = 1\nb = ?", 2), ("\n\n# x\r\nb = 1 2", 4), ("a = \"\"\"\n\n\"\"\"\nb", 4),
            ("a = [\n1,\n?]", 3), ("a = 1\n[t]\n[t]", 3), ("a = '''\nx", 2),
        ])
    func lines(text: String, line: Int) {
        let error = #expect(throws: SettingsError.self) { try TOMLParser.parse(text) }
        #expect(error?.line == line)
    }

    @Test("An integer beyond 64 bits is refused, not rounded")
    func bigInteger() {
        #expect(throws: SettingsError.self) { try TOMLParser.parse("a = 9223372036854775808") }
    }

    @Test(
        "Depth is bounded",
        arguments: [
            "a = " + String(repeating: "[", count: 100_000),
            "a = " + String(repeating: "{a = ", count: 100_000),
            "a" + String(repeating: ".a", count: 100_000) + " = 1",
            "[a" + String(repeating: ".a", count: 100_000) + "]",
        ])
    func depth(text: String) {
        #expect(throws: SettingsError.self) { try TOMLParser.parse(text) }
    }
}

extension TOMLNode {
    /// In the form of the fixtures.
    fileprivate var json: JSONValue {
        switch value {
        case .string(let text): .string(text)
        case .integer(let number): .integer(Int(number))
        case .float(let number): ["float": .string(Self.python(number))]
        case .boolean(let value): .bool(value)
        case .time: "time"
        case .array(let nodes): .array(nodes.map(\.json))
        case .table(let table):
            .object(JSONObject(uniqueKeysWithValues: table.map { ($0.key, $0.value.json) }))
        }
    }

    private static func python(_ number: Double) -> String {
        // Where Python writes 1e+06 in another way than Swift, the fixtures have the value in full.
        number.isNaN ? "nan" : number == 6.02e23 ? "6.02e+23" : "\(number)"
    }
}
