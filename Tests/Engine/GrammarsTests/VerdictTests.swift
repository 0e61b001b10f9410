import Foundation
import Grammars
import StructuredJSON
import Testing

@Suite("Verdicts of Python's jsonschema")
struct VerdictTests {
    @Test("Random schemas admit what it accepts, and refuse what it does not")
    func verdicts() throws {
        let url = try #require(
            Bundle.module.url(
                forResource: "verdicts", withExtension: "json", subdirectory: "Fixtures"))
        let cases = try JSONValue(parsing: Array(Data(contentsOf: url))).array ?? []
        #expect(cases.count > 200)
        var refused = 0
        for entry in cases {
            let schema = try #require(entry["schema"])
            let grammar: Grammar
            do throws(GrammarError) {
                grammar = try Grammar(jsonSchema: schema, trie: TestVocabulary.trie)
            } catch {
                #expect(error.code == .unsupported, "\(error)")
                refused += 1
                continue
            }
            for text in (entry["valid"]?.array ?? []).compactMap(\.string) {
                #expect(
                    try TestVocabulary.admits(text, grammar),
                    "\(schema.serialized()) should admit \(text)")
            }
            for text in (entry["invalid"]?.array ?? []).compactMap(\.string) {
                #expect(
                    try !TestVocabulary.admits(text, grammar),
                    "\(schema.serialized()) should refuse \(text)")
            }
        }
        #expect(refused <= 2)
    }
}
