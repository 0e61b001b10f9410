package import CompletionAPI
package import StructuredJSON

/// What every object of one answer repeats.
package struct ReplyHead: Sendable, Equatable {
    /// `chatcmpl-...` or `cmpl-...`.
    package var id: String
    /// Seconds since 1970.
    package var created: Int
    package var model: String
    package var fingerprint: String?

    package init(id: String, created: Int, model: String, fingerprint: String? = nil) {
        self.id = id
        self.created = created
        self.model = model
        self.fingerprint = fingerprint
    }

    /// A random id in the form that OpenAI uses.
    package static func randomID(prefix: String) -> String {
        let alphabet = Array("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
        return prefix + "-" + String((0..<24).map { _ in alphabet[Int.random(in: 0..<62)] })
    }
}

/// How one endpoint words an answer: whole, and piece by piece.
package protocol CompletionReply: Sendable {
    var head: ReplyHead { get }
    /// `object` of a whole answer and of a chunk.
    static var objects: (whole: String, chunk: String) { get }
    /// What a stream starts with, before the first text.
    var opening: [JSONValue] { get }
    /// The choice of a chunk that holds more text.
    func piece(_ text: String) -> JSONValue
    /// The choice of the chunk that ends the text.
    func ending(_ reason: FinishReason) -> JSONValue
    /// The choice of a whole answer.
    func whole(_ text: String, _ reason: FinishReason) -> JSONValue
}

extension CompletionReply {
    /// A complete answer: `chat.completion` or `text_completion`.
    package func answer(_ text: String, _ reason: FinishReason, _ usage: Usage) -> JSONValue {
        object(
            Self.objects.whole, [whole(text, reason)],
            ["usage": usage.openAI, "timings": usage.timings])
    }

    /// One object of a stream.
    func chunk(_ choices: [JSONValue], _ extra: [(String, JSONValue)]) -> JSONValue {
        object(Self.objects.chunk, choices, extra)
    }

    private func object(
        _ kind: String, _ choices: [JSONValue], _ extra: [(String, JSONValue)]
    ) -> JSONValue {
        var members: [(String, JSONValue)] = [
            ("id", .string(head.id)), ("object", .string(kind)),
            ("created", .integer(head.created)),
            ("model", .string(head.model)), ("choices", .array(choices)),
        ]
        if let fingerprint = head.fingerprint {
            members.append(("system_fingerprint", .string(fingerprint)))
        }
        return .object(JSONObject(uniqueKeysWithValues: members + extra))
    }

    private func object(
        _ kind: String, _ choices: [JSONValue], _ extra: KeyValuePairs<String, JSONValue>
    ) -> JSONValue {
        object(kind, choices, extra.map { ($0.key, $0.value) })
    }
}

/// Answers of `/v1/chat/completions`.
package struct ChatReply: CompletionReply {
    package var head: ReplyHead

    package init(head: ReplyHead) {
        self.head = head
    }

    package static let objects = (whole: "chat.completion", chunk: "chat.completion.chunk")

    package var opening: [JSONValue] {
        [choice(["role": "assistant", "content": ""], reason: nil)]
    }

    package func piece(_ text: String) -> JSONValue {
        choice(["content": .string(text)], reason: nil)
    }

    package func ending(_ reason: FinishReason) -> JSONValue {
        choice([:], reason: reason)
    }

    package func whole(_ text: String, _ reason: FinishReason) -> JSONValue {
        [
            "index": 0, "message": ["role": "assistant", "content": .string(text)],
            "logprobs": nil, "finish_reason": .string(reason.rawValue),
        ]
    }

    private func choice(_ delta: JSONValue, reason: FinishReason?) -> JSONValue {
        [
            "index": 0, "delta": delta, "logprobs": nil,
            "finish_reason": reason.map { .string($0.rawValue) } ?? .null,
        ]
    }
}

/// Answers of `/v1/completions`.
package struct TextReply: CompletionReply {
    package var head: ReplyHead
    /// The prompt, where the request wants it repeated.
    package var echo: String

    package init(head: ReplyHead, echo: String = "") {
        self.head = head
        self.echo = echo
    }

    package static let objects = (whole: "text_completion", chunk: "text_completion")

    package var opening: [JSONValue] { echo.isEmpty ? [] : [piece(echo)] }

    package func piece(_ text: String) -> JSONValue { choice(text, reason: nil) }

    package func ending(_ reason: FinishReason) -> JSONValue { choice("", reason: reason) }

    package func whole(_ text: String, _ reason: FinishReason) -> JSONValue {
        choice(echo + text, reason: reason)
    }

    private func choice(_ text: String, reason: FinishReason?) -> JSONValue {
        [
            "index": 0, "text": .string(text), "logprobs": nil,
            "finish_reason": reason.map { .string($0.rawValue) } ?? .null,
        ]
    }
}

extension Usage {
    var openAI: JSONValue {
        [
            "prompt_tokens": .integer(promptTokens),
            "completion_tokens": .integer(completionTokens),
            "total_tokens": .integer(promptTokens + completionTokens),
            "prompt_tokens_details": ["cached_tokens": .integer(cachedTokens)],
        ]
    }

    /// Speeds under the names that llama.cpp's server made common.
    ///
    /// The first token comes out of the prompt's pass, so decoding is counted from the second.
    var timings: JSONValue {
        let decoded = max(completionTokens - 1, 0)
        return [
            "prompt_n": .integer(promptTokens), "prompt_ms": .milliseconds(prefillSeconds),
            "prompt_per_second": .rate(promptTokens, prefillSeconds),
            "predicted_n": .integer(completionTokens),
            "predicted_ms": .milliseconds(decodeSeconds),
            "predicted_per_second": .rate(decoded, decodeSeconds),
        ]
    }
}

extension JSONValue {
    fileprivate static func milliseconds(_ seconds: Double) -> JSONValue {
        .number((seconds * 1_000_000).rounded() / 1000)
    }

    /// Null where there was no time to divide by.
    fileprivate static func rate(_ count: Int, _ seconds: Double) -> JSONValue {
        seconds > 0 ? .number((Double(count) / seconds * 1000).rounded() / 1000) : .null
    }
}
