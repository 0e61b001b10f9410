package import CompletionAPI
package import StructuredJSON

extension ChatMessage {
    private static let roles = ["system", "developer", "user", "assistant", "tool"]

    /// Reads one element of a chat completion's `messages`.
    package init(_ field: JSONField) throws(JSONError) {
        let role = try field["role"].oneOf(Self.roles)
        var calls: [ToolCall] = []
        if role == "assistant", let list = field["tool_calls"].ifPresent {
            for call in try list.array() { calls.append(try ToolCall(call)) }
        }
        if let call = field["function_call"].ifPresent {
            throw call.invalid("must be absent: tool_calls have replaced it")
        }
        let reasoning = field["reasoning_content"].ifPresent ?? field["reasoning"].ifPresent
        self.init(
            role: role, content: try Self.content(field["content"], role: role),
            name: try field["name"].ifPresent?.string(),
            reasoning: role == "assistant" ? try reasoning?.string() : nil, toolCalls: calls,
            toolCallID: role == "tool" ? try field["tool_call_id"].ifPresent?.string() : nil)
    }

    /// A string, or an array of text parts, which are joined by line feeds.
    private static func content(_ field: JSONField, role: String) throws(JSONError) -> String {
        guard let present = field.ifPresent else {
            // An assistant may have said nothing; OpenAI's own clients send null for it.
            if role == "assistant" { return "" }
            return try field.string()
        }
        switch present.value {
        case .string(let text): return text
        case .array: break
        default: throw present.invalid("must be a string or an array of parts", .wrongType)
        }
        var texts: [String] = []
        for part in try present.array() {
            switch try part["type"].string() {
            case "text": texts.append(try part["text"].string())
            case "refusal" where role == "assistant": texts.append(try part["refusal"].string())
            default: throw part["type"].invalid("must be 'text': this model reads text only")
            }
        }
        return texts.joined(separator: "\n")
    }
}

extension ToolCall {
    /// Reads one element of a message's `tool_calls`.
    fileprivate init(_ field: JSONField) throws(JSONError) {
        if let type = field["type"].ifPresent, try type.string() != "function" {
            throw type.invalid("must be 'function'")
        }
        let function = field["function"]
        self.init(
            id: try field["id"].ifPresent?.string() ?? "", name: try function["name"].string(),
            arguments: try Self.arguments(function["arguments"]))
    }

    /// The text of an object; some clients send the object itself.
    static func arguments(_ field: JSONField) throws(JSONError) -> String {
        switch try field.present() {
        case .string(let text): text
        case .object(let members): JSONValue.object(members).serialized()
        default: throw field.invalid("must be the text of a JSON object", .wrongType)
        }
    }
}
