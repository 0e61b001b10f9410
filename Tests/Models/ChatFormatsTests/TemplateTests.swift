import ChatFormats
import StructuredJSON
import Testing

@Suite("Whole chat templates against Python's jinja2")
struct TemplateTests {
    @Test(
        "Every conversation renders as in Python",
        arguments: ["chatml", "header-blocks", "thinking-tools", "alternating", "typed-tools"])
    func templates(name: String) throws {
        let fixture = try TemplateFixture.load("templates")
        let templates = try #require(fixture["templates"]?.array)
        let entry = try #require(templates.first { $0["name"]?.string == name })
        let source = try #require(entry["source"]?.string)
        let cases = try #require(entry["cases"]?.array)
        #expect(cases.count > 50)
        for testCase in cases {
            let conversation = try #require(testCase["conversation"]?.string)
            let setting = try #require(testCase["setting"]?.string)
            var context = try #require(fixture["settings"]?[setting]?.object)
            context["messages"] = try #require(fixture["conversations"]?[conversation])
            let outcome = TemplateFixture.outcome(of: source) { template throws(TemplateError) in
                try template.render(context: context, now: TemplateFixture.now)
            }
            let expected = TemplateFixture.expected(testCase)
            #expect(outcome.serialized() == expected.serialized(), "\(conversation), \(setting)")
        }
    }
}
