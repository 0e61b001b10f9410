import ChatFormats
import Foundation
import StructuredJSON
import Testing

/// What Python's jinja2 makes of templates; `Tools/fixtures/make_template_fixtures.py` writes it.
enum TemplateFixture {
    /// The clock that the fixtures were made by.
    static let now = LocalTime(year: 2024, month: 7, day: 6, hour: 9, minute: 5, second: 3)

    static func load(_ name: String) throws -> JSONValue {
        let url = try #require(
            Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "Fixtures"))
        return try JSONValue(parsing: Data(contentsOf: url))
    }

    /// What rendering gives, in the fixtures' own words: an output or an error.
    static func outcome(
        of source: String, _ render: (ChatTemplate) throws(TemplateError) -> String
    ) -> JSONValue {
        do throws(TemplateError) {
            let template = try ChatTemplate(source: source, name: "fixture")
            return ["output": .string(try render(template))]
        } catch {
            var outcome: JSONObject = ["error": .string(error.code.rawValue)]
            if error.code == .raised { outcome["message"] = .string(error.cause) }
            return .object(outcome)
        }
    }

    /// The outcome that a fixture holds.
    static func expected(_ entry: JSONValue) -> JSONValue {
        var outcome = JSONObject()
        for key in ["output", "error", "message"] { outcome[key] = entry[key] }
        return .object(outcome)
    }
}
