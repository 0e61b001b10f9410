import CompletionAPI
import ScriptedBackend
import Server
import Testing

@Suite("Clients that mean no good")
struct SlowClientTests {
    private static let head = "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\n"

    @Test(
        "A request that does not arrive in time loses its connection",
        arguments: [
            // In the first line, in the headers, in the body.
            "POS", head + "X-A: ", head + "Content-Length: 100\r\n\r\n{",
        ])
    func slow(text: String) async throws {
        let configuration = ServerConfiguration(patience: .milliseconds(200))
        try await TestServer.run(ScriptedBackend(), configuration: configuration) {
            server async throws in
            let slow = try await server.connect()
            let idle = try await server.connect()
            try await slow.send(text)
            try await slow.waitUntilClosed()
            // A connection without a request is no slow request.
            try await idle.send("GET", "/health")
            try await idle.wait(for: "200 OK")
            let metrics = try await server.answer("GET", "/metrics").body
            #expect(metrics.contains("berth_connections_late_total 1\n"))
            try await idle.close()
        }
    }

    @Test("A second request that begins while the first is answered must arrive in time, too")
    func pipelined() async throws {
        let configuration = ServerConfiguration(patience: .milliseconds(200))
        let backend = ScriptedBackend { _ in .init(pause: .milliseconds(20)) }
        try await TestServer.run(backend, configuration: configuration) { server async throws in
            let connection = try await server.connect()
            try await connection.send(
                "POST", "/v1/completions", #"{"prompt": "x", "stream": true}"#)
            try await connection.wait(for: "200 OK")
            try await connection.send(Self.head)
            try await connection.wait(for: "[DONE]")
            try await connection.waitUntilClosed()
        }
    }

    @Test("A client that stops reading an endless answer loses its connection, and the answer ends")
    func unread() async throws {
        let configuration = ServerConfiguration(writePatience: .milliseconds(200))
        let backend = ScriptedBackend { _ in
            .init(
                [String(repeating: "x", count: 1 << 18)], isEndless: true, pause: .milliseconds(2))
        }
        try await TestServer.run(backend, configuration: configuration) { server async throws in
            let connection = try await server.connect()
            try await connection.stopReading()
            try await connection.send(
                "POST", "/v1/completions", #"{"prompt": "x", "stream": true}"#)
            try await eventually("the answer ends") { backend.cancelled == 1 }
            let metrics = try await server.answer("GET", "/metrics").body
            #expect(metrics.contains("berth_connections_stalled_total 1\n"))
            try await connection.close()
        }
    }

    @Test("A long answer is no slow request")
    func longAnswer() async throws {
        let configuration = ServerConfiguration(patience: .milliseconds(100))
        let backend = ScriptedBackend { _ in
            .init(Array(repeating: "piece", count: 30), pause: .milliseconds(20))
        }
        try await TestServer.run(backend, configuration: configuration) { server async throws in
            let connection = try await server.connect()
            for count in 1...2 {
                try await connection.send(
                    "POST", "/v1/completions", #"{"prompt": "x", "stream": true}"#)
                try await eventually("answer \(count) is complete") {
                    connection.received.text.components(of: "[DONE]") == count
                }
            }
            try await connection.close()
        }
    }

    @Test(
        "A body that is too long is refused before it is read, by its length or at the limit",
        arguments: [
            "Content-Length: 100000000\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n200000\r\n"
                + String(repeating: "x", count: 0x200000),
        ])
    func longBody(rest: String) async throws {
        let configuration = ServerConfiguration(bodyLimit: 1 << 20, patience: .seconds(1))
        try await TestServer.run(ScriptedBackend(), configuration: configuration) {
            server async throws in
            let connection = try await server.connect()
            try await connection.send(Self.head + rest)
            try await connection.wait(for: "413 ")
            try await connection.wait(for: "request_too_large")
            // What is still to come is not waited for without end.
            try await connection.waitUntilClosed()
        }
    }

    @Test("A flood of headers is refused", arguments: [1500, 50_000])
    func headers(count: Int) async throws {
        try await TestServer.run(ScriptedBackend()) { server async throws in
            let connection = try await server.connect()
            let headers = (0..<count).map { "X-\($0): y\r\n" }.joined()
            // The server may hang up while we are still sending.
            try? await connection.send(Self.head + headers + "\r\n")
            try await connection.waitUntilClosed()
            #expect(try await server.answer("GET", "/health").status == 200)
        }
    }
}

extension String {
    /// How often a text is in this one.
    fileprivate func components(of text: String) -> Int {
        var count = 0
        var rest = self[...]
        while let found = rest.firstRange(of: text) {
            count += 1
            rest = rest[found.upperBound...]
        }
        return count
    }
}
