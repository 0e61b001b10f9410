package import CompletionAPI
package import StructuredJSON

/// The body of `POST /v1/chat/completions`.
package struct ChatCompletionRequest: Sendable, Equatable {
    package var conversation: Conversation
    package var generation: GenerationFields

    /// - Throws: an error that names the field, such as `messages[2].role`.
    package init(parsing body: JSONValue) throws(JSONError) {
        let root = JSONField(body)
        var messages: [ChatMessage] = []
        let items = try root["messages"].array()
        guard !items.isEmpty else {
            throw root["messages"].invalid("must hold at least one message")
        }
        for item in items {
            messages.append(try ChatMessage(item))
        }
        conversation = Conversation(
            messages: messages,
            templateArguments: try root["chat_template_kwargs"].ifPresent?.object() ?? [:])
        generation = try GenerationFields(root)
        // The newer name wins where a client sends both.
        if let field = root["max_completion_tokens"].ifPresent {
            generation.maximumTokens = try field.int(in: 1...Int.max)
        }
        try Self.refuseUnsupported(root)
    }

    /// The request to the engine.
    package func completion(model: String) -> CompletionRequest {
        CompletionRequest(
            model: model, prompt: .chat(conversation), sampling: generation.sampling,
            maximumTokens: generation.maximumTokens, stopStrings: generation.stopStrings)
    }

    private static func refuseUnsupported(_ root: JSONField) throws(JSONError) {
        if let field = root["logprobs"].ifPresent, try field.bool() {
            throw field.invalid("must be false: log probabilities are not supported yet")
        }
        if let field = root["top_logprobs"].ifPresent, try field.int(in: 0...20) != 0 {
            throw field.invalid("must be 0: log probabilities are not supported yet")
        }
        for (list, choice) in [("tools", "tool_choice"), ("functions", "function_call")] {
            guard let field = root[list].ifPresent, try !field.array().isEmpty else { continue }
            guard root[choice].value?.string == "none" else {
                throw field.invalid(
                    "must be empty, or \(choice) 'none': tool calls are not supported yet")
            }
        }
        if let field = root["modalities"].ifPresent {
            for modality in try field.array() {
                _ = try modality.oneOf(["text"])
            }
        }
    }
}

extension ChatMessage {
    private static let roles = ["system", "developer", "user", "assistant", "tool"]

    /// Reads one element of `messages`.
    package init(_ field: JSONField) throws(JSONError) {
        let role = try field["role"].oneOf(Self.roles)
        if let calls = field["tool_calls"].ifPresent, try !calls.array().isEmpty {
            throw calls.invalid("must be empty: tool calls are not supported yet")
        }
        self.init(
            role: role, content: try Self.content(field["content"], role: role),
            name: try field["name"].ifPresent?.string())
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
            let type = try part["type"].string()
            guard type == "text" else {
                throw part["type"].invalid("must be 'text': this model reads text only")
            }
            texts.append(try part["text"].string())
        }
        return texts.joined(separator: "\n")
    }
}
