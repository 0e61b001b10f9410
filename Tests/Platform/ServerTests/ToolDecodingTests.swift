import CompletionAPI
import Server
import StructuredJSON
import Testing

@Suite("Decoding tools, forms and thoughts")
struct ToolDecodingTests {
    private static let hello: JSONValue = [["role": "user", "content": "Hello"]]
    private static let tide: JSONValue = [
        "type": "function",
        "function": ["name": "tide", "parameters": ["type": "object"], "strict": true],
    ]

    private func request(_ fields: KeyValuePairs<String, JSONValue>) throws -> CompletionRequest {
        var body: JSONObject = ["messages": Self.hello]
        for (name, value) in fields { body[name] = value }
        return try ChatCompletionRequest(parsing: .object(body)).completions(model: "m")[0]
    }

    private func path(_ fields: KeyValuePairs<String, JSONValue>) throws -> String {
        try #require(throws: JSONError.self) { try request(fields) }.path.description
    }

    @Test(
        "a choice of tools reaches the engine",
        arguments: [
            ("auto", .auto), ("none", .none), ("required", .required),
            (["type": "function", "function": ["name": "tide"]], .named("tide")),
        ] as [(JSONValue, ToolChoice)])
    func choices(value: JSONValue, choice: ToolChoice) throws {
        let request = try request([
            "tools": [Self.tide], "tool_choice": value, "parallel_tool_calls": false,
        ])
        #expect(request.toolChoice == choice)
        #expect(!request.callsToolsInParallel)
        guard case .chat(let conversation) = request.prompt else {
            Issue.record("no conversation")
            return
        }
        // As they stand: templates show them to the model.
        #expect(conversation.tools == [Self.tide])
    }

    @Test("tools that cannot be called are refused by name")
    func wrongTools() throws {
        #expect(try path(["tools": [["type": "web_search"]]]) == "tools[0].type")
        #expect(try path(["tools": [["type": "function"]]]) == "tools[0].function")
        #expect(try path(["tools": [Self.tide, Self.tide]]) == "tools[1].function.name")
        #expect(try path(["tool_choice": "required"]) == "tool_choice")
        #expect(
            try path([
                "tools": [Self.tide],
                "tool_choice": ["type": "function", "function": ["name": "other"]],
            ]) == "tool_choice")
        #expect(try path(["tools": [Self.tide], "tool_choice": "any"]) == "tool_choice")
    }

    @Test("calls of earlier turns and what they gave reach the engine")
    func earlierCalls() throws {
        let request = try ChatCompletionRequest(parsing: [
            "messages": [
                ["role": "user", "content": "x"],
                [
                    "role": "assistant", "content": nil, "reasoning_content": "hm",
                    "tool_calls": [
                        [
                            "id": "1", "type": "function",
                            "function": ["name": "tide", "arguments": "{\"a\": 1}"],
                        ]
                    ],
                ],
                ["role": "tool", "tool_call_id": "1", "content": "high"],
            ]
        ])
        #expect(
            request.conversation.messages.dropFirst() == [
                ChatMessage(
                    role: "assistant", content: "", reasoning: "hm",
                    toolCalls: [ToolCall(id: "1", name: "tide", arguments: "{\"a\": 1}")]),
                ChatMessage(role: "tool", content: "high", toolCallID: "1"),
            ])
    }

    @Test("calls that are none are refused by name")
    func wrongCalls() throws {
        let messages: JSONValue = [
            ["role": "assistant", "tool_calls": [["id": "1", "function": ["name": "f"]]]]
        ]
        #expect(
            try path(["messages": messages]) == "messages[0].tool_calls[0].function.arguments")
    }

    @Test(
        "every name of a form is known",
        arguments: [
            ("response_format", ["type": "text"], nil),
            ("response_format", ["type": "json_object"], .jsonObject),
            (
                "response_format",
                [
                    "type": "json_schema",
                    "json_schema": ["name": "n", "schema": ["type": "array"]],
                ],
                .jsonSchema(["type": "array"])
            ),
            ("guided_json", ["type": "array"], .jsonSchema(["type": "array"])),
            ("guided_json", "{\"type\": \"array\"}", .jsonSchema(["type": "array"])),
            ("json_schema", ["type": "array"], .jsonSchema(["type": "array"])),
            ("guided_regex", "a+", .regularExpression("a+")),
            ("guided_choice", ["a", "b"], .choice(["a", "b"])),
            ("guided_grammar", "root ::= \"a\"", .grammar("root ::= \"a\"")),
            ("grammar", "root ::= \"a\"", .grammar("root ::= \"a\"")),
            ("structured_outputs", ["regex": "a+"], .regularExpression("a+")),
            ("structured_outputs", ["json_object": true], .jsonObject),
            ("structured_outputs", [:], nil),
        ] as [(String, JSONValue, AnswerForm?)])
    func forms(name: String, value: JSONValue, form: AnswerForm?) throws {
        #expect(try request([name: value]).form == form)
    }

    @Test("forms that are none, and a second form, are refused by name")
    func wrongForms() throws {
        #expect(
            try path(["response_format": ["type": "json_schema"]])
                == "response_format.json_schema")
        #expect(try path(["guided_json": "{"]) == "guided_json")
        #expect(try path(["guided_choice": []]) == "guided_choice")
        #expect(try path(["guided_regex": ""]) == "guided_regex")
        #expect(
            try path(["structured_outputs": ["structural_tag": "x"]])
                == "structured_outputs.structural_tag")
        #expect(
            try path(["response_format": ["type": "json_object"], "guided_regex": "a"])
                == "guided_regex")
    }

    @Test(
        "every name for thinking is known",
        arguments: [
            ("reasoning_effort", "none", .init(isEnabled: false)),
            ("reasoning_effort", "low", .init(isEnabled: true, budget: 1024)),
            ("reasoning_effort", "high", .init(isEnabled: true)),
            ("enable_thinking", false, .init(isEnabled: false)),
            ("chat_template_kwargs", ["enable_thinking": true], .init(isEnabled: true)),
            ("thinking", ["type": "disabled"], .init(isEnabled: false)),
            (
                "thinking", ["type": "enabled", "budget_tokens": 9],
                .init(isEnabled: true, budget: 9)
            ),
            ("thinking_budget", 100, .init(budget: 100)), ("user", "x", .init()),
        ] as [(String, JSONValue, ReasoningOptions)])
    func reasoning(name: String, value: JSONValue, options: ReasoningOptions) throws {
        #expect(try request([name: value]).reasoning == options)
    }

    @Test("thinking that is none is refused by name")
    func wrongReasoning() throws {
        #expect(try path(["reasoning_effort": "hard"]) == "reasoning_effort")
        #expect(try path(["enable_thinking": "yes"]) == "enable_thinking")
        #expect(try path(["thinking_budget": -1]) == "thinking_budget")
        #expect(try path(["thinking": ["type": "x"]]) == "thinking.type")
    }
}
