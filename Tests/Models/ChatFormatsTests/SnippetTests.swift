import ChatFormats
import StructuredJSON
import Testing

@Suite("Template constructs against Python's jinja2")
struct SnippetTests {
    @Test("Every snippet gives Python's output, or fails where Python fails")
    func snippets() throws {
        let fixture = try TemplateFixture.load("snippets")
        let context = try #require(fixture["context"]?.object)
        let snippets = try #require(fixture["snippets"]?.array)
        #expect(snippets.count > 700)
        for snippet in snippets {
            let source = try #require(snippet["template"]?.string)
            let outcome = TemplateFixture.outcome(of: source) { template throws(TemplateError) in
                try template.render(context: context, now: TemplateFixture.now)
            }
            #expect(
                outcome.serialized() == TemplateFixture.expected(snippet).serialized(), "\(source)")
        }
    }
}
