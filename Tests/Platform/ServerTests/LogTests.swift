import Logging
import ScriptedBackend
import Server
import StructuredJSON
import Synchronization
import Testing

@Suite("The log")
struct LogTests {
    private final class Lines: Sendable {
        let lines = Mutex<[String]>([])

        func logger(_ format: LineLogHandler.Format, level: Logger.Level = .info) -> Logger {
            Logger(label: "test") { _ in
                LineLogHandler(format, level: level) { [self] line in
                    lines.withLock { $0.append(line) }
                }
            }
        }

        var all: [String] { lines.withLock { $0 } }
    }

    @Test("A line of JSON has time, level, message and fields, numbers as numbers")
    func json() throws {
        let lines = Lines()
        var logger = lines.logger(.json)
        logger[metadataKey: "id"] = "7"
        logger.warning(
            "a \"b\"\nc",
            metadata: [
                "count": .stringConvertible(3), "share": .stringConvertible(0.5), "time": "no",
                "list": ["x", ["y": "z"]],
            ])
        logger.debug("not told")
        #expect(lines.all.count == 1)
        let line = try #require(lines.all.first)
        #expect(line.hasSuffix("}\n") && line.split(separator: "\n").count == 1)
        let value = try JSONValue(parsing: line)
        #expect(value["level"] == "warning" && value["message"] == "a \"b\"\nc")
        #expect(value["count"] == 3 && value["share"] == 0.5 && value["id"] == "7")
        #expect(value["list"] == ["x", ["y": "z"]])
        // A field cannot take the place of ours.
        let time = try #require(value["time"]?.string)
        #expect(time.contains("T") && time.hasSuffix("Z"))
    }

    @Test("A line of text is one line, whatever a client sent")
    func text() {
        let lines = Lines()
        lines.logger(.text).info("a\nb\r", metadata: ["z": "1\u{1B}[2J", "a": "2\n3"])
        #expect(lines.all.count == 1)
        #expect(lines.all.allSatisfy { $0.hasSuffix(" info a\\nb\\r a=2\\n3 z=1?[2J\n") })
    }

    @Test(
        "A request is a line with key, model, tokens and trace, and with the prompt only where asked",
        arguments: [true, false])
    func request(logsPrompts: Bool) async throws {
        let lines = Lines()
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        try await TestServer.run(
            ScriptedBackend(), configuration: ServerConfiguration(logsPrompts: logsPrompts),
            logger: lines.logger(.json)
        ) { server async throws in
            let answer = try await server.answer(
                "POST", "/v1/completions", #"{"prompt": "the secret of the harbour"}"#,
                headers: ["traceparent: 00-\(trace)-00f067aa0ba902b7-01"])
            #expect(answer.status == 200)
            #expect(answer.header("traceparent")?.hasPrefix("00-\(trace)-") == true)
            try await eventually("the request is logged") {
                lines.all.contains { $0.contains("/v1/completions") }
            }
        }
        let line = try #require(lines.all.first { $0.contains("/v1/completions") })
        let value = try JSONValue(parsing: line)
        #expect(value["status"] == 200 && value["method"] == "POST")
        #expect(value["path"] == "/v1/completions" && value["finish"] == "stop")
        #expect(value["key"] == "anonymous" && value["model"] == "scripted")
        #expect(value["prompt_tokens"] == 7 && value["completion_tokens"] == 3)
        #expect(value["trace_id"] == .string(trace) && value["parent_id"] == "00f067aa0ba902b7")
        #expect(value["first_token_seconds"] != nil)
        #expect(value["prompt"] == (logsPrompts ? "the secret of the harbour" : nil))
        #expect(line.contains("secret") == logsPrompts)
    }
}
