import CompletionAPI
import Foundation
import Logging
import ScriptedBackend
import Server
import StructuredJSON
import Testing

@Suite("Clients that leave and servers that stop")
struct LifecycleTests {
    private static let path = "/v1/completions"
    private static let streamed = #"{"prompt": "x", "stream": true}"#
    private static let whole = #"{"prompt": "x"}"#

    /// One piece now, and the next one in a minute: only stopping ends it sooner.
    private static func slowBackend() -> ScriptedBackend {
        ScriptedBackend { _ in .init(["piece"], isEndless: true, pause: .seconds(60)) }
    }

    /// Pieces without end, a hundred a second.
    private static func endlessBackend() -> ScriptedBackend {
        ScriptedBackend { _ in .init(["piece"], isEndless: true, pause: .milliseconds(10)) }
    }

    private func started(_ backend: ScriptedBackend, _ count: Int = 1) async throws {
        try await eventually("\(count) completions run") {
            await backend.statistics().running == count
        }
    }

    @Test(
        "a client that leaves stops its work before the next token", arguments: [streamed, whole])
    func leaving(body: String) async throws {
        let backend = Self.slowBackend()
        try await TestServer.run(backend) { server in
            let connection = try await server.connect()
            try await connection.send("POST", Self.path, body)
            try await started(backend)
            try await connection.close()
            try await eventually("the backend is told") { backend.cancelled == 1 }
            #expect(await backend.statistics().completionTokens == 0)
            // The backend hears of it before the request is closed.
            try await eventually("the request is counted and closed") {
                let metrics = try await server.answer("GET", "/metrics").body
                return metrics.contains(#"berth_completions_total{reason="client_left"} 1"#)
                    && metrics.contains("berth_http_requests_in_flight 1\n")
            }
        }
    }

    @Test(
        "SIGHUP, by which services read their files again, does not end one that has none"
    )
    func hangUp() async throws {
        let log = CapturedLog()
        try await TestServer.run(ScriptedBackend(), logger: log.logger) { server in
            kill(getpid(), SIGHUP)
            try await eventually("the log tells of it") {
                log.lines.contains { $0.contains("SIGHUP") }
            }
            #expect(try await server.answer("GET", "/health").status == 200)
        }
    }

    @Test("a client that leaves in the middle of a stream stops it")
    func leavingLate() async throws {
        let backend = Self.endlessBackend()
        try await TestServer.run(backend) { server in
            let connection = try await server.connect()
            try await connection.send("POST", Self.path, Self.streamed)
            try await connection.wait(for: "piece")
            try await connection.close()
            try await eventually("the backend is told") { backend.cancelled == 1 }
        }
    }

    @Test("a client that leaves in the middle of its body is a 499 in the log, not a fault of ours")
    func leavingInBody() async throws {
        let log = CapturedLog()
        try await TestServer.run(ScriptedBackend(), logger: log.logger) { server in
            let connection = try await server.connect()
            try await connection.send(
                "POST \(Self.path) HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{\"prompt\""
            )
            try await Task.sleep(for: .milliseconds(50))
            try await connection.close()
            try await eventually("the request is logged") {
                log.lines.contains { $0.contains("POST \(Self.path) ") }
            }
        }
        #expect(log.lines.contains { $0.contains("POST \(Self.path) 499") })
        #expect(!log.lines.contains { $0.contains("request failed") })
    }

    @Test(
        "what is no HTTP is answered as JSON, and the connection closed",
        arguments: [
            (
                "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                400
            ),
            ("POST /v1/completions HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400),
            ("what is this\r\n\r\n", 400),
            (
                "GET /health HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: 100_000))\r\n\r\n",
                431
            ),
        ])
    func malformed(request: String, status: Int) async throws {
        try await TestServer.run(ScriptedBackend()) { server in
            let connection = try await server.connect()
            try await connection.send(request)
            try await connection.waitUntilClosed()
            let answer = try TestAnswer(connection.received.text)
            #expect(answer.status == status)
            #expect(try answer.json["error"]?["code"] == "invalid_http")
            // The server goes on.
            #expect(try await server.answer("GET", "/health").status == 200)
        }
    }

    @Test("others go on when one leaves")
    func othersGoOn() async throws {
        let backend = ScriptedBackend { _ in
            .init(Array(repeating: "piece", count: 30), pause: .milliseconds(10))
        }
        try await TestServer.run(backend) { server in
            let leaving = try await server.connect()
            let staying = try await server.connect()
            try await leaving.send("POST", Self.path, Self.streamed)
            try await staying.send("POST", Self.path, Self.streamed)
            try await staying.wait(for: "piece")
            try await leaving.close()
            try await staying.wait(for: "[DONE]")
            #expect(backend.cancelled == 1)
            try await staying.close()
        }
    }

    @Test("a request to stop lets answers finish, closes idle connections and accepts no new ones")
    func draining() async throws {
        let backend = ScriptedBackend { _ in
            .init(Array(repeating: "piece", count: 30), pause: .milliseconds(10))
        }
        try await TestServer.run(backend) { server in
            let idle = try await server.connect()
            let busy = try await server.connect()
            try await busy.send("POST", Self.path, Self.streamed)
            try await busy.wait(for: "piece")
            server.requestStop()
            try await idle.waitUntilClosed()
            await #expect(throws: (any Error).self) { try await server.connect() }
            // On a connection that is still open the next request is refused, not lost.
            try await busy.send("GET", "/v1/models")
            try await busy.wait(for: "[DONE]")
            try await busy.waitUntilClosed()
            #expect(backend.cancelled == 0)
            let answers = busy.received.text.split(separator: "HTTP/1.1 ")
            #expect(answers.dropFirst().allSatisfy { $0.hasPrefix("503") })
        }
    }

    @Test(
        "when the grace is over, answers end with an error that says so", arguments: [true, false])
    func graceOver(isStreamed: Bool) async throws {
        let backend = Self.slowBackend()
        let configuration = ServerConfiguration(grace: .milliseconds(50))
        try await TestServer.run(backend, configuration: configuration) { server in
            let connection = try await server.connect()
            try await connection.send(
                "POST", Self.path, isStreamed ? Self.streamed : Self.whole)
            try await started(backend)
            server.requestStop()
            try await connection.waitUntilClosed()
            let answer = try TestAnswer(connection.received.text)
            #expect(answer.status == (isStreamed ? 200 : 503))
            #expect(answer.body.contains("shutting_down"))
            try await eventually("the backend is told") { backend.cancelled == 1 }
        }
    }

    @Test("a second request to stop ends answers at once")
    func stoppedTwice() async throws {
        let backend = Self.slowBackend()
        try await TestServer.run(backend) { server in
            let connection = try await server.connect()
            try await connection.send("POST", Self.path, Self.streamed)
            try await started(backend)
            server.requestStop()
            server.requestStop()
            try await connection.wait(for: "shutting_down")
            try await connection.waitUntilClosed()
        }
    }

    @Test("cancelling the task that runs the server ends it")
    func cancelled() async throws {
        let backend = Self.slowBackend()
        let (ports, feed) = AsyncStream<Int>.makeStream()
        let running = Task {
            try await Self.server(ServerConfiguration(port: 0), backend)
                .run(stopRequests: AsyncStream<Void>.makeStream().stream) { feed.yield($0) }
        }
        var first = ports.makeAsyncIterator()
        _ = await first.next()
        running.cancel()
        _ = await running.result
    }

    @Test("a port in use, a foreign address and an unknown name are told apart")
    func cannotListen() async throws {
        try await TestServer.run(ScriptedBackend()) { server in
            let cases: [(String, Int, ServerError.Code)] = [
                ("127.0.0.1", server.port, .addressInUse),
                ("203.0.113.1", 0, .addressNotAvailable),
                ("no-such-host.invalid", 0, .addressNotAvailable),
            ]
            for (host, port, code) in cases {
                let configuration = ServerConfiguration(host: host, port: port)
                let error = await #expect(throws: ServerError.self) {
                    try await Self.server(configuration, ScriptedBackend())
                        .run(stopRequests: AsyncStream<Void>.makeStream().stream)
                }
                #expect(error?.code == code)
                #expect(error?.message.contains(host) == true)
            }
        }
    }

    private static func server(
        _ configuration: ServerConfiguration, _ backend: any ModelBackend
    ) -> BerthServer {
        BerthServer(
            configuration: configuration, backend: backend,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }
}
