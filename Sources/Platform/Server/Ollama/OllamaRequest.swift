package import CompletionAPI
package import StructuredJSON

/// The body of `POST /api/chat` or `/api/generate`, in Ollama's form.
package struct OllamaRequest: Sendable, Equatable {
    /// What the model is asked.
    package enum Subject: Sendable, Equatable {
        case chat([ChatMessage])
        /// Without a template where `isRaw`.
        case text(String, system: String?, isRaw: Bool)

        /// Whether there is nothing to answer: the client wants the model loaded.
        var isEmpty: Bool {
            switch self {
            case .chat(let messages): messages.isEmpty
            case .text(let text, let system, _): text.isEmpty && system == nil
            }
        }
    }

    package var model: String
    package var subject: Subject
    package var tools: ToolFields
    package var options: OllamaOptions
    package var form: AnswerForm?
    package var reasoning: ReasoningOptions
    package var reports: TokenReportOptions?
    package var streams: Bool

    /// - Throws: an error that names the field, such as `messages[2].images`.
    package init(chat body: JSONValue) throws(JSONError) {
        let root = JSONField(body)
        var messages: [ChatMessage] = []
        for item in try root["messages"].ifPresent?.array() ?? [] {
            messages.append(try ChatMessage(ollama: item))
        }
        try self.init(root, .chat(messages))
        tools = try ToolFields(chat: root)
    }

    /// - Throws: as ``init(chat:)``.
    package init(generate body: JSONValue) throws(JSONError) {
        let root = JSONField(body)
        let system = try root["system"].ifPresent?.string()
        let subject = Subject.text(
            try root["prompt"].ifPresent?.string() ?? "", system: system == "" ? nil : system,
            isRaw: try root["raw"].ifPresent?.bool() ?? false)
        try self.init(root, subject)
        try root.requireEmpty("suffix", "text to insert before is not supported")
        try root.requireEmpty("template", "the model's own template is used; raw uses none")
        try root.requireEmpty("context", "send the earlier turns to /api/chat")
        try root.requireEmpty("images", "this model reads text only")
    }

    private init(_ root: JSONField, _ subject: Subject) throws(JSONError) {
        model = try root["model"].string()
        self.subject = subject
        tools = ToolFields()
        options = try OllamaOptions(root["options"])
        form = try Self.form(root["format"])
        reasoning = ReasoningOptions()
        if let field = root["think"].ifPresent {
            switch field.value {
            case .bool(let thinks): reasoning.isEnabled = thinks
            case .string: try reasoning.take(effort: field)
            default: throw field.invalid("must be true, false, or how much", .wrongType)
            }
        }
        if try root["logprobs"].ifPresent?.bool() ?? false {
            let top = try root["top_logprobs"].ifPresent?.int(in: 0...20) ?? 0
            reports = TokenReportOptions(top: top)
        }
        streams = try root["stream"].ifPresent?.bool() ?? true
        if subject.isEmpty, let field = root["keep_alive"].ifPresent, field.value?.int == 0 {
            throw field.invalid("must not be 0: no request can unload a model here")
        }
    }

    private static func form(_ field: JSONField) throws(JSONError) -> AnswerForm? {
        guard let present = field.ifPresent else { return nil }
        if let text = present.value?.string {
            guard !text.isEmpty else { return nil }
            _ = try present.oneOf(["json"])
            return .jsonObject
        }
        return .jsonSchema(.object(try present.object()))
    }

    /// The request to the engine; without a chat template a prompt is its text.
    package func completion(model: String, canChat: Bool) throws(CompletionError)
        -> CompletionRequest
    {
        let prompt: Prompt
        switch subject {
        case .chat(let messages): prompt = .chat(Conversation(messages: messages))
        case .text(let text, let system, let isRaw) where isRaw || !canChat:
            guard system == nil || isRaw else {
                throw CompletionError(
                    code: .invalidRequest,
                    message: "system must be absent: model \"\(model)\" has no chat template",
                    field: "system")
            }
            prompt = .text(text)
        case .text(let text, let system, _):
            let opening = system.map { [ChatMessage(role: "system", content: $0)] } ?? []
            prompt = .chat(
                Conversation(messages: opening + [ChatMessage(role: "user", content: text)]))
        }
        var request = CompletionRequest(
            model: model, prompt: prompt, sampling: options.sampling,
            maximumTokens: options.maximumTokens, stopStrings: options.stopStrings,
            tokenReports: reports, form: form, reasoning: reasoning)
        request.allow(tools)
        return request
    }
}

/// What Ollama calls `options`: sampling and stopping.
///
/// How much of the machine a model gets is the server's to say (`num_ctx`, `num_gpu`, `num_thread` and their kin), and
/// is ignored here.
package struct OllamaOptions: Sendable, Equatable {
    package var sampling = SamplingOptions()
    package var maximumTokens: Int?
    package var stopStrings: [String] = []

    /// Other ways to sample, and the values that turn them off.
    private static let unsupported = [("mirostat", 0.0), ("typical_p", 1.0), ("tfs_z", 1.0)]

    package init(_ field: JSONField) throws(JSONError) {
        guard let root = field.ifPresent else { return }
        _ = try root.object()
        sampling = try SamplingOptions(root)
        stopStrings = try GenerationFields.stopStrings(root["stop"])
        // Nothing and less mean as many as the model likes.
        let most = try root["num_predict"].ifPresent?.int() ?? -1
        maximumTokens = most > 0 ? most : nil
        for (name, off) in Self.unsupported {
            guard let field = root[name].ifPresent, try field.double() != off else { continue }
            throw field.invalid("must be \(off.shortestText): that way to sample is not supported")
        }
    }
}

extension ChatMessage {
    /// Reads one element of `messages`.
    fileprivate init(ollama field: JSONField) throws(JSONError) {
        let role = try field["role"].oneOf(["system", "user", "assistant", "tool"])
        try field.requireEmpty("images", "this model reads text only")
        self.init(role: role, content: try field["content"].ifPresent?.string() ?? "")
        switch role {
        case "assistant":
            reasoning = try field["thinking"].ifPresent?.string()
            for call in try field["tool_calls"].ifPresent?.array() ?? [] {
                let function = call["function"]
                toolCalls.append(
                    ToolCall(
                        id: try call["id"].ifPresent?.string() ?? "",
                        name: try function["name"].string(),
                        arguments: try ToolCall.arguments(function["arguments"])))
            }
        case "tool":
            name = try (field["tool_name"].ifPresent ?? field["name"].ifPresent)?.string()
            toolCallID = try field["tool_call_id"].ifPresent?.string()
        default: break
        }
    }
}

extension JSONField {
    /// Refuses a member that holds anything.
    fileprivate func requireEmpty(_ name: String, _ reason: String) throws(JSONError) {
        guard let field = self[name].ifPresent, field.value != "", field.value != [] else { return }
        throw field.invalid("must be empty: \(reason)")
    }
}
