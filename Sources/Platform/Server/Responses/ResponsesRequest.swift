package import CompletionAPI
package import StructuredJSON

/// The body of `POST /v1/responses`.
package struct ResponsesRequest: Sendable, Equatable {
    /// `nil` means the server's default model.
    package var model: String?
    package var instructions: String?
    /// The input as items, each with an id.
    package var input: [JSONValue]
    /// The answer that this request goes on from.
    package var previous: String?
    /// Whether the answer is kept, to be read and gone on from.
    package var stores: Bool
    package var generation: GenerationFields
    package var tools: ToolFields
    package var reasoning: ReasoningOptions
    package var reports: TokenReportOptions?
    package var templateArguments: JSONObject
    /// What the answer repeats of its request.
    package var repeated: JSONObject

    /// - Throws: an error that names the field, such as `input[2].content[0].type`.
    package init(parsing body: JSONValue) throws(JSONError) {
        let root = JSONField(body)
        try Self.refuseUnsupported(root)
        instructions = try root["instructions"].ifPresent?.string()
        input = try ResponseItem.input(root["input"])
        previous = try root["previous_response_id"].ifPresent?.string()
        stores = try root["store"].ifPresent?.bool() ?? true
        generation = try GenerationFields(root)
        generation.maximumTokens = try root["max_output_tokens"].ifPresent?.int(in: 1...Int.max)
        if let format = root["text"].ifPresent?["format"].ifPresent {
            generation.form = try AnswerForm.flatFormat(format)
        }
        tools = try ToolFields(responses: root)
        reasoning = try ReasoningOptions(chat: root)
        templateArguments = try root["chat_template_kwargs"].ifPresent?.object() ?? [:]
        if let effort = root["reasoning"].ifPresent?["effort"].ifPresent {
            try reasoning.take(effort: effort)
            templateArguments["reasoning_effort"] = effort.value
        }
        reports = try Self.reports(root)
        repeated = Self.repeated(root)
    }

    /// The request to the engine; `earlier` are the items of the answers that this request goes on from.
    package func completion(
        model: String, earlier: [JSONValue] = []
    ) throws(JSONError) -> CompletionRequest {
        var messages = try ResponseItem.messages(of: earlier + input)
        if let instructions {
            messages.insert(ChatMessage(role: "system", content: instructions), at: 0)
        }
        var request = CompletionRequest(
            model: model,
            prompt: .chat(
                Conversation(messages: messages, templateArguments: templateArguments)),
            tokenReports: reports, reasoning: reasoning)
        generation.apply(to: &request)
        request.allow(tools)
        return request
    }

    private static func reports(_ root: JSONField) throws(JSONError) -> TokenReportOptions? {
        var isWanted = false
        for item in try root["include"].ifPresent?.array() ?? [] {
            // Thoughts are in the answer as they are, so there is nothing to encrypt.
            let what = try item.oneOf([
                "message.output_text.logprobs", "reasoning.encrypted_content",
            ])
            isWanted = isWanted || what == "message.output_text.logprobs"
        }
        let top = try root["top_logprobs"].ifPresent?.int(in: 0...20) ?? 0
        return isWanted || top > 0 ? TokenReportOptions(top: top) : nil
    }

    private static func refuseUnsupported(_ root: JSONField) throws(JSONError) {
        if let field = root["background"].ifPresent, try field.bool() {
            throw field.invalid("must be false: answers are made while the client waits")
        }
        for (name, advice) in [
            ("conversation", "previous_response_id goes on from an answer"),
            ("prompt", "this server keeps no prompts"),
        ] {
            guard let field = root[name].ifPresent else { continue }
            throw field.invalid("must be absent: \(advice)")
        }
        if let field = root["truncation"].ifPresent, try field.string() != "disabled" {
            throw field.invalid("must be 'disabled': no input is dropped")
        }
        if let field = root["n"].ifPresent, try field.int() != 1 {
            throw field.invalid("must be 1: a response has one answer")
        }
    }

    /// Fields that an answer repeats, with the value that an absent one has.
    private static let defaults: KeyValuePairs<String, JSONValue> = [
        "instructions": nil, "max_output_tokens": nil, "metadata": [:],
        "parallel_tool_calls": true, "previous_response_id": nil,
        "reasoning": ["effort": nil, "summary": nil], "store": true, "temperature": nil,
        "text": ["format": ["type": "text"]], "tool_choice": "auto", "tools": [],
        "top_logprobs": 0, "top_p": nil, "truncation": "disabled", "user": nil,
    ]

    private static func repeated(_ root: JSONField) -> JSONObject {
        var members = JSONObject()
        for (name, value) in defaults {
            members[name] = root[name].ifPresent?.value ?? value
        }
        return members
    }
}
