import CompletionAPI
import HTTPTypes
import Server
import StructuredJSON
import Testing

@Suite("Wording answers")
struct ReplyTests {
    private static let head = ReplyHead(id: "x-1", created: 12, model: "m", fingerprint: "f")
    private static let usage = Usage(
        promptTokens: 10, completionTokens: 5, prefillSeconds: 0.5, decodeSeconds: 2)

    /// The JSON of every event.
    private func events(_ text: String) throws -> [JSONValue] {
        try text.split(separator: "\n\n").map { frame in
            let data = try #require(frame.hasPrefix("data: ") ? frame.dropFirst(6) : nil)
            return data == "[DONE]" ? "[DONE]" : try JSONValue(parsing: String(data))
        }
    }

    @Test("a chat's answer is OpenAI's object with usage and timings")
    func wholeChat() throws {
        let answer = ChatReply(head: Self.head).answer("Hi", .length, Self.usage)
        #expect(
            answer == [
                "id": "x-1", "object": "chat.completion", "created": 12, "model": "m",
                "choices": [
                    [
                        "index": 0, "message": ["role": "assistant", "content": "Hi"],
                        "logprobs": nil, "finish_reason": "length",
                    ]
                ],
                "system_fingerprint": "f",
                "usage": ["prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15],
                "timings": [
                    "prompt_n": 10, "prompt_ms": 500.0, "prompt_per_second": 20.0, "predicted_n": 5,
                    "predicted_ms": 2000.0, "predicted_per_second": 2.0,
                ],
            ])
    }

    @Test("no time taken is no rate, rather than infinity")
    func noTime() throws {
        let usage = Usage(promptTokens: 1, completionTokens: 1)
        let answer = ChatReply(head: Self.head).answer("", .stop, usage)
        #expect(answer["timings"]?["predicted_per_second"] == .null)
    }

    @Test("a completion's answer starts with the prompt where that was asked")
    func echoed() throws {
        let reply = TextReply(head: Self.head, echo: "Once ")
        #expect(reply.answer("upon", .stop, Self.usage)["choices"]?[0]?["text"] == "Once upon")
        let stream = EventStream(reply: reply, includesUsage: false)
        let first = try events(stream.frames(for: .started(promptTokens: 1)))
        #expect(first.map { $0["choices"]?[0]?["text"] } == ["Once "])
    }

    @Test("a stream is the role, the pieces, the reason and the end")
    func chatStream() throws {
        let stream = EventStream(reply: ChatReply(head: Self.head), includesUsage: false)
        let all = try events(
            stream.frames(for: .started(promptTokens: 10)) + stream.frames(for: .text("a\n\nb"))
                + stream.frames(for: .finished(.stop, Self.usage)))
        #expect(all.count == 4)
        #expect(
            all.dropLast().map { $0["choices"]?[0]?["delta"] } == [
                ["role": "assistant", "content": ""], ["content": "a\n\nb"], [:],
            ])
        #expect(
            all.dropLast().map { $0["choices"]?[0]?["finish_reason"] } == [.null, .null, "stop"])
        #expect(all.dropLast().allSatisfy { $0["object"] == "chat.completion.chunk" })
        #expect(all.dropLast().allSatisfy { $0["usage"] == nil })
        #expect(all[2]["timings"]?["predicted_n"] == 5)
        #expect(all.last == "[DONE]")
    }

    @Test("usage that was asked for has a chunk of its own, and is null in the others")
    func usageChunk() throws {
        let stream = EventStream(reply: ChatReply(head: Self.head), includesUsage: true)
        let all = try events(
            stream.frames(for: .text("a")) + stream.frames(for: .finished(.stop, Self.usage)))
        #expect(all.map { $0["usage"] }.prefix(2) == [.null, .null])
        #expect(all[2]["choices"] == [])
        #expect(all[2]["usage"]?["total_tokens"] == 15)
    }

    @Test("a failure on the way is an error event, and no end follows")
    func failure() throws {
        let stream = EventStream(reply: ChatReply(head: Self.head), includesUsage: false)
        let error = APIError(CompletionError(code: .engineFailure, message: "it broke"))
        let all = try events(stream.frames(for: error))
        #expect(all == [error.body])
        #expect(all[0]["error"]?["message"] == "it broke")
    }

    @Test("ids are OpenAI's kind and differ")
    func ids() {
        let ids = (0..<100).map { _ in ReplyHead.randomID(prefix: "cmpl") }
        #expect(Set(ids).count == 100)
        #expect(ids.allSatisfy { $0.hasPrefix("cmpl-") && $0.count == 29 })
    }

    @Test(
        "every error of the engine has its status and code",
        arguments: [
            (.modelNotFound, 404, "invalid_request_error", "model_not_found"),
            (.invalidRequest, 400, "invalid_request_error", "invalid_value"),
            (.contextLengthExceeded, 400, "invalid_request_error", "context_length_exceeded"),
            (.overloaded, 503, "server_error", "overloaded"),
            (.shuttingDown, 503, "server_error", "shutting_down"),
            (.engineFailure, 500, "server_error", "engine_failure"),
        ] as [(CompletionError.Code, Int, String, String)])
    func engineErrors(code: CompletionError.Code, status: Int, type: String, name: String) {
        let error = APIError(CompletionError(code: code, message: "so", field: "prompt"))
        #expect(error.status.code == status)
        #expect(
            error.body == [
                "error": [
                    "message": "so", "type": .string(type), "param": "prompt",
                    "code": .string(name),
                ]
            ])
        #expect((error.headers[.retryAfter] != nil) == (status == 503))
    }

    @Test("what an unexpected error says stays inside")
    func unexpectedError() {
        struct Secret: Error { let path = "/secret" }
        let error = APIError(Secret())
        #expect(error.status == .internalServerError)
        #expect(!error.message.contains("secret"))
    }
}
