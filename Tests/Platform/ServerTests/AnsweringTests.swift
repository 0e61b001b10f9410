import CompletionAPI
import ScriptedBackend
import Server
import StructuredJSON
import Testing

@Suite("Answering over HTTP")
struct AnsweringTests {
    private static let chat = #"{"messages": [{"role": "user", "content": "Hello"}]}"#
    private static let streamed =
        #"{"messages": [{"role": "user", "content": "Hello"}], "stream": true}"#
    private static let path = "/v1/chat/completions"

    @Test("a chat gets the backend's text, reason and usage")
    func whole() async throws {
        let backend = ScriptedBackend()
        try await TestServer.run(backend) { server in
            let answer = try await server.answer("POST", Self.path, Self.chat)
            #expect(answer.status == 200)
            let choice = try answer.json["choices"]?[0]
            #expect(choice?["message"]?["content"] == "Hello, world")
            #expect(choice?["finish_reason"] == "stop")
            #expect(try answer.json["usage"]?["total_tokens"] == 10)
            #expect(backend.requests.map(\.model) == ["scripted"])
        }
    }

    @Test("a stream arrives piece by piece, before the answer is complete")
    func streamed() async throws {
        let backend = ScriptedBackend { _ in .init(["first", "second"], pause: .milliseconds(200)) }
        try await TestServer.run(backend) { server in
            let connection = try await server.connect()
            try await connection.send("POST", Self.path, Self.streamed)
            try await connection.wait(for: "first")
            #expect(!connection.received.text.contains("second"))
            try await connection.wait(for: "data: [DONE]\n\n")
            try await connection.close()
        }
    }

    @Test("a refusal has its status, also where a stream was asked for")
    func refused() async throws {
        let backend = ScriptedBackend { _ in
            .init(refusal: CompletionError(code: .overloaded, message: "full", field: nil))
        }
        try await TestServer.run(backend) { server in
            for body in [Self.chat, Self.streamed] {
                let answer = try await server.answer("POST", Self.path, body)
                #expect(answer.status == 503)
                #expect(answer.head.contains("Retry-After: 2"))
                #expect(try answer.json["error"]?["code"] == "overloaded")
            }
        }
    }

    @Test("a failure on the way is a 500, or an error event in a stream")
    func failing() async throws {
        let failure = CompletionError(code: .engineFailure, message: "it broke")
        let backend = ScriptedBackend { _ in .init(["part"], failure: failure) }
        try await TestServer.run(backend) { server in
            let whole = try await server.answer("POST", Self.path, Self.chat)
            #expect(whole.status == 500)
            #expect(try whole.json["error"]?["message"] == "it broke")
            let stream = try await server.answer("POST", Self.path, Self.streamed)
            #expect(stream.status == 200)
            #expect(stream.body.contains("part"))
            #expect(stream.body.contains(#""message":"it broke""#))
            #expect(!stream.body.contains("[DONE]"))
        }
    }

    @Test("a connection serves one answer after the other, streams too")
    func keptAlive() async throws {
        try await TestServer.run(ScriptedBackend()) { server in
            let connection = try await server.connect()
            for body in [Self.chat, Self.streamed, Self.chat] {
                try await connection.send("POST", Self.path, body)
            }
            try await eventually("three answers arrive") {
                connection.received.text.split(separator: "HTTP/1.1 200 OK").count == 3
                    && connection.received.text.hasSuffix("}")
            }
            try await connection.close()
        }
    }

    @Test("a model is found by its name, slashes and escapes included")
    func modelNames() async throws {
        var model = ModelDescription.scripted
        model.name = "org/模型 1"
        try await TestServer.run(ScriptedBackend(models: [.scripted, model])) { server in
            let list = try await server.answer("GET", "/v1/models")
            #expect(try list.json["data"]?.array?.count == 2)
            for path in ["org/%E6%A8%A1%E5%9E%8B%201", "org%2F%E6%A8%A1%E5%9E%8B%201"] {
                let answer = try await server.answer("GET", "/v1/models/" + path)
                #expect(try answer.json["id"] == "org/模型 1")
            }
            #expect(try await server.answer("GET", "/v1/models/org").status == 404)
        }
    }

    @Test("a body over the limit is refused, with and without its length told")
    func bodyLimit() async throws {
        let configuration = ServerConfiguration(bodyLimit: 100)
        try await TestServer.run(ScriptedBackend(), configuration: configuration) { server in
            let told = try await server.answer(
                "POST", Self.path, String(repeating: "x", count: 101))
            #expect(told.status == 413)
            let chunks = String(repeating: "a\r\n0123456789\r\n", count: 11) + "0\r\n\r\n"
            let connection = try await server.connect()
            try await connection.send(
                "POST \(Self.path) HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + chunks)
            try await connection.wait(for: "request_too_large")
            #expect(try TestAnswer(connection.received.text).status == 413)
            try await connection.close()
        }
    }

    @Test("a request is one line in the log, with its tokens and without a word of its text")
    func logging() async throws {
        let log = CapturedLog()
        let backend = ScriptedBackend { _ in .init(["SECRET ANSWER"]) }
        try await TestServer.run(backend, logger: log.logger) { server in
            let chat = Self.chat.replacing("Hello", with: "SECRET QUESTION")
            _ = try await server.answer("POST", Self.path + "?key=SECRET", chat)
            _ = try await server.answer("POST", Self.path, Self.streamed)
        }
        let lines = log.lines.filter { $0.contains("POST") }
        #expect(lines.count == 2)
        #expect(lines.allSatisfy { $0.contains("POST \(Self.path) 200") })
        #expect(lines.allSatisfy { $0.contains("completion_tokens: 1") })
        #expect(!log.lines.contains { $0.contains("SECRET") })
    }

    @Test("no model at all is a clear answer")
    func noModel() async throws {
        try await TestServer.run(ScriptedBackend(models: [])) { server in
            let answer = try await server.answer("POST", Self.path, Self.chat)
            #expect(answer.status == 404)
            #expect(try answer.json["error"]?["code"] == "model_not_found")
        }
    }
}
