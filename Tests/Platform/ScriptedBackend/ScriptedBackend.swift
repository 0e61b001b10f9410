package import CompletionAPI
import Synchronization

/// A backend that does what a test tells it, and remembers what it was asked.
///
/// It generates nothing: a ``Script`` says which events a request gets, and when.
package final class ScriptedBackend: ModelBackend {
    /// What one request gets.
    package struct Script: Sendable {
        /// Thrown instead of an answer.
        package var refusal: CompletionError?
        /// What happens between the start and the end, a token each.
        package var events: [CompletionEvent]
        /// Whether the pieces are repeated until somebody stops it.
        package var isEndless: Bool
        /// Time before each piece.
        package var pause: Duration
        /// Thrown after the pieces, instead of an end.
        package var failure: CompletionError?
        package var reason: FinishReason
        package var promptTokens: Int
        package var cachedTokens: Int
        package var matchedStop: String?

        /// An answer of these texts.
        package init(
            _ pieces: [String] = ["Hello", ", ", "world"], isEndless: Bool = false,
            pause: Duration = .zero, refusal: CompletionError? = nil,
            failure: CompletionError? = nil, reason: FinishReason = .stop, promptTokens: Int = 7
        ) {
            self.init(
                events: pieces.map { .text($0) }, isEndless: isEndless, pause: pause,
                refusal: refusal, failure: failure, reason: reason, promptTokens: promptTokens)
        }

        /// An answer of any events but the first and the last, which come by themselves.
        package init(
            events: [CompletionEvent], isEndless: Bool = false, pause: Duration = .zero,
            refusal: CompletionError? = nil, failure: CompletionError? = nil,
            reason: FinishReason = .stop, promptTokens: Int = 7, cachedTokens: Int = 0,
            matchedStop: String? = nil
        ) {
            self.refusal = refusal
            self.events = events
            self.isEndless = isEndless
            self.pause = pause
            self.failure = failure
            self.reason = reason
            self.promptTokens = promptTokens
            self.cachedTokens = cachedTokens
            self.matchedStop = matchedStop
        }
    }

    private struct State {
        var descriptions: [ModelDescription]
        var requests: [CompletionRequest] = []
        var embeddings: [EmbeddingRequest] = []
        var rerankings: [RerankRequest] = []
        var tokenized: [Conversation] = []
        var statistics = BackendStatistics(cacheBytesTotal: 1 << 20)
        var cancelled = 0
    }

    private let script: @Sendable (CompletionRequest) -> Script
    private let state: Mutex<State>

    package init(
        models: [ModelDescription] = [.scripted],
        script: @escaping @Sendable (CompletionRequest) -> Script = { _ in Script() }
    ) {
        state = Mutex(State(descriptions: models))
        self.script = script
    }

    /// Every request so far.
    package var requests: [CompletionRequest] { state.withLock(\.requests) }

    /// Every request for vectors so far.
    package var embeddings: [EmbeddingRequest] { state.withLock(\.embeddings) }

    /// Every request for a ranking so far.
    package var rerankings: [RerankRequest] { state.withLock(\.rerankings) }

    /// Every conversation so far whose tokens somebody wanted to know.
    package var tokenized: [Conversation] { state.withLock(\.tokenized) }

    /// How many answers were stopped before their end.
    package var cancelled: Int { state.withLock(\.cancelled) }

    package func models() async -> [ModelDescription] { state.withLock(\.descriptions) }

    /// Changes what is known of where a model stands, also when it throws.
    func change(
        _ name: String,
        _ body: (inout ModelResidencyReport) throws(CompletionError) -> Void
    ) throws(CompletionError) -> ModelDescription {
        guard
            let index = state.withLock({ state in
                state.descriptions.firstIndex { $0.name == name }
            })
        else {
            throw CompletionError(
                code: .modelNotFound, message: "no model is named \"\(name)\"", field: "model")
        }
        var description = state.withLock { $0.descriptions[index] }
        defer { state.withLock { $0.descriptions[index] = description } }
        try body(&description.residency)
        return description
    }

    package func statistics() async -> BackendStatistics { state.withLock(\.statistics) }

    package func complete(_ request: CompletionRequest) async throws -> CompletionStream {
        guard await models().contains(where: { $0.name == request.model }) else {
            throw CompletionError(
                code: .modelNotFound, message: "no model is named \"\(request.model)\"",
                field: "model")
        }
        state.withLock { $0.requests.append(request) }
        let script = script(request)
        if let refusal = script.refusal { throw refusal }
        let (stream, continuation) = CompletionStream.makeStream()
        state.withLock { $0.statistics.running += 1 }
        let task = Task {
            let isComplete = await play(script, to: continuation)
            state.withLock { state in
                state.statistics.running -= 1
                state.cancelled += isComplete ? 0 : 1
            }
            // After the counting, so that who sees the end sees the counters too.
            if let failure = script.failure {
                continuation.finish(throwing: failure)
            } else {
                continuation.finish()
            }
        }
        continuation.onTermination = { _ in task.cancel() }
        return stream
    }

    /// A vector for each input: its length in bytes or tokens, and 0.5, -0.25, up to `dimensions`.
    ///
    /// A text that is "slow" takes until the request is cancelled.
    package func embed(_ request: EmbeddingRequest) async throws -> EmbeddingResult {
        state.withLock { $0.embeddings.append(request) }
        let sizes = request.inputs.map { input in
            switch input {
            case .text(let text): text.utf8.count
            case .tokens(let tokens): tokens.count
            }
        }
        if request.inputs.contains(.text("slow")) {
            do {
                try await Task.sleep(for: .seconds(600))
            } catch {
                state.withLock { $0.cancelled += 1 }
                throw error
            }
        }
        return EmbeddingResult(
            vectors: sizes.map { Array([Float($0), 0.5, -0.25].prefix(request.dimensions ?? 3)) },
            promptTokens: sizes.reduce(0, +))
    }

    /// A score for each document: its length in bytes.
    package func rerank(_ request: RerankRequest) async throws -> RerankResult {
        state.withLock { $0.rerankings.append(request) }
        return RerankResult(
            scores: request.documents.map { Double($0.utf8.count) }, promptTokens: 11)
    }

    /// A token for each byte; a beginning of text, id 256, where special tokens are wanted or a conversation is read.
    package func tokens(of request: TokenizationRequest) async throws -> [Int] {
        switch request.prompt {
        case .tokens(let tokens): return tokens
        case .text(let text): return (request.addsSpecial ? [256] : []) + text.utf8.map(Int.init)
        case .chat(let conversation):
            state.withLock { $0.tokenized.append(conversation) }
            return [256] + conversation.messages.flatMap { $0.content.utf8.map(Int.init) }
        }
    }

    package func pieces(of tokens: [Int], model: String) async throws -> [[UInt8]] {
        guard let wrong = tokens.first(where: { !(0...256).contains($0) }) else {
            return tokens.map { $0 == 256 ? Array("<s>".utf8) : [UInt8($0)] }
        }
        throw CompletionError(
            code: .invalidRequest, message: "token id \(wrong) is outside the vocabulary",
            field: "tokens")
    }

    package func text(of tokens: [Int], model: String) async throws -> String {
        String(decoding: try await pieces(of: tokens, model: model).joined(), as: UTF8.self)
    }

    /// False where the reader stopped it.
    private func play(
        _ script: Script, to continuation: CompletionStream.Continuation
    ) async -> Bool {
        continuation.yield(.started(promptTokens: script.promptTokens))
        state.withLock { $0.statistics.promptTokens += script.promptTokens }
        var tokens = 0
        repeat {
            for event in script.events {
                if script.pause > .zero {
                    // A cancelled sleep ends early; the check below sees why.
                    try? await Task.sleep(for: script.pause)
                }
                guard !Task.isCancelled else { return false }
                continuation.yield(event)
                tokens += 1
                state.withLock { $0.statistics.completionTokens += 1 }
            }
        } while script.isEndless
        if script.failure == nil {
            let usage = Usage(
                promptTokens: script.promptTokens, completionTokens: tokens,
                cachedTokens: script.cachedTokens,
                reasoningTokens: script.events.count(where: \.isReasoning),
                prefillSeconds: 0.5, decodeSeconds: 0.25, matchedStop: script.matchedStop)
            continuation.yield(.finished(script.reason, usage))
        }
        return true
    }
}

extension CompletionEvent {
    fileprivate var isReasoning: Bool {
        if case .reasoning = self { true } else { false }
    }
}

extension ModelDescription {
    /// The model of a ``ScriptedBackend``.
    package static let scripted = ModelDescription(
        name: "scripted", summary: "no model at all", contextLength: 4096, loadedAt: 1_700_000_000,
        canChat: true)

    /// A model for vectors of a ``ScriptedBackend``.
    package static let scriptedEmbedder = ModelDescription(
        name: "scripted-embedder", summary: "no model at all", contextLength: 512,
        loadedAt: 1_700_000_000, canChat: false, task: .embedding)

    /// A model for rankings of a ``ScriptedBackend``.
    package static let scriptedReranker = ModelDescription(
        name: "scripted-reranker", summary: "no model at all", contextLength: 512,
        loadedAt: 1_700_000_000, canChat: false, task: .reranking)
}
