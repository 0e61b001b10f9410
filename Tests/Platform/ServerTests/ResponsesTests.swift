import CompletionAPI
import ScriptedBackend
import Server
import StructuredJSON
import Testing

@Suite("OpenAI's responses")
struct ResponsesTests {
    private func completion(
        _ body: String, earlier: [JSONValue] = []
    ) throws -> CompletionRequest {
        try ResponsesRequest(parsing: JSONValue(parsing: body))
            .completion(model: "m", earlier: earlier)
    }

    @Test("a request with every field reaches the engine complete")
    func complete() throws {
        let request = try completion(
            #"""
            {"model": "m", "instructions": "Be brief.", "input": [
                {"role": "user", "content": [{"type": "input_text", "text": "one"}]},
                {"type": "reasoning", "summary": [], "content": [
                    {"type": "reasoning_text", "text": "hm"}]},
                {"type": "message", "role": "assistant", "content": [
                    {"type": "output_text", "text": "I look."}]},
                {"type": "function_call", "call_id": "c1", "name": "tide", "arguments": "{}"},
                {"type": "function_call_output", "call_id": "c1", "output": "high"}],
             "max_output_tokens": 9, "temperature": 0.5, "top_p": 0.9, "top_logprobs": 2,
             "include": ["message.output_text.logprobs", "reasoning.encrypted_content"],
             "text": {"format": {"type": "json_schema", "name": "n", "schema": {"type": "array"}}},
             "tools": [{"type": "function", "name": "tide", "parameters": {"type": "object"}}],
             "tool_choice": {"type": "function", "name": "tide"}, "parallel_tool_calls": false,
             "reasoning": {"effort": "low", "summary": "auto"}, "store": false, "metadata": {"a": "b"}}
            """#)
        let messages = [
            ChatMessage(role: "system", content: "Be brief."),
            ChatMessage(role: "user", content: "one"),
            ChatMessage(
                role: "assistant", content: "I look.", reasoning: "hm",
                toolCalls: [ToolCall(id: "c1", name: "tide", arguments: "{}")]),
            ChatMessage(role: "tool", content: "high", toolCallID: "c1"),
        ]
        let tool: JSONValue = [
            "type": "function", "function": ["name": "tide", "parameters": ["type": "object"]],
        ]
        #expect(
            request
                == CompletionRequest(
                    model: "m",
                    prompt: .chat(
                        Conversation(
                            messages: messages, tools: [tool],
                            templateArguments: ["reasoning_effort": "low"])),
                    sampling: SamplingOptions(temperature: 0.5, topP: 0.9), maximumTokens: 9,
                    tokenReports: TokenReportOptions(top: 2), form: .jsonSchema(["type": "array"]),
                    toolChoice: .named("tide"), callsToolsInParallel: false,
                    reasoning: ReasoningOptions(isEnabled: true, budget: 1024)))
    }

    @Test(
        "what is wrong or not possible is named",
        arguments: [
            (#""input": null"#, "input"), (#""input": []"#, "input"),
            (#""input": [{"type": "web_search_call"}]"#, "input[0].type"),
            (#""input": [{"role": "robot", "content": "x"}]"#, "input[0].role"),
            (
                #""input": [{"role": "user", "content": [{"type": "input_image"}]}]"#,
                "input[0].content[0].type"
            ),
            (#""tools": [{"type": "file_search"}]"#, "tools[0].type"),
            (#""background": true"#, "background"),
            (#""conversation": {"id": "c"}"#, "conversation"),
            (#""prompt": {"id": "p"}"#, "prompt"), (#""truncation": "auto""#, "truncation"),
            (#""include": ["file_search_call.results"]"#, "include[0]"),
            (#""text": {"format": {"type": "xml"}}"#, "text.format.type"),
            (#""max_output_tokens": 0"#, "max_output_tokens"),
            (#""reasoning": {"effort": "hard"}"#, "reasoning.effort"),
        ])
    func faults(change: String, path: String) throws {
        let members = try #require(try JSONValue(parsing: "{\(change)}").object)
        var body: JSONObject = ["input": "x"]
        for (name, value) in members { body[name] = value }
        let error = #expect(throws: JSONError.self) {
            try ResponsesRequest(parsing: .object(body))
        }
        #expect(error?.path.description == path)
    }

    private static let events: [CompletionEvent] = [
        .started(promptTokens: 10), .reasoning("h"), .reasoning("m"), .text("I "), .text("look."),
        .toolCall(index: 0, id: "c1", name: "tide"), .toolArguments(index: 0, "{"),
        .toolArguments(index: 0, "}"), .finished(.toolCalls, .tenAndFive),
    ]
    private static let head = ResponseHead(id: "resp_1x", created: 12, model: "m")

    @Test("a whole answer has an item for thoughts, text and each call")
    func whole() {
        let answer = ResponsesStyle(head: Self.head).answer([Self.events])
        #expect(answer["status"] == "completed")
        #expect(
            answer["output"] == [
                [
                    "id": "rs_1x0", "type": "reasoning", "summary": [],
                    "content": [["type": "reasoning_text", "text": "hm"]], "status": "completed",
                ],
                [
                    "id": "msg_1x1", "type": "message", "status": "completed", "role": "assistant",
                    "content": [
                        [
                            "type": "output_text", "text": "I look.", "annotations": [],
                            "logprobs": [],
                        ]
                    ],
                ],
                [
                    "id": "fc_1x2", "type": "function_call", "call_id": "c1", "name": "tide",
                    "arguments": "{}", "status": "completed",
                ],
            ])
        #expect(
            answer["usage"] == [
                "input_tokens": 10, "input_tokens_details": ["cached_tokens": 4],
                "output_tokens": 5, "output_tokens_details": ["reasoning_tokens": 2],
                "total_tokens": 15,
            ])
    }

    @Test("a stream ends with what a whole answer is, and its events are in OpenAI's order")
    func stream() throws {
        var style = ResponsesStyle(head: Self.head)
        let whole = style.answer([Self.events])
        let events = try StreamedEvent.all(style.stream([Self.events]))
        #expect(events.allSatisfy { $0.data["type"]?.string == $0.name })
        let numbers = events.map { $0.data["sequence_number"]?.int }
        #expect(numbers == Array(events.indices))
        #expect(events.last?.data["response"] == whole)
        #expect(
            events.map { ($0.name ?? "").replacing("response.", with: "") } == [
                "created", "in_progress",
                "output_item.added", "content_part.added", "reasoning_text.delta",
                "reasoning_text.delta", "reasoning_text.done", "content_part.done",
                "output_item.done",
                "output_item.added", "content_part.added", "output_text.delta",
                "output_text.delta", "output_text.done", "content_part.done", "output_item.done",
                "output_item.added", "function_call_arguments.delta",
                "function_call_arguments.delta", "function_call_arguments.done",
                "output_item.done", "completed",
            ])
    }

    @Test("an answer that was cut is incomplete, and one without a word has a message still")
    func cut() throws {
        var style = ResponsesStyle(head: Self.head)
        let events: [CompletionEvent] = [
            .started(promptTokens: 1), .finished(.length, .tenAndFive),
        ]
        let whole = style.answer([events])
        #expect(whole["status"] == "incomplete")
        #expect(whole["incomplete_details"] == ["reason": "max_output_tokens"])
        #expect(whole["output"]?[0]?["type"] == "message")
        let last = try StreamedEvent.all(style.stream([events])).last
        #expect(last?.name == "response.incomplete")
        #expect(last?.data["response"] == whole)
    }

    @Test("a failure on the way is a response that failed")
    func failure() throws {
        var style = ResponsesStyle(head: Self.head)
        let error = APIError(CompletionError(code: .engineFailure, message: "it broke"))
        let event = try StreamedEvent.all(style.frames(for: error)).first
        #expect(event?.name == "response.failed")
        #expect(
            event?.data["response"]?["error"] == [
                "code": "engine_failure", "message": "it broke",
            ])
    }

    @Test("an answer is kept, read, gone on from and deleted", arguments: [false, true])
    func kept(streams: Bool) async throws {
        let backend = ScriptedBackend()
        try await TestServer.run(backend) { server in
            let first = try await server.answer(
                "POST", "/v1/responses", #"{"input": "one", "stream": \#(streams)}"#)
            let object =
                try streams
                ? #require(StreamedEvent.all(first.streamed).last?.data["response"]) : first.json
            let id = try #require(object["id"]?.string)
            let read = try await server.answer("GET", "/v1/responses/\(id)")
            #expect(try read.json == object)
            let items = try await server.answer("GET", "/v1/responses/\(id)/input_items")
            #expect(try items.json["data"]?[0]?["content"]?[0]?["text"] == "one")
            _ = try await server.answer(
                "POST", "/v1/responses",
                #"{"input": "two", "previous_response_id": "\#(id)", "store": false}"#)
            guard case .chat(let conversation)? = backend.requests.last?.prompt else {
                Issue.record("no conversation")
                return
            }
            #expect(conversation.messages.map(\.content) == ["one", "Hello, world", "two"])
            let deleted = try await server.answer("DELETE", "/v1/responses/\(id)")
            #expect(try deleted.json["deleted"] == true)
            #expect(try await server.answer("GET", "/v1/responses/\(id)").status == 404)
            let gone = try await server.answer(
                "POST", "/v1/responses", #"{"input": "x", "previous_response_id": "\#(id)"}"#)
            #expect(gone.status == 400)
            #expect(try gone.json["error"]?["param"] == "previous_response_id")
        }
    }

    @Test("a full store drops what was not asked for the longest, and tenants see their own only")
    func store() async throws {
        let store = MemoryResponseStore(mostResponses: 2)
        func response(_ id: String) -> StoredResponse {
            StoredResponse(id: id, object: ["id": .string(id)], input: [])
        }
        try await store.save(response("a"), for: "t")
        try await store.save(response("b"), for: "t")
        #expect(try await store.response("a", for: "other") == nil)
        #expect(try await store.response("a", for: "t") != nil)
        try await store.save(response("c"), for: "t")
        #expect(try await store.response("b", for: "t") == nil)
        #expect(try await store.response("a", for: "t") != nil)
        #expect(try await !store.delete("a", for: "other"))
        #expect(try await store.delete("a", for: "t"))
        let small = MemoryResponseStore(mostBytes: 5)
        try await small.save(response("a"), for: "t")
        #expect(try await small.response("a", for: "t") == nil)
    }
}
