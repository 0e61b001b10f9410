import CompletionAPI
import StructuredJSON

/// Items of input and output: what a conversation is made of in this API.
enum ResponseItem {
    private static let types = [
        "message", "function_call", "function_call_output", "reasoning",
    ]

    /// The request's `input` as items: a string is a user's message, and items get an id and a type.
    static func input(_ field: JSONField) throws(JSONError) -> [JSONValue] {
        if case .string(let text) = try field.present() {
            return [
                [
                    "id": .string(ReplyHead.randomID(prefix: "msg_")), "type": "message",
                    "role": "user", "content": [["type": "input_text", "text": .string(text)]],
                ]
            ]
        }
        let items = try field.array()
        guard !items.isEmpty else { throw field.invalid("must hold at least one item") }
        var input: [JSONValue] = []
        var messages: [ChatMessage] = []
        for item in items {
            let type = try type(of: item)
            // Wrong items are refused here, where their place in the request is known.
            try append(item, to: &messages)
            var members = try item.object()
            members["type"] = .string(type)
            if members["id"]?.string == nil {
                members["id"] = .string(ReplyHead.randomID(prefix: prefix(of: type)))
            }
            input.append(.object(members))
        }
        return input
    }

    private static func type(of item: JSONField) throws(JSONError) -> String {
        // Messages may leave it out.
        guard let type = item["type"].ifPresent else { return "message" }
        guard try types.contains(type.string()) else {
            throw type.invalid(
                "must be one of \(types.joined(separator: ", ")): this server knows no other items")
        }
        return try type.string()
    }

    private static func prefix(of type: String) -> String {
        switch type {
        case "message": "msg_"
        case "reasoning": "rs_"
        default: "fc_"
        }
    }

    /// The messages that these items stand for.
    static func messages(of items: [JSONValue]) throws(JSONError) -> [ChatMessage] {
        var messages: [ChatMessage] = []
        let root = JSONField(["input": .array(items)])
        for item in try root["input"].array() { try append(item, to: &messages) }
        return messages
    }

    /// Thoughts, text and calls in a row are one message of the assistant.
    private static func append(
        _ item: JSONField, to messages: inout [ChatMessage]
    ) throws(JSONError) {
        switch try type(of: item) {
        case "reasoning":
            let text = try thoughts(item)
            if !text.isEmpty {
                messages.append(ChatMessage(role: "assistant", content: "", reasoning: text))
            }
        case "function_call":
            let call = ToolCall(
                id: try item["call_id"].string(), name: try item["name"].string(),
                arguments: try item["arguments"].string())
            if messages.last?.role != "assistant" {
                messages.append(ChatMessage(role: "assistant", content: ""))
            }
            messages[messages.count - 1].toolCalls.append(call)
        case "function_call_output":
            messages.append(
                ChatMessage(
                    role: "tool", content: try text(item["output"]),
                    toolCallID: try item["call_id"].string()))
        default:
            let role = try item["role"].oneOf(["user", "assistant", "system", "developer"])
            let text = try text(item["content"])
            if role == "assistant", let last = messages.last, last.role == role,
                last.content.isEmpty, last.toolCalls.isEmpty
            {
                messages[messages.count - 1].content = text
            } else {
                messages.append(ChatMessage(role: role, content: text))
            }
        }
    }

    /// The text of thoughts, or the summaries of them where there is none.
    private static func thoughts(_ item: JSONField) throws(JSONError) -> String {
        for name in ["content", "summary"] {
            guard let list = item[name].ifPresent else { continue }
            var texts: [String] = []
            for part in try list.array() { texts.append(try part["text"].string()) }
            if !texts.isEmpty { return texts.joined(separator: "\n") }
        }
        return ""
    }

    /// A string, or parts of text, which are joined by line feeds.
    private static func text(_ field: JSONField) throws(JSONError) -> String {
        guard try field.present().string == nil else { return try field.string() }
        var texts: [String] = []
        for part in try field.array() {
            switch try part["type"].string() {
            case "input_text", "output_text", "text": texts.append(try part["text"].string())
            case "refusal": texts.append(try part["refusal"].string())
            default:
                throw part["type"].invalid("must be 'input_text': this model reads text only")
            }
        }
        return texts.joined(separator: "\n")
    }
}
