import ChatFormats
import Foundation
import StructuredJSON
import Testing

/// Cases that `Tools/differential/make_cases.py` wrote, a JSON object a line.
///
/// A sample is among the fixtures; `BERTH_TEMPLATE_CASES` names files of any size, separated by
/// colons. Differences are written beside such a file, with `.differences` appended to its name.
@Suite("Random templates against Python's jinja2")
struct DifferentialTests {
    @Test("The committed sample renders as in Python, or fails where Python fails")
    func sample() throws {
        let url = try #require(
            Bundle.module.url(
                forResource: "differential", withExtension: "jsonl", subdirectory: "Fixtures"))
        var cases = DifferentialCases()
        let differences = try cases.run(Data(contentsOf: url))
        #expect(cases.count > 300)
        for difference in differences { Issue.record("\(difference.serialized())") }
    }

    @Test(
        "All cases of the named files do",
        .enabled(
            if: ProcessInfo.processInfo.environment["BERTH_TEMPLATE_CASES"] != nil,
            "BERTH_TEMPLATE_CASES names no files"))
    func namedFiles() throws {
        let paths = ProcessInfo.processInfo.environment["BERTH_TEMPLATE_CASES"] ?? ""
        for path in paths.split(separator: ":").map(String.init) {
            var cases = DifferentialCases()
            let start = ContinuousClock.now
            let differences = try cases.run(Data(contentsOf: URL(filePath: path)))
            let lines = differences.map { $0.serialized() + "\n" }.joined()
            try Data(lines.utf8).write(to: URL(filePath: path + ".differences"))
            print(
                "\(path): \(cases.count) cases, \(differences.count) differences,",
                "\(ContinuousClock.now - start)")
            #expect(cases.count > 0)
            #expect(differences.isEmpty, "see \(path).differences")
        }
    }
}

private struct DifferentialCases {
    private(set) var count = 0
    private var templates: [String: ChatTemplate] = [:]
    private var contexts: [String: JSONObject] = [:]

    /// Runs every line; gives those whose outcome is not Python's.
    mutating func run(_ file: Data) throws -> [JSONValue] {
        let limits = JSONLimits(maximumDepth: 128, duplicateKeys: .keepLast)
        var differences: [JSONValue] = []
        for line in file.split(separator: UInt8(ascii: "\n")) {
            let entry = try JSONValue(parsing: line, limits: limits)
            if let name = entry["define"]?.string {
                if let source = entry["source"]?.string {
                    templates[name] = try ChatTemplate(source: source, name: name)
                }
                if let context = entry["context"]?.object { contexts[name] = context }
                continue
            }
            count += 1
            if var difference = try difference(entry) {
                if entry["template"] != nil { difference["context"] = entry["context"] }
                differences.append(.object(difference))
            }
        }
        return differences
    }

    private func difference(_ entry: JSONValue) throws -> JSONObject? {
        let context = try #require(
            entry["context"]?.object ?? entry["context"]?.string.flatMap { contexts[$0] })
        var outcome: JSONObject
        do throws(TemplateError) {
            let source = entry["source"]?.string ?? ""
            let template =
                if let known = entry["template"]?.string.flatMap({ templates[$0] }) { known } else {
                    try ChatTemplate(source: source, name: "case")
                }
            outcome = [
                "output": .string(try template.render(context: context, now: TemplateFixture.now))
            ]
        } catch {
            outcome = [
                "error": .string(error.code.rawValue), "message": .string("\(error)"),
                "cause": .string(error.cause),
            ]
        }
        let isEqual =
            if let output = entry["output"] { outcome["output"] == output } else {
                // What a template raises is told word for word; other errors have other words here.
                outcome["error"] != nil
                    && (entry["error"] != "raised" || outcome["cause"] == entry["message"])
            }
        if let seconds = entry["seconds"]?.double, let name = entry["template"]?.string {
            try report(seconds, of: name, in: context)
        }
        guard !isEqual else { return nil }
        var difference = JSONObject()
        difference["template"] = entry["template"]
        difference["source"] = entry["source"]
        for key in ["output", "error", "message"] {
            difference["python_" + key] = entry[key]
            difference[key] = outcome[key]
        }
        return difference
    }

    /// Prints how long a rendering takes, beside the seconds that jinja2 took.
    private func report(_ seconds: Double, of name: String, in context: JSONObject) throws {
        guard let template = templates[name] else { return }
        var times: [Double] = []
        for _ in 0..<15 {
            let duration = try ContinuousClock().measure {
                _ = try template.render(context: context, now: TemplateFixture.now)
            }
            times.append(duration / .milliseconds(1))
        }
        let median = times.sorted()[times.count / 2]
        let ratio = median / (seconds * 1000)
        print("\(name): \(median) ms, jinja2 \(seconds * 1000) ms, ratio \(ratio)")
    }
}
