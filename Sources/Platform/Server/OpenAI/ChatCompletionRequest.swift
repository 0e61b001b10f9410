package import CompletionAPI
package import StructuredJSON

/// The body of `POST /v1/chat/completions`.
package struct ChatCompletionRequest: Sendable, Equatable {
    package var conversation: Conversation
    package var generation: GenerationFields
    package var tools: ToolFields
    package var reasoning: ReasoningOptions
    package var reports: TokenReportOptions?

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
        generation = try GenerationFields(root, leastTokens: 1)
        // The newer name wins where a client sends both.
        if let field = root["max_completion_tokens"].ifPresent {
            generation.maximumTokens = try field.int(in: 1...Int.max)
        }
        tools = try ToolFields(chat: root)
        reasoning = try ReasoningOptions(chat: root)
        // Some models' templates know the word itself.
        if let effort = root["reasoning_effort"].ifPresent,
            conversation.templateArguments["reasoning_effort"] == nil
        {
            conversation.templateArguments["reasoning_effort"] = effort.value
        }
        reports = try Self.reports(root)
        try Self.refuseUnsupported(root)
    }

    /// The requests to the engine, one for each choice.
    package func completions(model: String) -> [CompletionRequest] {
        var request = CompletionRequest(
            model: model, prompt: .chat(conversation), tokenReports: reports, reasoning: reasoning)
        generation.apply(to: &request)
        request.allow(tools)
        return request.choices(generation.choices)
    }

    private static func reports(_ root: JSONField) throws(JSONError) -> TokenReportOptions? {
        let isWanted = try root["logprobs"].ifPresent?.bool() ?? false
        let field = root["top_logprobs"].ifPresent
        let top = try field?.int(in: 0...20) ?? 0
        if let field, top > 0, !isWanted {
            throw field.invalid("must be 0 unless logprobs is true")
        }
        return isWanted ? TokenReportOptions(top: top) : nil
    }

    private static func refuseUnsupported(_ root: JSONField) throws(JSONError) {
        if let field = root["modalities"].ifPresent {
            for modality in try field.array() {
                _ = try modality.oneOf(["text"])
            }
        }
        for name in ["audio", "web_search_options"] {
            guard let field = root[name].ifPresent else { continue }
            throw field.invalid("must be absent: this server cannot do that")
        }
        if let field = root["store"].ifPresent, try field.bool() {
            throw field.invalid("must be false: chats are not kept; /v1/responses keeps answers")
        }
    }
}
