import Grammars
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

    @Test("A hostile schema is compiled or refused soon, and its texts end", arguments: schemas)
    func hostile(name: String, schema: String) throws {
        let value = try JSONValue(
            parsing: Array(schema.utf8), limits: JSONLimits(maximumDepth: 1024))
        let start = ContinuousClock.now
        do throws(GrammarError) {
            let grammar = try Grammar(jsonSchema: value, trie: TestVocabulary.trie)
            var matcher = grammar.matcher()
            for step in 0..<40 {
                let members = try matcher.mask().members
                guard let token = members.dropFirst(step % 3).first ?? members.first else { break }
                _ = try matcher.accept(token)
                if matcher.hasEnded { break }
            }
        } catch {
            #expect(!error.message.isEmpty)
        }
        #expect(ContinuousClock.now - start < .seconds(20))
    }
}
