import ChatEngine
import ChatFormats
import CompletionAPI
import StructuredJSON
import Testing

@Suite("Conversations are put into the shape that a template expects")
struct ConversationShapeTests {
    private static let tools: [JSONValue] = [
        ["type": "function", "function": ["name": "tide", "parameters": ["type": "object"]]]
    ]

    private static let calls = Conversation(
        messages: [
            ChatMessage(role: "user", content: "When?"),
            ChatMessage(
                role: "assistant", content: "", reasoning: "Ask.",
                toolCalls: [
                    ToolCall(id: "call_1", name: "tide", arguments: #"{"at": 1}"#),
                    ToolCall(id: "call_2", name: "tide", arguments: "broken"),
                ]),
            ChatMessage(role: "tool", content: "two", toolCallID: "call_2"),
            ChatMessage(role: "tool", content: "one", toolCallID: "call_1"),
        ], tools: tools)

    private func shape(_ source: String, _ conversation: Conversation = calls) throws
        -> ConversationShape
    {
        ConversationShape(conversation, format: try ChatFormat(source: source, name: "t"))
    }

    private static let shows = """
        {{ tools | tojson if tools else '' }}{% for message in messages %}{{ message.content }}\
        {{ message.reasoning_content }}{% for call in message.tool_calls or [] %}<tool_call>{"name": "\
        {{- call.function.name }}", "arguments": {{ call.function.arguments | tojson }}}</tool_call>\
        {{ call.id }}{% endfor %}{{ message.tool_call_id }}{% endfor %}{# </think> #}
        """

    @Test("Arguments are objects, what is no JSON stays text, and thoughts go along")
    func objects() throws {
        let shape = try shape(Self.shows)
        #expect(shape.tools == Self.tools)
        #expect(shape.messages.count == 4)
        let calls = try #require(shape.messages[1]["tool_calls"]?.array)
        #expect(calls[0]["function"]?["arguments"] == ["at": 1])
        #expect(calls[1]["function"]?["arguments"] == "broken")
        #expect(calls[0]["id"] == "call_1" && calls[0]["type"] == "function")
        #expect(shape.messages[1]["reasoning_content"] == "Ask.")
        #expect(shape.messages[2]["tool_call_id"] == "call_2")
    }

    @Test("Where a message holds one call, each has one, with its own result after it")
    func oneCall() throws {
        let one = Self.shows.replacing(
            "{{ message.tool_call_id }}",
            with: "{% if message.tool_calls and message.tool_calls | length > 1 %}"
                + "{{ raise_exception('one') }}{% endif %}")
        let shape = try shape(one)
        #expect(
            shape.messages.compactMap { $0["role"]?.string } == [
                "user", "assistant", "tool", "assistant", "tool",
            ])
        #expect(shape.messages[2]["content"] == "one" && shape.messages[4]["content"] == "two")
        #expect(shape.messages[3]["reasoning_content"] == nil)
    }

    @Test("Ids of another length are replaced alike in calls and results")
    func ids() throws {
        let nine = Self.shows.replacing(
            "{{ call.id }}",
            with: "{% if call.id | length != 9 %}{{ raise_exception('nine') }}{% endif %}")
        let shape = try shape(nine)
        let id = try #require(shape.messages[1]["tool_calls"]?[1]?["id"]?.string)
        #expect(id.count == 9)
        #expect(shape.messages[2]["tool_call_id"] == .string(id))
    }

    private static let plain =
        "{% for message in messages %}<{{ message.role }}>{{ message.content }}{% endfor %}"

    @Test(
        "To a template without tools they are told in a system message, and results are the user's")
    func generic() throws {
        let shape = try shape(Self.plain)
        #expect(shape.tools.isEmpty)
        #expect(
            shape.messages.compactMap { $0["role"]?.string } == [
                "system", "user", "assistant", "user",
            ])
        let system = try #require(shape.messages[0]["content"]?.string)
        #expect(system.contains(#"{"name": "tide", "parameters": {"type": "object"}}"#))
        #expect(system.contains("<tool_call>"))
        #expect(
            shape.messages[2]["content"]?.string == """
                <tool_call>
                {"name": "tide", "arguments": {"at": 1}}
                </tool_call>
                <tool_call>
                {"name": "tide", "arguments": broken}
                </tool_call>
                """)
        #expect(
            shape.messages[3]["content"]?.string == """
                <tool_response>
                two
                </tool_response>
                <tool_response>
                one
                </tool_response>
                """)
    }

    @Test("Where there can be no system message, the first one of the user tells of tools")
    func noSystem() throws {
        let strict =
            Self.plain
            + "{% if messages[0].role == 'system' %}{{ raise_exception('none') }}{% endif %}"
        let shape = try shape(strict)
        let first = try #require(shape.messages[0]["content"]?.string)
        #expect(first.contains("<tools>") && first.hasSuffix("\n\nWhen?"))
    }

    @Test("A hundred kilobytes of tools are told in little time")
    func many() throws {
        let tools = (0..<400).map { index -> JSONValue in
            [
                "type": "function",
                "function": [
                    "name": .string("tool_\(index)"),
                    "description": .string(String(repeating: "what it is good for ", count: 8)),
                    "parameters": [
                        "type": "object",
                        "properties": ["value": ["type": "string", "description": "any 泊位"]],
                    ],
                ],
            ]
        }
        let conversation = Conversation(
            messages: [ChatMessage(role: "user", content: "Hi")], tools: tools)
        for source in [Self.shows, Self.plain] {
            let format = try ChatFormat(source: source, name: "t")
            let shape = ConversationShape(conversation, format: format)
            let text = try format.template.render(
                messages: shape.messages, tools: shape.tools, addGenerationPrompt: true)
            #expect(text.utf8.count > 100_000)
            let parser = AnswerParser(calls: format.calls, tools: ToolSet(tools))
            var one = parser
            let parts =
                one.append(#"<tool_call>{"name": "tool_399", "arguments": {}}</tool_call>"#)
                + one.finish()
            #expect(parts.first == .call(name: "tool_399", id: nil))
        }
    }
}
