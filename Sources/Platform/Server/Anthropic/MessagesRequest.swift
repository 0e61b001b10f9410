package import CompletionAPI
package import StructuredJSON

/// The body of `POST /v1/messages` and of `/v1/messages/count_tokens`, in Anthropic's form.
package struct MessagesRequest: Sendable, Equatable {
    /// `nil` means the server's default model.
    package var model: String?
    package var conversation: Conversation
    package var tools: ToolFields
    package var reasoning: ReasoningOptions
    package var form: AnswerForm?
    package var sampling: SamplingOptions
    /// `nil` only where tokens are to be counted.
    package var maximumTokens: Int?
    package var stopStrings: [String]
    package var streams: Bool

    /// Reads a body; one that `counts` only wants to know how many tokens it has.
    ///
    /// - Throws: an error that names the field, such as `messages[2].content[0].type`.
    package init(parsing body: JSONValue, counts: Bool = false) throws(JSONError) {
        let root = JSONField(body)
        model = try root["model"].ifPresent?.string()
        if model == "" { model = nil }
        conversation = Conversation(messages: try Self.messages(root))
        tools = try ToolFields(messages: root)
        conversation.tools = tools.tools
        // As Anthropic's models, none thinks unless it is asked to.
        reasoning = ReasoningOptions(isEnabled: false)
        if let field = root["thinking"].ifPresent { try reasoning.take(thinking: field) }
        let format =
            root["output_config"].ifPresent?["format"].ifPresent
            ?? root["output_format"].ifPresent
        form = try format.map(AnswerForm.flatFormat) ?? nil
        sampling = SamplingOptions()
        sampling.temperature = try root["temperature"].ifPresent?.double(in: 0...2)
        sampling.topP = try root["top_p"].ifPresent?.double(in: 0...1)
        sampling.topK = try root["top_k"].ifPresent?.int(in: 0...Int.max)
        maximumTokens = try counts ? nil : root["max_tokens"].int(in: 1...Int.max)
        stopStrings = try GenerationFields.stopStrings(root["stop_sequences"])
        streams = try root["stream"].ifPresent?.bool() ?? false
        for name in ["mcp_servers", "container", "context_management"] {
            guard let field = root[name].ifPresent, field.value != [], field.value != [:] else {
                continue
            }
            throw field.invalid("must be absent: this server cannot do that")
        }
    }

    /// The request to the engine.
    package func completion(model: String) -> CompletionRequest {
        var request = CompletionRequest(
            model: model, prompt: .chat(conversation), sampling: sampling,
            maximumTokens: maximumTokens, stopStrings: stopStrings, form: form,
            reasoning: reasoning)
        request.allow(tools)
        return request
    }

    // MARK: Messages

    private static func messages(_ root: JSONField) throws(JSONError) -> [ChatMessage] {
        var messages: [ChatMessage] = []
        if let system = root["system"].ifPresent {
            messages.append(ChatMessage(role: "system", content: try text(system)))
        }
        let items = try root["messages"].array()
        guard let last = items.last else {
            throw root["messages"].invalid("must hold at least one message")
        }
        for item in items {
            if try item["role"].oneOf(["user", "assistant"]) == "user" {
                try appendUser(item["content"], to: &messages)
            } else {
                messages.append(try assistant(item["content"]))
            }
        }
        guard last["role"].value == "user" else {
            throw last["role"].invalid(
                "must be 'user' in the last message: answers that begin with given words are not "
                    + "supported")
        }
        return messages
    }

    /// Blocks of text, and what tools gave, which is a message of its own to chat templates.
    private static func appendUser(
        _ content: JSONField, to messages: inout [ChatMessage]
    ) throws(JSONError) {
        guard try content.present().string == nil else {
            messages.append(ChatMessage(role: "user", content: try content.string()))
            return
        }
        var texts: [String] = []
        func flush() {
            guard !texts.isEmpty else { return }
            messages.append(ChatMessage(role: "user", content: texts.joined(separator: "\n")))
            texts = []
        }
        for block in try content.array() {
            switch try block["type"].string() {
            case "text": texts.append(try block["text"].string())
            case "tool_result":
                flush()
                let isError = try block["is_error"].ifPresent?.bool() ?? false
                let result = try block["content"].ifPresent.map(text) ?? ""
                messages.append(
                    ChatMessage(
                        role: "tool", content: isError ? "Error: \(result)" : result,
                        toolCallID: try block["tool_use_id"].string()))
            default: throw unreadable(block)
            }
        }
        flush()
    }

    private static func assistant(_ content: JSONField) throws(JSONError) -> ChatMessage {
        var message = ChatMessage(role: "assistant", content: "")
        guard try content.present().string == nil else {
            message.content = try content.string()
            return message
        }
        var texts: [String] = []
        var thoughts: [String] = []
        for block in try content.array() {
            switch try block["type"].string() {
            case "text": texts.append(try block["text"].string())
            case "thinking": thoughts.append(try block["thinking"].string())
            // Nobody but Anthropic can read it.
            case "redacted_thinking": break
            case "tool_use":
                message.toolCalls.append(
                    ToolCall(
                        id: try block["id"].string(), name: try block["name"].string(),
                        arguments: JSONValue.object(try block["input"].object()).serialized()))
            default: throw unreadable(block)
            }
        }
        message.content = texts.joined(separator: "\n")
        message.reasoning = thoughts.isEmpty ? nil : thoughts.joined(separator: "\n")
        return message
    }

    /// A string, or blocks of text, which are joined by line feeds.
    private static func text(_ field: JSONField) throws(JSONError) -> String {
        guard try field.present().string == nil else { return try field.string() }
        var texts: [String] = []
        for block in try field.array() {
            guard try block["type"].string() == "text" else { throw unreadable(block) }
            texts.append(try block["text"].string())
        }
        return texts.joined(separator: "\n")
    }

    private static func unreadable(_ block: JSONField) -> JSONError {
        block["type"].invalid("is not possible here: this model reads text only")
    }
}

extension ToolFields {
    /// Reads the fields of a request to `/v1/messages`.
    package init(messages root: JSONField) throws(JSONError) {
        self.init()
        if let field = root["tools"].ifPresent {
            for tool in try field.array() {
                if let type = tool["type"].ifPresent, try type.string() != "custom" {
                    throw type.invalid(
                        "must be 'custom' or absent: this server runs no tools of its own")
                }
                _ = try tool["input_schema"].object()
                try add(tool, parameters: tool["input_schema"])
            }
        }
        guard let field = root["tool_choice"].ifPresent else { return }
        switch try field["type"].oneOf(["auto", "any", "tool", "none"]) {
        case "auto": choice = .auto
        case "any": choice = .required
        case "tool": choice = .named(try field["name"].string())
        default: choice = .none
        }
        try checkChoice(field)
        callsInParallel = try !(field["disable_parallel_tool_use"].ifPresent?.bool() ?? false)
    }
}
