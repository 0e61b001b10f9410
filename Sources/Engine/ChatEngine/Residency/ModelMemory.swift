import Architectures
package import Checkpoints
import Foundation
import Inference
import Tensors

/// What a model takes of the machine's memory, in bytes.
package struct ModelMemory: Sendable, Equatable {
    /// As they are packed; pages of a mapped file count like others, because every step reads them.
    package var weights: Int
    package var cache: Int
    /// Activations and logits of the largest step.
    package var workspace: Int

    package init(weights: Int, cache: Int, workspace: Int) {
        self.weights = weights
        self.cache = cache
        self.workspace = workspace
    }

    package var total: Int { weights + cache + workspace }
}

extension ModelMemory {
    /// What a generator will need at most, by its file's header.
    ///
    /// - Throws: what is wrong with the header: `CheckpointError`, `ModelError`.
    package init(of file: Checkpoint, as options: LoadedModel.Options) throws {
        let configuration = try ModelFamilies.configuration(of: file)
        let limits = LoadedModel.limits(of: configuration, options)
        let engine = InferenceEngine.Options(
            cacheBytes: limits.cacheBytes, contextLength: limits.contextLength)
        self.init(
            weights: WeightCache.mostBytes(of: file, as: .stored),
            cache: limits.cacheBytes,
            workspace: Workspace.byteCount(
                for: configuration, rows: engine.rowsPerStep, outputRows: engine.sequences))
    }

    /// What a model for vectors or scores will need at most, by its file's header.
    ///
    /// - Throws: as ``init(of:as:)-(_,LoadedModel.Options)``.
    package init(of file: Checkpoint, as options: LoadedEncoder.Options) throws {
        let architecture = try file.string("general.architecture")
        if EncoderModel.architectures.contains(architecture) {
            let configuration = try EncoderConfiguration(file: file)
            self.init(
                weights: WeightCache.mostBytes(of: file, as: options.precision.form), cache: 0,
                workspace: EncoderWorkspace.byteCount(
                    for: configuration, rows: LoadedEncoder.stepRows))
            return
        }
        let configuration = try ModelFamilies.configuration(of: file)
        let longest = try LoadedEncoder.longestText(of: file, options)
        let rows = max(longest, CausalTextEncoder.turnRows)
        let layout = configuration.layout.storing(options.cacheElements)
        let pages = (rows + layout.positions - 1) / layout.positions + CausalTextEncoder.mostTexts
        self.init(
            weights: WeightCache.mostBytes(of: file, as: .stored),
            cache: pages * layout.byteCount,
            workspace: Workspace.byteCount(
                for: configuration, rows: CausalTextEncoder.turnRows,
                outputRows: CausalTextEncoder.turnRows, hasLogits: false))
    }

    /// The table that turns tokens into states, which no product uses.
    static func tableBytes(_ file: Checkpoint) -> Int {
        file.tensor(named: "token_embd.weight")?.byteCount ?? 0
    }
}

extension WeightCounts {
    /// Bytes of all matrices.
    var packedBytes: Int {
        dense.bytes + experts.bytes + head.bytes
    }
}

/// `3.2 GiB` or `410 MiB`.
package func memoryText(_ bytes: Int) -> String {
    let mebibytes = Double(bytes) / Double(1 << 20)
    return mebibytes < 1000
        ? "\(Int(mebibytes.rounded(.up))) MiB"
        : String(format: "%.1f GiB", mebibytes / 1024)
}
