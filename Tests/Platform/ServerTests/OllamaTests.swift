import CompletionAPI
import Foundation
import ScriptedBackend
import Server
import StructuredJSON
import Testing

@Suite("Ollama's API")
struct OllamaTests {
    private static let noon: @Sendable () -> Date = { Date(timeIntervalSince1970: 1.5) }

    private func chat(_ body: String) throws -> CompletionRequest {
        try OllamaRequest(chat: try JSONValue(parsing: body)).completion(model: "m", canChat: true)
    }

    private func generate(_ body: String, canChat: Bool = true) throws -> CompletionRequest {
        try OllamaRequest(generate: try JSONValue(parsing: body))
            .completion(model: "m", canChat: canChat)
    }

    /// The objects of a stream.
    private func lines(_ text: String) throws -> [JSONValue] {
        try text.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
    }

    @Test("a chat with every field reaches the engine complete")
    func completeChat() throws {
        let request = try chat(
            #"""
            {"model": "m", "messages": [
                {"role": "system", "content": "Be brief."}, {"role": "user", "content": "x"},
                {"role": "assistant", "content": "", "thinking": "hm", "tool_calls": [
                    {"function": {"name": "tide", "arguments": {"port": "Kiel"}}}]},
                {"role": "tool", "content": "high", "tool_name": "tide"}],
             "tools": [{"type": "function", "function": {"name": "tide"}}], "think": "low",
             "format": {"type": "array"}, "logprobs": true, "top_logprobs": 2, "keep_alive": "5m",
             "options": {"num_predict": 9, "temperature": 0.5, "top_k": 40, "top_p": 0.9,
                "min_p": 0.1, "seed": 7, "stop": ["a"], "repeat_penalty": 1.1,
                "presence_penalty": 1, "frequency_penalty": -1, "num_ctx": 4096, "num_gpu": 1}}
            """#)
        let messages = [
            ChatMessage(role: "system", content: "Be brief."),
            ChatMessage(role: "user", content: "x"),
            ChatMessage(
                role: "assistant", content: "", reasoning: "hm",
                toolCalls: [ToolCall(id: "", name: "tide", arguments: #"{"port":"Kiel"}"#)]),
            ChatMessage(role: "tool", content: "high", name: "tide"),
        ]
        let tool: JSONValue = ["type": "function", "function": ["name": "tide"]]
        #expect(
            request
                == CompletionRequest(
                    model: "m", prompt: .chat(Conversation(messages: messages, tools: [tool])),
                    sampling: SamplingOptions(
                        temperature: 0.5, topK: 40, topP: 0.9, minP: 0.1, repetitionPenalty: 1.1,
                        presencePenalty: 1, frequencyPenalty: -1, seed: 7),
                    maximumTokens: 9, stopStrings: ["a"], tokenReports: TokenReportOptions(top: 2),
                    form: .jsonSchema(["type": "array"]),
                    reasoning: ReasoningOptions(isEnabled: true, budget: 1024)))
    }

    @Test("a prompt is a conversation, or its text where it is raw or nobody can chat")
    func prompts() throws {
        let body = #"{"model": "m", "prompt": "x", "system": "Be brief.", "format": "json"}"#
        let request = try generate(body)
        #expect(request.form == .jsonObject)
        #expect(
            request.prompt
                == .chat(
                    Conversation(messages: [
                        ChatMessage(role: "system", content: "Be brief."),
                        ChatMessage(role: "user", content: "x"),
                    ])))
        #expect(
            try generate(#"{"model": "m", "prompt": "x", "raw": true}"#).prompt == .text("x"))
        #expect(
            try generate(#"{"model": "m", "prompt": "x"}"#, canChat: false).prompt == .text("x"))
        let error = #expect(throws: CompletionError.self) { try generate(body, canChat: false) }
        #expect(error?.field == "system")
    }

    @Test("as many tokens as the model likes", arguments: [-2, -1, 0])
    func endless(number: Int) throws {
        let body = #"{"model": "m", "prompt": "x", "options": {"num_predict": \#(number)}}"#
        #expect(try generate(body).maximumTokens == nil)
    }

    @Test(
        "what is wrong or not possible is named",
        arguments: [
            (#""model": null"#, "model"), (#""suffix": "x""#, "suffix"),
            (#""template": "x""#, "template"), (#""context": [1]"#, "context"),
            (#""images": ["x"]"#, "images"), (#""format": "xml""#, "format"),
            (#""think": "hard""#, "think"), (#""think": 1"#, "think"),
            (#""options": {"mirostat": 1}"#, "options.mirostat"),
            (#""options": {"temperature": 3}"#, "options.temperature"),
            (#""prompt": "", "keep_alive": 0"#, "keep_alive"),
        ])
    func faults(change: String, path: String) throws {
        let change = try #require(try JSONValue(parsing: "{\(change)}").object)
        var body: JSONObject = ["model": "m", "prompt": "x"]
        for (name, value) in change { body[name] = value }
        let error = #expect(throws: JSONError.self) {
            try OllamaRequest(generate: .object(body))
        }
        #expect(error?.path.description == path)
    }

    private static let events: [CompletionEvent] = [
        .started(promptTokens: 10), .reasoning("hm"), .text("I look."),
        .toolCall(index: 0, id: "t1", name: "tide"), .toolArguments(index: 0, #"{"port":"#),
        .toolArguments(index: 0, #""Kiel"}"#), .finished(.toolCalls, .tenAndFive),
    ]
    private static let call: JSONValue = [
        "id": "t1", "function": ["name": "tide", "arguments": ["port": "Kiel"]],
    ]

    @Test("a whole answer tells its times in nanoseconds")
    func whole() {
        let style = OllamaStyle(model: "m", endpoint: .chat, now: Self.noon)
        #expect(
            style.answer([Self.events]) == [
                "model": "m", "created_at": "1970-01-01T00:00:01.500Z",
                "message": [
                    "role": "assistant", "content": "I look.", "thinking": "hm",
                    "tool_calls": [Self.call],
                ],
                "done": true, "done_reason": "stop", "total_duration": 0, "load_duration": 0,
                "prompt_eval_count": 10, "prompt_eval_duration": 500_000_000, "eval_count": 5,
                "eval_duration": 2_000_000_000,
            ])
    }

    @Test("a stream is one object a line, and calls come whole")
    func stream() throws {
        var style = OllamaStyle(model: "m", endpoint: .chat, now: Self.noon)
        let all = try lines(style.stream([Self.events]))
        #expect(
            all.map { $0["message"] } == [
                ["role": "assistant", "content": "", "thinking": "hm"],
                ["role": "assistant", "content": "I look."],
                ["role": "assistant", "content": "", "tool_calls": [Self.call]],
                ["role": "assistant", "content": ""],
            ])
        #expect(all.map { $0["done"] } == [false, false, false, true])
        #expect(all.last?["eval_count"] == 5)
    }

    @Test("a continued prompt is in the member response")
    func generated() throws {
        var style = OllamaStyle(model: "m", endpoint: .generate, now: Self.noon)
        let events: [CompletionEvent] = [.text("a"), .finished(.length, .tenAndFive)]
        let all = try lines(style.stream([events]))
        #expect(all.map { $0["response"] } == ["a", ""])
        #expect(all.last?["done_reason"] == "length")
        let error = try lines(
            style.frames(for: APIError(CompletionError(code: .engineFailure, message: "broke"))))
        #expect(error == [["error": "broke"]])
    }

    @Test("models, vectors and refusals over HTTP have Ollama's form")
    func overHTTP() async throws {
        let backend = ScriptedBackend(models: [.scripted, .scriptedEmbedder])
        try await TestServer.run(backend) { server in
            let chat = try await server.answer(
                "POST", "/api/chat",
                #"{"model": "scripted:latest", "messages": [{"role": "user", "content": "x"}]}"#)
            #expect(chat.head.contains("application/x-ndjson"))
            let all = try lines(chat.streamed)
            #expect(all.count == 4)
            #expect(all.last?["model"] == "scripted:latest")
            let loaded = try await server.answer("POST", "/api/generate", #"{"model": "scripted"}"#)
            #expect(try loaded.json["done_reason"] == "load")
            let tags = try await server.answer("GET", "/api/tags")
            #expect(try tags.json["models"]?.array?.count == 2)
            let shown = try await server.answer("POST", "/api/show", #"{"model": "scripted"}"#)
            #expect(try shown.json["capabilities"] == ["completion"])
            let vectors = try await server.answer(
                "POST", "/api/embed", #"{"model": "scripted-embedder", "input": ["a", "bb"]}"#)
            #expect(try vectors.json["embeddings"] == [[1.0, 0.5, -0.25], [2.0, 0.5, -0.25]])
            #expect(backend.embeddings.first?.truncates == true)
            let one = try await server.answer(
                "POST", "/api/embeddings", #"{"model": "scripted-embedder", "prompt": "abc"}"#)
            #expect(try one.json == ["embedding": [3.0, 0.5, -0.25]])
            let pull = try await server.answer("POST", "/api/pull", #"{"model": "x"}"#)
            #expect(pull.status == 501)
            #expect(try pull.json["error"]?.string?.contains("berth pull") == true)
            let unknown = try await server.answer("POST", "/api/chat", #"{"model": "x"}"#)
            #expect(unknown.status == 404)
        }
    }
}
