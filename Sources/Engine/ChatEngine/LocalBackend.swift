import Architectures
import ChatFormats
package import CompletionAPI
import Inference
import Sampling
import StructuredJSON
import Tokenizers

/// Answers requests with models that run in this process.
package final class LocalBackend: CompletionBackend {
    let registry: ModelRegistry
    let adapters = AdapterDirectory()
    /// Looks for a model that is not known yet.
    let find: @Sendable (String) throws -> ModelSource?
    /// Whether an administrator may load an adapter from a path.
    let allowsAdapter: @Sendable (String) -> Bool

    /// Models that stay in memory.
    ///
    /// - Parameters:
    ///   - models: the first is the default.
    ///   - encoders: what embeds and ranks.
    package init(models: [LoadedModel], encoders: [LoadedEncoder] = []) {
        registry = ModelRegistry(budget: nil)
        find = { _ in nil }
        allowsAdapter = { _ in false }
        for engine in models.map(LoadedEngine.generator) + encoders.map(LoadedEngine.encoder) {
            registry.add(ModelSource(resident: engine), loaded: engine)
        }
    }

    /// Models that come into memory when they are asked for.
    ///
    /// - Parameters:
    ///   - sources: the first is the default.
    ///   - loaded: those that are in memory already, by name.
    ///   - budget: bytes that all of them together may take; `nil` sets no limit.
    ///   - find: a model that somebody wants to have loaded and that is not among the sources; `nil` where there is none.
    ///   - allowsAdapter: whether an administrator may load an adapter from a path.
    package init(
        sources: [ModelSource], loaded: [String: LoadedEngine] = [:], budget: Int? = nil,
        find: @escaping @Sendable (String) throws -> ModelSource? = { _ in nil },
        allowsAdapter: @escaping @Sendable (String) -> Bool = { _ in false }
    ) {
        registry = ModelRegistry(budget: budget)
        self.find = find
        self.allowsAdapter = allowsAdapter
        for source in sources { registry.add(source, loaded: loaded[source.name]) }
    }

    package func models() async -> [ModelDescription] {
        registry.descriptions + adapterDescriptions
    }

    package func statistics() async -> BackendStatistics {
        registry.statistics
    }

    /// Ends every answer under way; streams end with ``CompletionError/Code/shuttingDown``.
    package func shutDown() {
        registry.shutDown()
    }

    /// Shuts down, and returns when every model has kept what it keeps for the next start.
    package func stop() async {
        await registry.stop()
    }

    /// Holds a model that is made for `task` in memory, once it is there.
    func acquire(_ name: String, for task: ModelTask) async throws -> ModelRegistry.Lease {
        if let made = registry.description(of: name)?.task, made != task {
            throw CompletionError(
                code: .invalidRequest,
                message: """
                    model "\(name)" is made for \(made.rawValue), not for \(task.rawValue)
                    """, field: "model")
        }
        return try await registry.acquire(name)
    }

    @concurrent
    package func complete(_ request: CompletionRequest) async throws -> CompletionStream {
        let base = adapters[request.model]?.base
        let lease = try await acquire(base ?? request.model, for: .generation)
        guard case .generator(let model) = lease.engine else {
            throw CompletionError.unknownModel(request.model, known: [])
        }
        var adapter: Adapter?
        if base != nil {
            do {
                adapter = try self.adapter(request.model, of: model)
            } catch let error as AdapterError {
                throw error.completionError
            }
        }
        let prepared = try model.prepare(request)
        let prompt = prepared.tokens
        let generation = try model.generate(prepared, for: request, adapter: adapter)
        let assembler = AnswerAssembler(
            tokenizer: model.tokenizer, reading: prepared.reading,
            stopStrings: request.stopStrings, prompt: prompt,
            reportsPrompt: request.tokenReports?.includesPrompt ?? false,
            continuesText: !request.prompt.isChat)
        let source = AnswerSource(
            generation, through: assembler, promptTokens: prompt.count, holding: lease)
        return CompletionStream { try await source.next() }
    }
}

extension LoadedModel {
    fileprivate func generate(
        _ prepared: PreparedPrompt, for request: CompletionRequest, adapter: Adapter?
    ) throws(CompletionError) -> GenerationStream {
        var sampling = SamplingParameters(request.sampling, recommended: recommendedSampling)
        do {
            try sampling.validate()
            for token in prepared.bannedTokens { sampling.logitBias[token] = -.infinity }
            return try engine.generate(
                GenerationRequest(
                    prompt: prepared.tokens, sampling: sampling,
                    maximumTokens: request.maximumTokens,
                    endTokens: tokenizer.endOfGeneration, adapter: adapter,
                    constraint: prepared.constraint,
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
