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
            request.completions(model: "m") == [
                CompletionRequest(
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
                        seed: .max), maximumTokens: 9, stopStrings: ["a", "b"],
                    reasoning: ReasoningOptions(isEnabled: false))
            ])
    }

    @Test("null is the same as absent")
    func nulls() throws {
        let fields = [
            "model", "temperature", "top_p", "top_k", "min_p", "repetition_penalty",
            "repeat_penalty", "presence_penalty", "frequency_penalty", "logit_bias", "seed", "stop",
            "max_tokens",
            "max_completion_tokens", "stream", "stream_options", "n", "logprobs", "top_logprobs",
            "response_format", "tools", "functions", "modalities", "chat_template_kwargs",
            "tool_choice", "parallel_tool_calls", "reasoning_effort", "enable_thinking",
            "thinking", "thinking_budget", "guided_json", "guided_regex", "guided_choice",
            "guided_grammar", "structured_outputs", "json_schema", "grammar", "complete_form",
            "best_of", "audio", "web_search_options", "store",
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

    @Test(
        "what this server cannot do is refused by name",
        arguments: [
            ("n", 0), ("n", 129), ("best_of", 2), ("top_logprobs", 3),
            ("functions", [["name": "f"]]), ("modalities", ["text", "audio"]),
            ("response_format", ["type": "grammar"]), ("audio", ["voice": "alloy"]),
            ("web_search_options", [:]), ("store", true), ("max_tokens", 0),
        ] as [(String, JSONValue)])
    func unsupported(name: String, value: JSONValue) throws {
        let body = JSONValue.object(["messages": Self.hello, name: value])
        let error = try #require(throws: JSONError.self) {
            try ChatCompletionRequest(parsing: body)
        }
        #expect(error.path.description.hasPrefix(name))
        #expect(APIError(error).status == .badRequest)
    }

    @Test("each of several answers has a seed of its own, the first one the request's")
    func seeds() throws {
        let request = try ChatCompletionRequest(parsing: [
            "messages": Self.hello, "n": 3, "seed": 7,
        ])
        #expect(request.completions(model: "m").map(\.sampling.seed) == [7, 8, 9])
    }

    @Test(
        "prompts of completions come in four forms",
        arguments: [
            ("text", [.text("text")]), (["a", "b"], [.text("a"), .text("b")]),
            ([5, 6], [.tokens([5, 6])]), ([[5, 6], [7]], [.tokens([5, 6]), .tokens([7])]),
            (["a", [7]], [.text("a"), .tokens([7])]),
        ] as [(JSONValue, [Prompt])])
    func prompts(value: JSONValue, prompts: [Prompt]) throws {
        let requests = try TextCompletionRequest(body: ["prompt": value]).completions(model: "m")
        #expect(requests.map(\.prompt) == prompts)
        #expect(requests.allSatisfy { $0.maximumTokens == 16 })
    }

    @Test(
        "prompts that are none are refused by name",
        arguments: [
            (nil, "prompt"), (5, "prompt"), ([], "prompt"), ([[]], "prompt[0]"),
            (["a", 1], "prompt[1]"), ([nil], "prompt[0]"), (true, "prompt"),
            ([1, "a"], "prompt[1]"), ([[1, 2.5]], "prompt[0][1]"),
        ] as [(JSONValue, String)])
    func wrongPrompts(value: JSONValue, path: String) throws {
        let error = try #require(throws: JSONError.self) {
            try TextCompletionRequest(body: ["prompt": value])
        }
        #expect(error.path.description == path)
    }

    @Test("a prompt can be scored without an answer to it")
    func scoring() throws {
        let request = try TextCompletionRequest(body: [
            "prompt": [[1, 2], [3]], "max_tokens": 0, "echo": true, "logprobs": 1,
        ])
        let requests = request.completions(model: "m")
        #expect(requests.map(\.maximumTokens) == [0, 0])
        #expect(
            requests.allSatisfy {
                $0.tokenReports == TokenReportOptions(top: 1, includesPrompt: true)
            })
    }

    @Test("more answers than a request may ask for are refused, of all prompts together")
    func tooManyAnswers() throws {
        let prompts = JSONValue.array(Array(repeating: "x", count: 64))
        #expect(
            try TextCompletionRequest(body: ["prompt": prompts, "n": 2]).completions(model: "m")
                .count == 128)
        let error = try #require(throws: JSONError.self) {
            try TextCompletionRequest(body: ["prompt": prompts, "n": 3])
        }
        #expect(error.path.description == "n")
    }
}

extension TextCompletionRequest {
    fileprivate init(body: JSONValue) throws {
        try self.init(parsing: Array(body.serialized().utf8))
    }
}
