import Grammars
import Sampling
import StructuredJSON
import Testing

@Suite("Grammars of a stranger")
struct HostileGrammarTests {
    static let schemas: [(name: String, schema: String)] = [
        (
            "deep",
            String(repeating: #"{"items":"#, count: 400) + "{}" + String(repeating: "}", count: 400)
        ),
        ("repetition", ##"{"type":"string","pattern":"^((a{1,9000}){1,9000}){1,9000}b$"}"##),
        ("counting", ##"{"type":"string","pattern":"^(.*a.{200}|.*b.{199}|.*c.{198})$"}"##),
        (
            "references",
            {
                let names = (0..<40).map {
                    ##""d\##($0)":{"anyOf":[{"$ref":"#/$defs/d\##($0 + 1)"},{"$ref":"#/$defs/d\##($0 + 1)","minLength":\##($0)}]}"##
                }
                return
                    ##"{"$ref":"#/$defs/d0","$defs":{\##(names.joined(separator: ",")),"d40":{}}}"##
            }()
        ),
        (
            "alternatives",
            {
                let parts = (0..<20).map {
                    #"{"anyOf":[{"properties":{"a\#($0)":{"type":"string"}}},{"properties":{"b\#($0)":{"type":"integer"}}}]}"#
                }
                return #"{"allOf":[\#(parts.joined(separator: ","))]}"#
            }()
        ),
        (
            "words",
            ##"{"type":"string","pattern":"^$|(^(?:\\S+\\s+){0,99}\\S+$)","maxLength":5000}"##
        ),
        ("options", "{\"pattern\":\"^\(String(repeating: "a?", count: 20_000))$\"}"),
        (
            "classes",
            "{\"pattern\":\"^\(String(repeating: #"[\\p{L}\\p{C}]"#, count: 2_000))$\"}"
        ),
        (
            "many patterns",
            {
                let parts = (0..<3_000).map { #""^.*a.{\#($0)}$":{"minimum":\#($0)}"# }
                return #"{"type":"object","patternProperties":{\#(parts.joined(separator: ","))}}"#
            }()
        ),
        ("circle", ##"{"allOf":[{"$ref":"#"}]}"##),
        ("not circle", ##"{"not":{"$ref":"#"}}"##),
        (
            "dependencies",
            {
                let parts = (0..<30).map { #""a\#($0)":["b\#($0)"]"# }
                return #"{"dependentRequired":{\#(parts.joined(separator: ","))}}"#
            }()
        ),
    ]

    /// Reads some tokens of a grammar, and asks everything that an engine asks.
    private func read(_ grammar: Grammar) throws(GrammarError) {
        var matcher = grammar.matcher()
        for step in 0..<40 {
            let members = try matcher.mask().members
            guard let token = members.dropFirst(step % 3).first ?? members.first else { break }
            _ = try matcher.accept(token)
            _ = try matcher.forcedBytes()
            if matcher.hasEnded { break }
            if step % 10 == 0 { _ = try matcher.completion() }
        }
    }

    private func parsed(_ schema: String) throws -> JSONValue {
        try JSONValue(parsing: Array(schema.utf8), limits: JSONLimits(maximumDepth: 1024))
    }

    @Test(
        "A hostile schema is compiled or refused by its limits, and its texts end",
        arguments: schemas)
    func hostile(name: String, schema: String) throws {
        let value = try parsed(schema)
        do throws(GrammarError) {
            try read(Grammar(jsonSchema: value, trie: TestVocabulary.trie))
        } catch {
            #expect(!error.message.isEmpty)
            #expect(error.code != .invalid)
        }
    }

    private static let counting =
        ##"{"type":"string","pattern":"^(.*a.{200}|.*b.{199}|.*c.{198})$"}"##

    @Test("A question about a text that takes too many steps fails, and names the limit")
    func work() throws {
        let schema = try parsed(Self.counting)
        let limits = GrammarLimits(maximumWork: 20_000)
        let cache = GrammarCache(trie: TestVocabulary.trie, limits: limits)
        let source = GrammarCache.Source.jsonSchema(schema, JSONFormatting())
        let grammar = try cache.grammar(source)
        let error = try #require(throws: GrammarError.self) { try read(grammar) }
        #expect(error.code == .tooLarge)
        #expect(error.path == "#")
        #expect(error.message.contains("20000 steps (maximumWork)"))
        // It is not tried again, neither by who has it nor by who asks for it.
        #expect(grammar.failure == error)
        #expect(throws: error) { try read(grammar) }
        #expect(throws: error) { try cache.grammar(source) }
    }

    @Test("A schema that takes too many steps to compile is refused, with its place")
    func compilation() throws {
        let schema = try parsed(##"{"properties":{"name":\##(Self.counting)}}"##)
        let limits = GrammarLimits(maximumCompilationWork: 5_000)
        let error = try #require(throws: GrammarError.self) {
            _ = try Grammar(jsonSchema: schema, trie: TestVocabulary.trie, limits: limits)
        }
        #expect(error.code == .tooLarge)
        #expect(error.path.hasPrefix("#"))
        #expect(error.message.contains("5000 steps (maximumCompilationWork)"))
    }

    @Test(
        "Steps are counted, not timed: the same grammar fails at the same token every time",
        arguments: [20_000, 60_000, 1_000_000])
    func deterministic(most: Int) throws {
        func tokens() throws -> Int {
            let grammar = try Grammar(
                jsonSchema: parsed(Self.counting), trie: TestVocabulary.trie,
                limits: GrammarLimits(maximumWork: most))
            var matcher = grammar.matcher()
            do throws(GrammarError) {
                for _ in 0..<200 {
                    _ = try matcher.mask()
                    let letter = Array("\"ab".utf8)[
                        min(matcher.tokenCount, 1 + matcher.tokenCount % 2)]
                    _ = try matcher.accept(Int(letter) + 1)
                }
            } catch {
                return matcher.tokenCount
            }
            return -1
        }
        let first = try tokens()
        if most < 100_000 { #expect(first >= 0) }
        #expect(try tokens() == first)
    }

    @Test(
        "Ordinary schemas take less than a hundredth of the steps they may",
        arguments: [
            #"{"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer","minimum":0}},"required":["name"]}"#,
            #"{"type":"array","items":{"anyOf":[{"type":"string","format":"date-time"},{"type":"number"}]}}"#,
            #"{"type":"string","pattern":"^[a-z]+@[a-z]+\\.(com|org)$"}"#,
        ])
    func ordinary(schema: String) throws {
        let standard = GrammarLimits.standard
        let limits = GrammarLimits(
            maximumWork: standard.maximumWork / 100,
            maximumCompilationWork: standard.maximumCompilationWork / 100)
        try read(Grammar(jsonSchema: parsed(schema), trie: TestVocabulary.trie, limits: limits))
    }
}
