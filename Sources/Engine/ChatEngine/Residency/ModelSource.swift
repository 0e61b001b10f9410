import Architectures
package import Checkpoints
package import CompletionAPI
import Foundation
import Inference

/// A model that runs in this process.
package enum LoadedEngine: Sendable {
    case generator(LoadedModel)
    case encoder(LoadedEncoder)

    var description: ModelDescription {
        switch self {
        case .generator(let model): model.description
        case .encoder(let encoder): encoder.description
        }
    }

    var memory: ModelMemory {
        switch self {
        case .generator(let model): model.memory
        case .encoder(let encoder): encoder.memory
        }
    }

    /// Whether the weights are out of memory: some time after ``shutDown()``.
    var isGone: @Sendable () -> Bool {
        switch self {
        case .generator(let model): model.isGone
        case .encoder(let encoder): encoder.isGone
        }
    }

    func shutDown() {
        switch self {
        case .generator(let model): model.engine.shutDown()
        case .encoder(let encoder): encoder.engine.shutDown()
        }
    }

    var statistics: BackendStatistics {
        switch self {
        case .generator(let model):
            let statistics = model.engine.statistics
            var sum = BackendStatistics(
                promptTokens: statistics.promptTokens,
                completionTokens: statistics.generatedTokens, running: statistics.running,
                waiting: statistics.waiting,
                cacheBytesUsed: statistics.cachePagesUsed * statistics.pageBytes,
                cacheBytesTotal: statistics.cachePagesTotal * statistics.pageBytes)
            sum.cachePagesUsed = statistics.cachePagesUsed
            sum.cachePagesTotal = statistics.cachePagesTotal
            sum.cachedTokens = statistics.counts.cached
            sum.preemptions = statistics.counts.preempted
            sum.draftedTokens = statistics.counts.drafted
            sum.acceptedTokens = statistics.counts.accepted
            return sum
        case .encoder(let encoder):
            let statistics = encoder.engine.statistics
            return BackendStatistics(
                promptTokens: statistics.tokens, running: statistics.waiting)
        }
    }
}

/// A model that can be loaded: what its file's header says, and how to do it.
package struct ModelSource: Sendable {
    /// As clients see it while it is not loaded.
    package let description: ModelDescription
    /// What it will need at most.
    package let memory: ModelMemory
    /// Whether it stays in memory once it is there.
    package var isPinned = false
    /// How long it stays without a request; `nil` for ever.
    package var idleLimit: Duration?
    /// Packs or maps the weights: seconds for gigabytes.
    package let load: @Sendable () throws -> LoadedEngine

    package var name: String { description.name }

    /// Reads a header.
    ///
    /// - `file`: is not kept; `load` opens it anew, as it is then.
    /// - `load`: is called on a thread of its own.
    /// - Throws: what is wrong with the header: `CheckpointError`, `ModelError`.
    package init(
        name: String, file: Checkpoint, model: LoadedModel.Options, encoder: LoadedEncoder.Options,
        load: @escaping @Sendable () throws -> LoadedEngine
    ) throws {
        self.load = load
        let known = ModelResidencyReport(state: .unloaded)
        let now = Int(Date().timeIntervalSince1970)
        let summary = FileSummary(file)
        guard try LoadedEncoder.isEncoder(file) else {
            let configuration = try ModelFamilies.configuration(of: file)
            memory = try ModelMemory(of: file, as: model)
            description = ModelDescription(
                name: name, summary: summary.line,
                contextLength: LoadedModel.limits(of: configuration, model).contextLength,
                loadedAt: now,
                canChat: try file.optionalString("tokenizer.chat_template") != nil,
                residency: known, file: summary.file)
            return
        }
        memory = try ModelMemory(of: file, as: encoder)
        description = ModelDescription(
            name: name, summary: summary.line,
            contextLength: try LoadedEncoder.longestText(of: file, encoder),
            loadedAt: now, canChat: false,
            task: file.tensor(named: "cls.output.weight") == nil ? .embedding : .reranking,
            residency: known, file: summary.file)
    }

    /// A model that is loaded, and stays.
    init(resident engine: LoadedEngine) {
        description = engine.description
        memory = engine.memory
        isPinned = true
        let again = CompletionError(
            code: .engineFailure,
            message:
                "model \"\(engine.description.name)\" cannot be loaded again; restart the program")
        load = { throw again }
    }
}
