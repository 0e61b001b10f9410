package import CompletionAPI
import HTTPTypes
package import StructuredJSON

/// Answers of `/v1/messages`.
///
/// A stream is `message_start`, blocks of content one after the other, `message_delta` with what ended the answer, and
/// `message_stop`.
package struct MessagesStyle: AnswerStyle {
    private enum Block {
        case thinking
        case text
        case call(Int)

        var isCall: Bool {
            if case .call = self { true } else { false }
        }
    }

    private let id: String
    private let model: String
    /// The block that is being written.
    private var open: Block?
    /// Its number, or the next one's.
    private var index = 0

    /// An answer of that id, such as `msg_` and 24 letters and digits.
    package init(id: String, model: String) {
        self.id = id
        self.model = model
    }

    package static let streamType = ServerSentEvent.contentType

    // MARK: Streams

    package mutating func frames(for event: CompletionEvent, choice: Int) -> String {
        switch event {
        case .started(let tokens):
            let usage = Usage(promptTokens: tokens, completionTokens: 0)
            return frame("message_start", ["message": message([], nil, usage)])
        case .prompt: return ""
        case .text(let text, _):
            guard !text.isEmpty else { return "" }
            return begin(.text) + delta(["type": "text_delta", "text": .string(text)])
        case .reasoning(let text):
            return begin(.thinking)
                + delta(["type": "thinking_delta", "thinking": .string(text)])
        case .toolCall(let call, let id, let name):
            return end()
                + start(.call(call), Self.toolUse(ToolCall(id: id, name: name, arguments: "")))
        case .toolArguments(_, let text):
            guard let open, open.isCall else { return "" }
            return delta(["type": "input_json_delta", "partial_json": .string(text)])
        case .finished(let reason, let usage):
            return end()
                + frame(
                    "message_delta",
                    ["delta": .object(Self.stop(reason, usage)), "usage": usage.anthropic])
        }
    }

    package mutating func closing() -> String { frame("message_stop", [:]) }

    package mutating func frames(for error: APIError) -> String {
        ServerSentEvent.frame(error.anthropicBody, name: "error")
    }

    /// Begins a block of text or of thoughts unless the open one is of that kind.
    private mutating func begin(_ block: Block) -> String {
        switch (open, block) {
        case (.text, .text), (.thinking, .thinking): return ""
        default: break
        }
        let content: JSONValue =
            switch block {
            case .thinking: ["type": "thinking", "thinking": "", "signature": ""]
            default: ["type": "text", "text": ""]
            }
        return end() + start(block, content)
    }

    private mutating func start(_ block: Block, _ content: JSONValue) -> String {
        open = block
        return frame(
            "content_block_start", ["index": .integer(index), "content_block": content])
    }

    private mutating func end() -> String {
        guard open != nil else { return "" }
        defer {
            open = nil
            index += 1
        }
        return frame("content_block_stop", ["index": .integer(index)])
    }

    private func delta(_ delta: JSONValue) -> String {
        frame("content_block_delta", ["index": .integer(index), "delta": delta])
    }

    private func frame(_ name: String, _ members: JSONObject) -> String {
        var data: JSONObject = ["type": .string(name)]
        for (name, value) in members { data[name] = value }
        return ServerSentEvent.frame(.object(data), name: name)
    }

    // MARK: Whole answers

    package func whole(_ answers: [CollectedAnswer]) -> JSONValue {
        guard let answer = answers.first else { return .null }
        var content: [JSONValue] = []
        if !answer.reasoning.isEmpty {
            content.append([
                "type": "thinking", "thinking": .string(answer.reasoning), "signature": "",
            ])
        }
        if !answer.text.isEmpty {
            content.append(["type": "text", "text": .string(answer.text)])
        }
        content += answer.toolCalls.map(Self.toolUse)
        return message(content, answer.reason, answer.usage)
    }

    private func message(
        _ content: [JSONValue], _ reason: FinishReason?, _ usage: Usage
    ) -> JSONValue {
        var message: JSONObject = [
            "id": .string(id), "type": "message", "role": "assistant", "model": .string(model),
            "content": .array(content),
        ]
        for (name, value) in Self.stop(reason, usage) { message[name] = value }
        message["usage"] = usage.anthropic
        return .object(message)
    }

    private static func toolUse(_ call: ToolCall) -> JSONValue {
        [
            "type": "tool_use", "id": .string(call.id), "name": .string(call.name),
            "input": .object(call.argumentsObject),
        ]
    }

    private static func stop(_ reason: FinishReason?, _ usage: Usage) -> JSONObject {
        let name: JSONValue =
            switch reason {
            case nil: .null
            case .stop: usage.matchedStop == nil ? "end_turn" : "stop_sequence"
            case .length: "max_tokens"
            case .toolCalls: "tool_use"
            }
        return [
            "stop_reason": name,
            "stop_sequence": usage.matchedStop.map(JSONValue.string) ?? .null,
        ]
    }
}

extension ToolCall {
    /// The arguments as an object; empty where the answer's token limit cut them off.
    var argumentsObject: JSONObject {
        do {
            return try JSONValue(parsing: arguments).object ?? [:]
        } catch {
            // Half an object is none, and the answer says that it was cut.
            return [:]
        }
    }
}

extension Usage {
    /// Anthropic counts tokens that were in the cache apart from the others.
    fileprivate var anthropic: JSONValue {
        [
            "input_tokens": .integer(promptTokens - cachedTokens),
            "cache_creation_input_tokens": 0, "cache_read_input_tokens": .integer(cachedTokens),
            "output_tokens": .integer(completionTokens),
        ]
    }
}

extension APIError {
    /// `{"type": "error", "error": {"type": ..., "message": ...}}`.
    var anthropicBody: JSONValue {
        [
            "type": "error",
            "error": ["type": .string(anthropicType), "message": .string(message)],
        ]
    }

    private var anthropicType: String {
        switch status.code {
        case 401: "authentication_error"
        case 403: "permission_error"
        case 404: "not_found_error"
        case 413: "request_too_large"
        case 429: "rate_limit_error"
        case 503: "overloaded_error"
        case 504: "timeout_error"
        case 500...: "api_error"
        default: "invalid_request_error"
        }
    }
}
