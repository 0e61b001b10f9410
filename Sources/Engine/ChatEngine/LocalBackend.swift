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
        let prepared = try model.prepare(request)
        let prompt = prepared.tokens
        let generation = try model.generate(prepared, for: request)
        let assembler = AnswerAssembler(
            tokenizer: model.tokenizer, reading: prepared.reading,
            stopStrings: request.stopStrings, prompt: prompt,
            reportsPrompt: request.tokenReports?.includesPrompt ?? false,
            continuesText: !request.prompt.isChat)
        let source = AnswerSource(generation, through: assembler, promptTokens: prompt.count)
        return CompletionStream { try await source.next() }
    }
}

extension LoadedModel {
    fileprivate func generate(_ prepared: PreparedPrompt, for request: CompletionRequest)
        throws(CompletionError)
        -> GenerationStream
    {
        var sampling = SamplingParameters(request.sampling, recommended: recommendedSampling)
        do {
            try sampling.validate()
            for token in prepared.bannedTokens { sampling.logitBias[token] = -.infinity }
            return try engine.generate(
                GenerationRequest(
                    prompt: prepared.tokens, sampling: sampling,
                    maximumTokens: request.maximumTokens,
                    endTokens: tokenizer.endOfGeneration, constraint: prepared.constraint,
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
