/// Whatever can complete requests: the local engine, a remote one, a test double.
///
/// All that the rooms above the engine see of it.
package protocol CompletionBackend: Sendable {
    /// The models that can be asked, in memory or not; the first is the default.
    func models() async -> [ModelDescription]

    /// Starts a completion.
    ///
    /// Errors of the request itself are thrown here, before any work; later failures end the stream.
    /// Dropping the stream (or cancelling the task that reads it) stops the work within one token.
    func complete(_ request: CompletionRequest) async throws -> CompletionStream

    /// Counters since start, for `/metrics`.
    func statistics() async -> BackendStatistics
}

/// The events of one completion; it ends after `finished`, or by throwing a ``CompletionError``.
package typealias CompletionStream = AsyncThrowingStream<CompletionEvent, any Error>

/// A model as clients see it.
package struct ModelDescription: Sendable, Equatable {
    package var name: String
    /// For people: architecture, size, quantization.
    package var summary: String
    /// Most tokens of prompt and answer together.
    package var contextLength: Int
    /// Seconds since 1970 when the model was loaded, or became known where it was not loaded yet.
    package var loadedAt: Int
    /// Whether it has a chat template (a base model has none and serves `/v1/completions` only).
    package var canChat: Bool
    package var task: ModelTask
    package var residency: ModelResidencyReport
    /// What its file holds, where there is one.
    package var file: ModelFile?
    /// For an adapter, the name of the model that it changes.
    package var parent: String?

    package init(
        name: String, summary: String, contextLength: Int, loadedAt: Int, canChat: Bool,
        task: ModelTask = .generation, residency: ModelResidencyReport = ModelResidencyReport(),
        file: ModelFile? = nil
    ) {
        self.name = name
        self.summary = summary
        self.contextLength = contextLength
        self.loadedAt = loadedAt
        self.canChat = canChat
        self.task = task
        self.residency = residency
        self.file = file
    }
}

/// What a model's file holds, in numbers.
package struct ModelFile: Sendable, Equatable {
    /// Such as `qwen3`.
    package var architecture: String
    package var parameters: Int
    /// For people: such as `751.6M`.
    package var parameterSize: String
    /// The type that most weights have, such as `Q4_K`.
    package var weightType: String
    /// Bytes of all weights.
    package var bytes: Int

    package init(
        architecture: String, parameters: Int, parameterSize: String, weightType: String, bytes: Int
    ) {
        self.architecture = architecture
        self.parameters = parameters
        self.parameterSize = parameterSize
        self.weightType = weightType
        self.bytes = bytes
    }
}

/// What a loaded model is for.
package enum ModelTask: String, Sendable {
    /// Continues text and, with a chat template, chats.
    case generation
    /// Turns texts into vectors.
    case embedding
    /// Scores documents for a query.
    case reranking
}

/// What the backend has done since it started.
package struct BackendStatistics: Sendable, Equatable {
    package var promptTokens: Int
    package var completionTokens: Int
    /// Sequences being worked on now.
    package var running: Int
    /// Sequences waiting for room now.
    package var waiting: Int
    /// Bytes of KV cache in use, and in all.
    package var cacheBytesUsed: Int
    package var cacheBytesTotal: Int
    /// Pages of KV cache in use, and in all.
    package var cachePagesUsed = 0
    package var cachePagesTotal = 0
    /// Prompt tokens whose keys and values were in the cache already.
    package var cachedTokens = 0
    /// How often a sequence was put back because its memory was needed.
    package var preemptions = 0
    /// Tokens guessed ahead, and those of them that were right.
    package var draftedTokens = 0
    package var acceptedTokens = 0

    package init(
        promptTokens: Int = 0, completionTokens: Int = 0, running: Int = 0, waiting: Int = 0,
        cacheBytesUsed: Int = 0, cacheBytesTotal: Int = 0
    ) {
        self.promptTokens = promptTokens
        self.completionTokens = completionTokens
        self.running = running
        self.waiting = waiting
        self.cacheBytesUsed = cacheBytesUsed
        self.cacheBytesTotal = cacheBytesTotal
    }
}
