import CompletionAPI
import StructuredJSON

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

    /// A random id in the form that clients know, such as `chatcmpl-` and 24 letters and digits.
    package static func randomID(prefix: String) -> String {
        let alphabet = Array("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
        return prefix + String((0..<24).map { _ in alphabet[Int.random(in: 0..<62)] })
    }

    /// An answer or a chunk of one.
    func object(
        _ kind: String, _ choices: [JSONValue], _ extra: KeyValuePairs<String, JSONValue> = [:]
    ) -> JSONValue {
        var members: JSONObject = [
            "id": .string(id), "object": .string(kind), "created": .integer(created),
            "model": .string(model), "choices": .array(choices),
        ]
        members["system_fingerprint"] = fingerprint.map(JSONValue.string)
        for (name, value) in extra { members[name] = value }
        return .object(members)
    }
}

/// The chunks of a stream, and the usage at its end.
///
/// A stream is: what its style opens it with, pieces of the choices, for each choice a chunk with the finish reason,
/// the usage where it was asked for, and `[DONE]`. A failure after the start is a chunk that holds the error, and then
/// the end without `[DONE]`: the status line has long been sent.
struct ChunkStream: Sendable {
    let head: ReplyHead
    let kind: String
    /// Whether the usage was asked for; every other chunk then says null, as OpenAI's do.
    let includesUsage: Bool
    /// Answers of each prompt.
    let choices: Int
    private var usages: [Int: Usage] = [:]

    init(head: ReplyHead, kind: String, includesUsage: Bool, choices: Int) {
        self.head = head
        self.kind = kind
        self.includesUsage = includesUsage
        self.choices = choices
    }

    func chunk(_ choice: JSONValue) -> String {
        let usage: KeyValuePairs<String, JSONValue> = includesUsage ? ["usage": nil] : [:]
        return ServerSentEvent.frame(head.object(kind, [choice], usage))
    }

    /// The chunk that ends one choice.
    mutating func last(_ choice: JSONValue, of index: Int, _ usage: Usage) -> String {
        usages[index] = usage
        let extra: KeyValuePairs<String, JSONValue> =
            includesUsage
            ? ["timings": usage.timings, "usage": nil] : ["timings": usage.timings]
        return ServerSentEvent.frame(head.object(kind, [choice], extra))
    }

    func closing() -> String {
        let end = "data: [DONE]\n\n"
        guard includesUsage else { return end }
        let all = usages.sorted { $0.key < $1.key }.map(\.value)
        let usage = Usage(all, choices: choices).openAI
        return ServerSentEvent.frame(head.object(kind, [], ["usage": usage])) + end
    }
}

extension Usage {
    var openAI: JSONValue {
        [
            "prompt_tokens": .integer(promptTokens),
            "completion_tokens": .integer(completionTokens),
            "total_tokens": .integer(promptTokens + completionTokens),
            "prompt_tokens_details": ["cached_tokens": .integer(cachedTokens)],
            "completion_tokens_details": ["reasoning_tokens": .integer(reasoningTokens)],
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
