import CompletionAPI
import Server
import StructuredJSON
import Testing

@Suite("Chat completions on the wire")
struct ChatStyleTests {
    private static let head = ReplyHead(id: "x-1", created: 12, model: "m", fingerprint: "f")
    private static let greeting: [CompletionEvent] = [
        .started(promptTokens: 10), .text("a\n\nb"), .finished(.length, .tenAndFive),
    ]
    private static let calls: [CompletionEvent] = [
        .started(promptTokens: 10), .reasoning("Let me "), .reasoning("see."),
        .toolCall(index: 0, id: "call_1", name: "tide"), .toolArguments(index: 0, #"{"port":"#),
        .toolArguments(index: 0, #""Kiel"}"#), .toolCall(index: 1, id: "call_2", name: "now"),
        .toolArguments(index: 1, "{}"), .finished(.toolCalls, .tenAndFive),
    ]

    private func deltas(_ events: [StreamedEvent]) -> [JSONValue?] {
        events.map { $0.data["choices"]?[0]?["delta"] }
    }

    @Test("a whole answer is OpenAI's object with usage and timings")
    func whole() {
        #expect(
            ChatStyle(head: Self.head).answer([Self.greeting]) == [
                "id": "x-1", "object": "chat.completion", "created": 12, "model": "m",
                "choices": [
                    [
                        "index": 0, "message": ["role": "assistant", "content": "a\n\nb"],
                        "logprobs": nil, "finish_reason": "length",
                    ]
                ],
                "system_fingerprint": "f",
                "usage": [
                    "prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15,
                    "prompt_tokens_details": ["cached_tokens": 4],
                    "completion_tokens_details": ["reasoning_tokens": 2],
                ],
                "timings": [
                    "prompt_n": 10, "prompt_ms": 500.0, "prompt_per_second": 20.0, "predicted_n": 5,
                    "predicted_ms": 2000.0, "predicted_per_second": 2.0,
                ],
            ])
    }

    @Test("no time taken is no rate, rather than infinity")
    func noTime() {
        let usage = Usage(promptTokens: 1, completionTokens: 1)
        let answer = ChatStyle(head: Self.head).answer([[.finished(.stop, usage)]])
        #expect(answer["timings"]?["predicted_per_second"] == .null)
    }

    @Test("a stream is the role, the pieces, the reason and the end")
    func stream() throws {
        var style = ChatStyle(head: Self.head)
        let all = try StreamedEvent.all(style.stream([Self.greeting]))
        #expect(
            deltas(all).dropLast() == [
                ["role": "assistant", "content": ""], ["content": "a\n\nb"], [:],
            ])
        let reasons = all.dropLast().map { $0.data["choices"]?[0]?["finish_reason"] }
        #expect(reasons == [.null, .null, "length"])
        #expect(all.dropLast().allSatisfy { $0.data["object"] == "chat.completion.chunk" })
        #expect(all.dropLast().allSatisfy { $0.data["usage"] == nil })
        #expect(all[2].data["timings"]?["predicted_n"] == 5)
        #expect(all.last?.data == "[DONE]")
    }

    @Test("usage that was asked for has a chunk of its own, and is null in the others")
    func usageChunk() throws {
        var style = ChatStyle(head: Self.head, choices: 2, includesUsage: true)
        let all = try StreamedEvent.all(style.stream([Self.greeting, Self.greeting]))
        #expect(all.dropLast(2).allSatisfy { $0.data["usage"] == .null })
        let last = all[all.count - 2].data
        #expect(last["choices"] == [])
        // Two answers of five tokens to one prompt of ten.
        #expect(last["usage"]?["prompt_tokens"] == 10)
        #expect(last["usage"]?["completion_tokens"] == 10)
    }

    @Test("several answers have their numbers, whole and streamed")
    func choices() throws {
        var style = ChatStyle(head: Self.head, choices: 2)
        let whole = style.answer([Self.greeting, Self.calls])["choices"]?.array ?? []
        #expect(whole.map { $0["index"] } == [0, 1])
        #expect(whole.map { $0["finish_reason"] } == ["length", "tool_calls"])
        let events = try StreamedEvent.all(style.stream([Self.greeting, Self.calls]))
        #expect(
            Set(events.dropLast().map { $0.data["choices"]?[0]?["index"]?.int }) == [0, 1])
    }

    @Test("thoughts and calls have members of their own, and the content of calls is null")
    func toolCalls() {
        let message = ChatStyle(head: Self.head).answer([Self.calls])["choices"]?[0]?["message"]
        #expect(
            message == [
                "role": "assistant", "content": nil, "reasoning_content": "Let me see.",
                "tool_calls": [
                    [
                        "id": "call_1", "type": "function",
                        "function": ["name": "tide", "arguments": #"{"port":"Kiel"}"#],
                    ],
                    [
                        "id": "call_2", "type": "function",
                        "function": ["name": "now", "arguments": "{}"],
                    ],
                ],
            ])
    }

    @Test("a streamed call is its name, then pieces of its arguments")
    func streamedToolCalls() throws {
        var style = ChatStyle(head: Self.head)
        let all = deltas(try StreamedEvent.all(style.stream([Self.calls])))
        #expect(all[1] == ["reasoning_content": "Let me "])
        #expect(
            all[3] == [
                "tool_calls": [
                    [
                        "index": 0, "id": "call_1", "type": "function",
                        "function": ["name": "tide", "arguments": ""],
                    ]
                ]
            ])
        #expect(
            all[4] == [
                "tool_calls": [["index": 0, "function": ["arguments": #"{"port":"#]]]
            ])
        #expect(all[6]?["tool_calls"]?[0]?["index"] == 1)
    }

    @Test("probabilities come with their tokens, and what is impossible is -9999")
    func logprobs() throws {
        let events: [CompletionEvent] = [
            .text("Hi", tokens: [.of("H", -0.5, top: [("H", -0.5), ("x", -.infinity)])]),
            .text("", tokens: [.of("i", -0.25)]), .finished(.stop, .tenAndFive),
        ]
        var style = ChatStyle(head: Self.head, showsLogprobs: true)
        let content = style.answer([events])["choices"]?[0]?["logprobs"]?["content"]
        #expect(
            content == [
                [
                    "token": "H", "logprob": -0.5, "bytes": [72],
                    "top_logprobs": [
                        ["token": "H", "logprob": -0.5, "bytes": [72]],
                        ["token": "x", "logprob": -9999.0, "bytes": [120]],
                    ],
                ],
                ["token": "i", "logprob": -0.25, "bytes": [105], "top_logprobs": []],
            ])
        let streamed = try StreamedEvent.all(style.stream([events]))
        let tokens = streamed.compactMap {
            $0.data["choices"]?[0]?["logprobs"]?["content"]?[0]?["token"]?.string
        }
        #expect(tokens == ["H", "i"])
    }

    @Test("a failure on the way is an error event, and no end follows")
    func failure() throws {
        var style = ChatStyle(head: Self.head)
        let error = APIError(CompletionError(code: .engineFailure, message: "it broke"))
        let all = try StreamedEvent.all(style.frames(for: error))
        #expect(all.map(\.data) == [error.body])
        #expect(all[0].data["error"]?["message"] == "it broke")
    }
}
