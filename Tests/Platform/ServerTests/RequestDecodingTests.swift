import CompletionAPI
import HTTPTypes
import Server
import StructuredJSON
import Testing

@Suite("Decoding requests")
struct RequestDecodingTests {
    private static let hello: JSONValue = [["role": "user", "content": "Hello"]]

    @Test("a chat with every field reaches the engine complete")
    func completeChat() throws {
        let request = try ChatCompletionRequest(
            parsing: JSONValue(
                parsing: """
                    {"model": "m", "messages": [
                        {"role": "system", "content": "Be brief."},
                        {"role": "user", "name": "Ann", "content": [
                            {"type": "text", "text": "one"}, {"type": "text", "text": "two"}]},
                        {"role": "assistant", "content": null}],
                     "temperature": 0.5, "top_p": 0.9, "top_k": 40, "min_p": 0.05,
                     "repetition_penalty": 1.1, "presence_penalty": -1, "frequency_penalty": 2,
                     "logit_bias": {"7": -100, "8": 1.5}, "seed": -1, "stop": ["a", "b"],
                     "max_tokens": 5, "max_completion_tokens": 9, "stream": true,
                     "stream_options": {"include_usage": true},
                     "chat_template_kwargs": {"enable_thinking": false}, "surprise": [1]}
                    """))
        #expect(request.generation.model == "m")
        #expect(request.generation.streams)
        #expect(request.generation.includesUsage)
        #expect(
            request.completion(model: "m")
                == CompletionRequest(
                    model: "m",
                    prompt: .chat(
                        Conversation(
                            messages: [
                                ChatMessage(role: "system", content: "Be brief."),
                                ChatMessage(role: "user", content: "one\ntwo", name: "Ann"),
                                ChatMessage(role: "assistant", content: ""),
                            ], templateArguments: ["enable_thinking": false])),
                    sampling: SamplingOptions(
                        temperature: 0.5, topK: 40, topP: 0.9, minP: 0.05, repetitionPenalty: 1.1,
                        presencePenalty: -1, frequencyPenalty: 2, logitBias: [7: -100, 8: 1.5],
                        seed: .max), maximumTokens: 9, stopStrings: ["a", "b"]))
    }

    @Test("null is the same as absent")
    func nulls() throws {
        let fields = [
            "model", "temperature", "top_p", "top_k", "min_p", "repetition_penalty",
            "repeat_penalty", "presence_penalty", "frequency_penalty", "logit_bias", "seed", "stop",
            "max_tokens",
            "max_completion_tokens", "stream", "stream_options", "n", "logprobs", "top_logprobs",
            "response_format", "tools", "functions", "modalities", "chat_template_kwargs",
        ]
        let members = fields.map { ($0, JSONValue.null) } + [("messages", Self.hello)]
        let nulls = JSONValue.object(
            JSONObject(uniqueKeysWithValues: members)
        )
        #expect(
            try ChatCompletionRequest(parsing: nulls)
                == ChatCompletionRequest(parsing: ["messages": Self.hello]))
    }

    @Test(
        "both names of the repetition penalty are known, and -1 is every token",
        arguments: ["repetition_penalty", "repeat_penalty"])
    func otherServersNames(name: String) throws {
        let fields = try GenerationFields(JSONField([name: 1.25, "top_k": -1] as JSONValue))
        #expect(fields.sampling.repetitionPenalty == 1.25)
        #expect(fields.sampling.topK == 0)
    }

    @Test("tools that may not be called are left out")
    func toolsNotToBeCalled() throws {
        let request = try ChatCompletionRequest(parsing: [
            "messages": Self.hello, "tools": [["type": "function"]], "tool_choice": "none",
        ])
        #expect(request.conversation.tools.isEmpty)
    }

    @Test(
        "what this server cannot do is refused by name",
        arguments: [
            ("n", 2), ("logprobs", true), ("top_logprobs", 3), ("tools", [["type": "function"]]),
            ("functions", [["name": "f"]]), ("modalities", ["text", "audio"]),
            ("response_format", ["type": "json_schema"]),
        ] as [(String, JSONValue)])
    func unsupported(name: String, value: JSONValue) throws {
        let body = JSONValue.object(["messages": Self.hello, name: value])
        let error = try #require(throws: JSONError.self) {
            try ChatCompletionRequest(parsing: body)
        }
        #expect(error.path.description.hasPrefix(name))
        #expect(APIError(error).status == .badRequest)
    }

    @Test("tool calls of earlier turns are refused by name")
    func earlierToolCalls() throws {
        let error = try #require(throws: JSONError.self) {
            try ChatCompletionRequest(parsing: [
                "messages": [
                    ["role": "user", "content": "x"],
                    ["role": "assistant", "content": nil, "tool_calls": [["id": "1"]]],
                ]
            ])
        }
        #expect(error.path.description == "messages[1].tool_calls")
    }

    @Test(
        "prompts of completions come in four forms",
        arguments: [
            ("text", .text("text")), (["text"], .text("text")), ([5, 6], .tokens([5, 6])),
            ([[5, 6]], .tokens([5, 6])),
        ] as [(JSONValue, Prompt)])
    func prompts(value: JSONValue, prompt: Prompt) throws {
        let request = try TextCompletionRequest(body: ["prompt": value])
        #expect(request.completion(model: "m").prompt == prompt)
        #expect(request.completion(model: "m").maximumTokens == 16)
    }

    @Test(
        "prompts that are none are refused by name",
        arguments: [
            (nil, "prompt"), (5, "prompt"), ([], "prompt"), ([[]], "prompt[0]"),
            (["a", "b"], "prompt"), (["a", 1], "prompt"), (true, "prompt"),
            ([1, "a"], "prompt[1]"), ([[1, 2.5]], "prompt[0][1]"),
        ] as [(JSONValue, String)])
    func wrongPrompts(value: JSONValue, path: String) throws {
        let error = try #require(throws: JSONError.self) {
            try TextCompletionRequest(body: ["prompt": value])
        }
        #expect(error.path.description == path)
    }

    @Test("echo is the prompt where there is a text to repeat")
    func echo() throws {
        #expect(try TextCompletionRequest(body: ["prompt": "abc", "echo": true]).echo == "abc")
        #expect(try TextCompletionRequest(body: ["prompt": "abc"]).echo.isEmpty)
        #expect(throws: JSONError.self) {
            try TextCompletionRequest(body: ["prompt": [1], "echo": true])
        }
    }
}

extension TextCompletionRequest {
    fileprivate init(body: JSONValue) throws {
        try self.init(parsing: Array(body.serialized().utf8))
    }
}
