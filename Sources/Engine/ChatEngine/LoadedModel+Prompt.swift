import ChatFormats
package import CompletionAPI
import Sampling
import StructuredJSON
import Tokenizers

/// A request's prompt as the engine takes it, and how to read the answer.
struct PreparedPrompt {
    var tokens: [Int]
    /// `nil` where the answer is text and nothing else.
    var reading: AnswerReading?
    /// What the answer must obey.
    var constraint: (any TokenConstraint)?
    /// Tokens that the answer must not have.
    var bannedTokens: [Int] = []
}

extension LoadedModel {
    /// The prompt of a request.
    ///
    /// - Throws: ``CompletionError`` in words for the client.
    func prepare(_ request: CompletionRequest) throws(CompletionError) -> PreparedPrompt {
        guard case .chat(let conversation) = request.prompt, let format else {
            return PreparedPrompt(
                tokens: try tokens(of: request.prompt), constraint: try form(of: request))
        }
        let tools = ToolSet(conversation.tools)
        try tools.require(request.toolChoice)
        let text = try render(conversation, reasoning: request.reasoning)
        var prompt = PreparedPrompt(
            tokens: try tokens(ofRendered: text, of: request.prompt),
            reading: AnswerReading(
                format: format, tools: tools, request: request, prompt: text,
                tokenizer: tokenizer))
        if request.toolChoice == .none, !tools.isEmpty {
            prompt.bannedTokens = format.calls.openings.compactMap(tokenizer.token(named:))
        }
        let rules = try AnswerRules(
            format: format, tools: tools, request: request, prompt: text, tokenizer: tokenizer,
            form: form(of: request)
        ) { tool throws(CompletionError) in
            try arguments(of: tool, isCompact: request.toolChoice != .auto)
        }
        prompt.constraint = rules.map { AnswerConstraint($0) }
        return prompt
    }

    private func form(of request: CompletionRequest) throws(CompletionError)
        -> (any TokenConstraint)?
    {
        guard let form = request.form else { return nil }
        return try constraint(form, completes: request.completesForm)
    }

    /// The token ids of a prompt.
    ///
    /// - Throws: ``CompletionError`` in words for the client.
    package func tokens(of prompt: Prompt) throws(CompletionError) -> [Int] {
        switch prompt {
        case .tokens(let tokens):
            return tokens
        case .text(let text):
            try requireFitting(text, of: prompt)
            return tokenizer.encode(text, addSpecial: true, parseSpecial: true)
        case .chat(let conversation):
            return try tokens(ofRendered: render(conversation), of: prompt)
        }
    }

    private func tokens(ofRendered text: String, of prompt: Prompt) throws(CompletionError)
        -> [Int]
    {
        try requireFitting(text, of: prompt)
        var tokens = tokenizer.encode(text, addSpecial: false, parseSpecial: true)
        // Most templates write BOS themselves, some leave it to the tokenizer; the model wants one.
        if tokenizer.addsBOS, let bos = tokenizer.bosToken, tokens.first != bos {
            tokens.insert(bos, at: 0)
        }
        return tokens
    }

    /// The text that the model's chat template makes of a conversation.
    ///
    /// - Parameters:
    ///   - conversation: messages, tools and the template's variables.
    ///   - reasoning: whether the model shall think, where it can.
    /// - Returns: the text, without the BOS that the tokenizer may add.
    /// - Throws: ``CompletionError`` in words for the client.
    package func render(
        _ conversation: Conversation, reasoning: ReasoningOptions = ReasoningOptions()
    ) throws(CompletionError) -> String {
        guard let format else {
            throw CompletionError(
                code: .invalidRequest,
                message: """
                    model "\(description.name)" has no chat template, so it cannot chat; \
                    send plain text to /v1/completions
                    """, field: "model")
        }
        var variables = conversation.templateArguments
        for (name, token) in [("bos_token", tokenizer.bosToken), ("eos_token", tokenizer.eosToken)]
        {
            variables[name] = .string(token.map(tokenizer.text(of:)) ?? "")
        }
        if let name = format.reasoningSwitch, let isEnabled = reasoning.isEnabled,
            variables[name] == nil
        {
            variables[name] = .bool(isEnabled)
        }
        let shape = ConversationShape(conversation, format: format)
        let text = try render(shape, variables, by: format)
        // Where there was a switch, the template has closed the thought already.
        guard reasoning.isEnabled == false, let style = format.reasoning,
            format.reasoningSwitch == nil || style.isOpen(after: text)
        else { return text }
        return style.closed(text)
    }

    private func render(
        _ shape: ConversationShape, _ variables: JSONObject, by format: ChatFormat
    ) throws(CompletionError) -> String {
        do {
            return try format.template.render(
                messages: shape.messages, tools: shape.tools, addGenerationPrompt: true,
                variables: variables)
        } catch {
            // Some templates look into descriptions and parameters without asking whether there are any.
            let tools = shape.completeTools
            if error.code != .raised, tools != shape.tools,
                let text = try? format.template.render(
                    messages: shape.messages, tools: tools, addGenerationPrompt: true,
                    variables: variables)
            {
                return text
            }
            throw CompletionError(
                code: .invalidRequest,
                message: "the model's chat template refuses this conversation: \(error)",
                field: "messages")
        }
    }
}

extension ToolSet {
    /// A choice of tools that are not there cannot be met.
    fileprivate func require(_ choice: ToolChoice) throws(CompletionError) {
        switch choice {
        case .auto, .none:
            return
        case .required:
            guard isEmpty else { return }
            throw CompletionError(
                code: .invalidRequest,
                message: "a call of a tool is required, but there are no tools; send some in tools",
                field: "tool_choice")
        case .named(let name):
            guard self[name] == nil else { return }
            throw CompletionError(
                code: .invalidRequest,
                message: "no tool is named \"\(name)\"; name one of those in tools",
                field: "tool_choice")
        }
    }
}

extension Prompt {
    var isChat: Bool {
        if case .chat = self { true } else { false }
    }
}
