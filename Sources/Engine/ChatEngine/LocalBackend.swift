import ChatFormats
package import CompletionAPI
import Inference
import Sampling
import StructuredJSON
import Tokenizers

/// Answers requests with models that run in this process.
package final class LocalBackend: CompletionBackend {
    private let loaded: [LoadedModel]
    let encoders: [LoadedEncoder]

    /// - Parameters:
    ///   - models: the first is the default.
    ///   - encoders: what embeds and ranks.
    package init(models: [LoadedModel], encoders: [LoadedEncoder] = []) {
        loaded = models
        self.encoders = encoders
    }

    package func models() async -> [ModelDescription] {
        loaded.map(\.description) + encoders.map(\.description)
    }

    package func statistics() async -> BackendStatistics {
        var sum = BackendStatistics()
        for encoder in encoders {
            let statistics = encoder.engine.statistics
            sum.promptTokens += statistics.tokens
            sum.running += statistics.waiting
        }
        for model in loaded {
            let statistics = model.engine.statistics
            sum.promptTokens += statistics.promptTokens
            sum.completionTokens += statistics.generatedTokens
            sum.running += statistics.running
            sum.waiting += statistics.waiting
            sum.cacheBytesUsed += statistics.cacheBytesUsed
            sum.cacheBytesTotal += statistics.cacheBytesTotal
        }
        return sum
    }

    /// Ends every answer under way; streams end with ``CompletionError/Code/shuttingDown``.
    package func shutDown() {
        for model in loaded {
            model.engine.shutDown()
        }
        for encoder in encoders {
            encoder.engine.shutDown()
        }
    }

    func unknownModel(_ name: String) -> CompletionError {
        let names = (loaded.map(\.description) + encoders.map(\.description))
            .map { "\"\($0.name)\"" }.joined(separator: ", ")
        return CompletionError(
            code: .modelNotFound, message: "no model is named \"\(name)\"; loaded: \(names)",
            field: "model")
    }

    @concurrent
    package func complete(_ request: CompletionRequest) async throws -> CompletionStream {
        guard let model = loaded.first(where: { $0.description.name == request.model }) else {
            throw unknownModel(request.model)
        }
        let prompt = try model.tokens(of: request.prompt)
        let generation = try model.generate(prompt, for: request)
        let assembler = AnswerAssembler(
            tokenizer: model.tokenizer, stopStrings: request.stopStrings, prompt: prompt,
            reportsPrompt: request.tokenReports?.includesPrompt ?? false,
            continuesText: !request.prompt.isChat)
        let source = AnswerSource(generation, through: assembler, promptTokens: prompt.count)
        return CompletionStream { try await source.next() }
    }
}

extension LoadedModel {
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
            let text = try render(conversation)
            try requireFitting(text, of: prompt)
            var tokens = tokenizer.encode(text, addSpecial: false, parseSpecial: true)
            // Most templates write BOS themselves, some leave it to the tokenizer; the model wants one.
            if tokenizer.addsBOS, let bos = tokenizer.bosToken, tokens.first != bos {
                tokens.insert(bos, at: 0)
            }
            return tokens
        }
    }

    /// The text that the model's chat template makes of a conversation.
    package func render(_ conversation: Conversation) throws(CompletionError) -> String {
        guard let template else {
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
        do {
            return try template.render(
                messages: conversation.messages.map(\.templateValue), tools: conversation.tools,
                addGenerationPrompt: true, variables: variables)
        } catch {
            throw CompletionError(
                code: .invalidRequest,
                message: "the model's chat template refuses this conversation: \(error)",
                field: "messages")
        }
    }

    fileprivate func generate(_ prompt: [Int], for request: CompletionRequest)
        throws(CompletionError)
        -> GenerationStream
    {
        let sampling = SamplingParameters(request.sampling, recommended: recommendedSampling)
        do {
            try sampling.validate()
            return try engine.generate(
                GenerationRequest(
                    prompt: prompt, sampling: sampling, maximumTokens: request.maximumTokens,
                    endTokens: tokenizer.endOfGeneration,
                    reports: request.tokenReports.map {
                        GenerationRequest.Reports(top: $0.top, includesPrompt: $0.includesPrompt)
                    },
                    origin: GenerationRequest.Origin(request.origin)))
        } catch let error as GenerationError {
            throw CompletionError(error, for: request.prompt)
        } catch let error as SamplingError {
            throw CompletionError(
                code: .invalidRequest, message: "\(error)", field: error.field)
        } catch {
            throw CompletionError(code: .engineFailure, message: "\(error)")
        }
    }
}

extension GenerationRequest.Origin {
    fileprivate init(_ origin: RequestOrigin) {
        let urgency =
            switch origin.priority {
            case .batch: -1
            case .normal: 0
            case .interactive: 1
            }
        let wait = origin.deadline.map { (.now - $0) / .seconds(-1) }
        self.init(
            tenant: origin.tenant, weight: origin.weight, urgency: urgency,
            deadline: wait.map { InferenceEngine.now() + $0 })
    }
}

extension Prompt {
    var isChat: Bool {
        if case .chat = self { true } else { false }
    }
}

extension ChatMessage {
    fileprivate var templateValue: JSONValue {
        var value: JSONObject = ["role": .string(role), "content": .string(content)]
        if let name {
            value["name"] = .string(name)
        }
        return .object(value)
    }
}

extension CompletionError {
    fileprivate init(_ error: GenerationError, for prompt: Prompt) {
        let field = prompt.isChat ? "messages" : "prompt"
        switch error {
        case .emptyPrompt:
            self.init(
                code: .invalidRequest, message: "the prompt is empty; send at least one token",
                field: field)
        case .invalidToken(let token, let vocabulary):
            self.init(
                code: .invalidRequest,
                message: "token id \(token) is outside the vocabulary (0 to \(vocabulary - 1))",
                field: field)
        case .invalidBias(let token, let vocabulary):
            self.init(
                code: .invalidRequest,
                message: """
                    logit_bias.\(token) is outside the vocabulary: token ids are 0 to \(vocabulary - 1)
                    """, field: "logit_bias.\(token)")
        case .promptTooLong(let tokens, let limit):
            self.init(
                code: .contextLengthExceeded,
                message: """
                    the prompt has \(tokens) tokens and the context holds \(limit); \
                    shorten it or start a new conversation
                    """, field: field)
        case .overloaded(let waiting): self = .overloaded(waiting: waiting)
        case .tooLate: self = .deadlineExceeded
        case .shuttingDown: self = .shuttingDown
        }
    }
}
