import Foundation
import StructuredJSON
import Testing

/// What Python's `json` module makes of many texts; `Tools/fixtures/make_json_fixtures.py` writes it.
enum PythonFixture {
    static func load() throws -> JSONValue {
        let url = try #require(
            Bundle.module.url(
                forResource: "python-json", withExtension: "json", subdirectory: "Fixtures"))
        return try JSONValue(parsing: Data(contentsOf: url))
    }
}
