import CompletionAPI
import ScriptedBackend
import Server
import StructuredJSON
import Testing

@Suite("Anthropic's messages")
struct AnthropicTests {
    private static let path = "/v1/messages"

    private func parse(_ body: String) throws -> MessagesRequest {
        try MessagesRequest(parsing: try JSONValue(parsing: body))
    }

    @Test("a request with every field reaches the engine complete")
    func complete() throws {
        let request = try parse(
            #"""
            {"model": "m", "max_tokens": 9, "system": [{"type": "text", "text": "Be brief.",
                "cache_control": {"type": "ephemeral"}}],
             "messages": [
                {"role": "user", "content": [
                    {"type": "text", "text": "one"}, {"type": "text", "text": "two"}]},
                {"role": "assistant", "content": [
                    {"type": "thinking", "thinking": "hm", "signature": "s"},
                    {"type": "redacted_thinking", "data": "x"},
                    {"type": "text", "text": "I look."},
                    {"type": "tool_use", "id": "t1", "name": "tide", "input": {"port": "Kiel"}}]},
                {"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": "t1", "content": [
                        {"type": "text", "text": "high"}]},
                    {"type": "tool_result", "tool_use_id": "t2", "content": "no", "is_error": true},
                    {"type": "text", "text": "And now?"}]}],
             "tools": [{"name": "tide", "description": "Tells.", "strict": true,
                "input_schema": {"type": "object"}}],
             "tool_choice": {"type": "any", "disable_parallel_tool_use": true},
             "thinking": {"type": "enabled", "budget_tokens": 1024},
             "output_config": {"format": {"type": "json_schema", "schema": {"type": "array"}}},
             "temperature": 0.5, "top_p": 0.9, "top_k": 40, "stop_sequences": ["a"],
             "stream": true, "metadata": {"user_id": "u"}, "service_tier": "auto"}
            """#)
        #expect(request.streams)
        let messages = [
            ChatMessage(role: "system", content: "Be brief."),
            ChatMessage(role: "user", content: "one\ntwo"),
            ChatMessage(
                role: "assistant", content: "I look.", reasoning: "hm",
                toolCalls: [ToolCall(id: "t1", name: "tide", arguments: #"{"port":"Kiel"}"#)]),
            ChatMessage(role: "tool", content: "high", toolCallID: "t1"),
            ChatMessage(role: "tool", content: "Error: no", toolCallID: "t2"),
            ChatMessage(role: "user", content: "And now?"),
        ]
        let tool: JSONValue = [
            "type": "function",
            "function": [
                "name": "tide", "description": "Tells.", "parameters": ["type": "object"],
                "strict": true,
            ],
        ]
        #expect(
            request.completion(model: "m")
                == CompletionRequest(
                    model: "m", prompt: .chat(Conversation(messages: messages, tools: [tool])),
                    sampling: SamplingOptions(temperature: 0.5, topK: 40, topP: 0.9),
                    maximumTokens: 9, stopStrings: ["a"], form: .jsonSchema(["type": "array"]),
                    toolChoice: .required, callsToolsInParallel: false,
                    reasoning: ReasoningOptions(isEnabled: true, budget: 1024)))
    }

    @Test("nobody thinks unless asked to")
    func unasked() throws {
        let request = try parse(
            #"{"max_tokens": 1, "messages": [{"role": "user", "content": "x"}]}"#)
        #expect(request.reasoning == ReasoningOptions(isEnabled: false))
    }

    @Test(
        "what is wrong or not possible is named",
        arguments: [
            (#""max_tokens": null"#, "max_tokens"), (#""messages": []"#, "messages"),
            (
                #""messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]"#,
                "messages[1].role"
            ),
            (
                #""messages": [{"role": "user", "content": [{"type": "image", "source": {}}]}]"#,
                "messages[0].content[0].type"
            ),
            (#""tools": [{"type": "web_search_20250305", "name": "w"}]"#, "tools[0].type"),
            (#""tools": [{"name": "w"}]"#, "tools[0].input_schema"),
            (#""tool_choice": {"type": "tool", "name": "w"}"#, "tool_choice"),
            (#""thinking": {"type": "enabled", "budget_tokens": 0}"#, "thinking.budget_tokens"),
            (#""mcp_servers": [{"type": "url"}]"#, "mcp_servers"),
            (#""stop_sequences": [""]"#, "stop_sequences[0]"),
        ])
    func faults(change: String, path: String) throws {
        let change = try #require(try JSONValue(parsing: "{\(change)}").object)
        var body: JSONObject = ["max_tokens": 5, "messages": [["role": "user", "content": "x"]]]
        for (name, value) in change { body[name] = value }
        let error = #expect(throws: JSONError.self) {
            try MessagesRequest(parsing: .object(body))
        }
        #expect(error?.path.description == path)
    }

    private static let events: [CompletionEvent] = [
        .started(promptTokens: 10), .reasoning("hm"), .text("I "), .text("look."),
        .toolCall(index: 0, id: "t1", name: "tide"), .toolArguments(index: 0, #"{"port":"#),
        .toolArguments(index: 0, #""Kiel"}"#), .toolCall(index: 1, id: "t2", name: "now"),
        .toolArguments(index: 1, "{}"), .finished(.toolCalls, .tenAndFive),
    ]

    @Test("a whole answer holds thoughts, text and calls, and counts cached tokens apart")
    func whole() {
        #expect(
            MessagesStyle(id: "msg_1", model: "m").answer([Self.events]) == [
                "id": "msg_1", "type": "message", "role": "assistant", "model": "m",
                "content": [
                    ["type": "thinking", "thinking": "hm", "signature": ""],
                    ["type": "text", "text": "I look."],
                    ["type": "tool_use", "id": "t1", "name": "tide", "input": ["port": "Kiel"]],
                    ["type": "tool_use", "id": "t2", "name": "now", "input": [:]],
                ],
                "stop_reason": "tool_use", "stop_sequence": nil,
                "usage": [
                    "input_tokens": 6, "cache_creation_input_tokens": 0,
                    "cache_read_input_tokens": 4, "output_tokens": 5,
                ],
            ])
    }

    @Test("a stream is blocks, one after the other, each begun, written and ended")
    func stream() throws {
        var style = MessagesStyle(id: "msg_1", model: "m")
        let events = try StreamedEvent.all(style.stream([Self.events]))
        #expect(events.allSatisfy { $0.data["type"]?.string == $0.name })
        let steps = events.map { event in
            let index = event.data["index"]?.int.map { " \($0)" } ?? ""
            let kind =
                event.data["content_block"]?["type"]?.string ?? event.data["delta"]?["type"]?.string
            return (event.name ?? "") + index + (kind.map { " \($0)" } ?? "")
        }
        #expect(
            steps == [
                "message_start", "content_block_start 0 thinking",
                "content_block_delta 0 thinking_delta", "content_block_stop 0",
                "content_block_start 1 text", "content_block_delta 1 text_delta",
                "content_block_delta 1 text_delta", "content_block_stop 1",
                "content_block_start 2 tool_use", "content_block_delta 2 input_json_delta",
                "content_block_delta 2 input_json_delta", "content_block_stop 2",
                "content_block_start 3 tool_use", "content_block_delta 3 input_json_delta",
                "content_block_stop 3", "message_delta", "message_stop",
            ])
        #expect(events[0].data["message"]?["usage"]?["input_tokens"] == 10)
        #expect(events[8].data["content_block"]?["input"] == [:])
        #expect(events[15].data["delta"]?["stop_reason"] == "tool_use")
        #expect(events[15].data["usage"]?["output_tokens"] == 5)
    }

    @Test(
        "what ended an answer has Anthropic's name",
        arguments: [
            (.stop, nil, "end_turn"), (.stop, "END", "stop_sequence"), (.length, nil, "max_tokens"),
            (.toolCalls, nil, "tool_use"),
        ] as [(FinishReason, String?, String)])
    func reasons(reason: FinishReason, stop: String?, name: String) {
        let usage = Usage(promptTokens: 1, completionTokens: 1, matchedStop: stop)
        let answer = MessagesStyle(id: "msg_1", model: "m").answer([[.finished(reason, usage)]])
        #expect(answer["stop_reason"] == .string(name))
        #expect(answer["stop_sequence"] == stop.map(JSONValue.string) ?? .null)
    }

    @Test("arguments that the token limit cut off are no object")
    func cutArguments() {
        let answer = MessagesStyle(id: "msg_1", model: "m").answer([
            [
                .toolCall(index: 0, id: "t", name: "f"), .toolArguments(index: 0, #"{"a": "#),
                .finished(.length, .tenAndFive),
            ]
        ])
        #expect(answer["content"]?[0]?["input"] == [:])
        #expect(answer["stop_reason"] == "max_tokens")
    }

    @Test("answers, counts and errors over HTTP have Anthropic's form")
    func overHTTP() async throws {
        let backend = ScriptedBackend { request in
            request.maximumTokens == 1
                ? .init(refusal: CompletionError(code: .overloaded, message: "full")) : .init()
        }
        let body = #""messages": [{"role": "user", "content": "Hello"}]}"#
        try await TestServer.run(backend) { server in
            let answer = try await server.answer("POST", Self.path, #"{"max_tokens": 5, "# + body)
            #expect(try answer.json["content"]?[0]?["text"] == "Hello, world")
            let count = try await server.answer("POST", Self.path + "/count_tokens", "{" + body)
            #expect(try count.json == ["input_tokens": 6])
            let wrong = try await server.answer("POST", Self.path, "{" + body)
            #expect(wrong.status == 400)
            #expect(
                try wrong.json == [
                    "type": "error",
                    "error": [
                        "type": "invalid_request_error", "message": "max_tokens is required",
                    ],
                ])
            let full = try await server.answer("POST", Self.path, #"{"max_tokens": 1, "# + body)
            #expect(full.status == 529)
            #expect(try full.json["error"]?["type"] == "overloaded_error")
        }
    }
}
