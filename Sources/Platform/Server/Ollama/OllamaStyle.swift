package import CompletionAPI
package import FoundationEssentials
package import StructuredJSON

/// Answers of `/api/chat` and `/api/generate`: one JSON object a line.
package struct OllamaStyle: AnswerStyle {
    package enum Endpoint: Sendable {
        case chat
        case generate
    }

    private let model: String
    private let endpoint: Endpoint
    private let showsLogprobs: Bool
    private let now: @Sendable () -> Date
    private let start: Date
    /// A call whose arguments are not complete: Ollama's clients get calls whole.
    private var call: ToolCall?

    /// An answer that begins now; it tells the time, and how long it took.
    package init(
        model: String, endpoint: Endpoint, showsLogprobs: Bool = false,
        now: @escaping @Sendable () -> Date = { Date.now }
    ) {
        self.model = model
        self.endpoint = endpoint
        self.showsLogprobs = showsLogprobs
        self.now = now
        start = now()
    }

    package static let streamType = "application/x-ndjson"

    // MARK: Streams

    package mutating func frames(for event: CompletionEvent, choice: Int) -> String {
        switch event {
        case .started, .prompt: return ""
        case .text(let text, let tokens):
            guard !text.isEmpty || showsLogprobs else { return "" }
            return line(part(text: text, tokens: tokens))
        case .reasoning(let text): return line(part(reasoning: text))
        case .toolCall(_, let id, let name):
            defer { call = ToolCall(id: id, name: name, arguments: "") }
            return flush()
        case .toolArguments(_, let text):
            call?.arguments += text
            return ""
        case .finished(let reason, let usage):
            return flush() + line(part(end: (reason, usage)))
        }
    }

    package mutating func closing() -> String { "" }

    package mutating func frames(for error: APIError) -> String { line(error.ollamaBody) }

    private mutating func flush() -> String {
        guard let complete = call else { return "" }
        call = nil
        return line(part(calls: [complete]))
    }

    private func line(_ value: JSONValue) -> String { value.serialized() + "\n" }

    // MARK: Whole answers

    package func whole(_ answers: [CollectedAnswer]) -> JSONValue {
        guard let answer = answers.first else { return .null }
        return part(
            text: answer.text, reasoning: answer.reasoning, calls: answer.toolCalls,
            tokens: answer.tokens, end: (answer.reason ?? .stop, answer.usage))
    }

    /// The answer to a request that only wants the model loaded.
    package func loaded() -> JSONValue {
        var object = part().object ?? [:]
        object["done"] = true
        object["done_reason"] = "load"
        return .object(object)
    }

    // MARK: Both

    private func part(
        text: String = "", reasoning: String = "", calls: [ToolCall] = [],
        tokens: [TokenReport] = [], end: (FinishReason, Usage)? = nil
    ) -> JSONValue {
        let now = now()
        var object: JSONObject = [
            "model": .string(model), "created_at": .string(now.ollama),
        ]
        switch endpoint {
        case .chat:
            var message: JSONObject = ["role": "assistant", "content": .string(text)]
            if !reasoning.isEmpty { message["thinking"] = .string(reasoning) }
            if !calls.isEmpty { message["tool_calls"] = .array(calls.map(\.ollama)) }
            object["message"] = .object(message)
        case .generate:
            object["response"] = .string(text)
            if !reasoning.isEmpty { object["thinking"] = .string(reasoning) }
        }
        if showsLogprobs, !tokens.isEmpty {
            object["logprobs"] = .array(tokens.map(\.openAI))
        }
        object["done"] = .bool(end != nil)
        guard let (reason, usage) = end else { return .object(object) }
        object["done_reason"] = reason == .length ? "length" : "stop"
        object["total_duration"] = .nanoseconds(now.timeIntervalSince(start))
        object["load_duration"] = 0
        object["prompt_eval_count"] = .integer(usage.promptTokens)
        object["prompt_eval_duration"] = .nanoseconds(usage.prefillSeconds)
        object["eval_count"] = .integer(usage.completionTokens)
        object["eval_duration"] = .nanoseconds(usage.decodeSeconds)
        return .object(object)
    }
}

extension ToolCall {
    fileprivate var ollama: JSONValue {
        [
            "id": .string(id),
            "function": ["name": .string(name), "arguments": .object(argumentsObject)],
        ]
    }
}

extension Date {
    /// RFC 3339 in UTC.
    var ollama: String { formatted(ISO8601FormatStyle(includingFractionalSeconds: true)) }
}

extension JSONValue {
    static func nanoseconds(_ seconds: Double) -> JSONValue {
        .integer(Int(clamping: Int64(max(seconds, 0) * 1e9)))
    }
}
