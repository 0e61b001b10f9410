package import Architectures
package import Checkpoints
package import CompletionAPI
import Foundation
package import Inference
import OrderedCollections
package import Tensors
package import Tokenizers

/// A model file made ready to turn texts into vectors, or to score documents.
///
/// Beside what GGUF says of the model, it follows what the sentence-transformers library keeps beside one, as metadata
/// under `sentence_transformers.`: prompts, the longest text, and whether vectors are normalized.
package final class LoadedEncoder: Sendable {
    /// How to make a file into a running encoder.
    package struct Options: Sendable {
        /// Threads that compute.
        package var threads: Int
        /// Kernels that compute; this machine must support them.
        package var instructionSet: InstructionSet
        /// Most tokens of one text; `nil` takes what the model was made for.
        package var contextLength: Int?
        package var precision: WeightPrecision
        /// `nil` takes what the file says.
        package var pooling: Pooling?
        /// How a decoder keeps keys and values.
        package var cacheElements: KVElement
        /// Where packed weights are kept for the next start; `nil` keeps none.
        package var weightCache: WeightCache?

        package init(
            threads: Int = ProcessInfo.processInfo.activeProcessorCount,
            instructionSet: InstructionSet = .best, contextLength: Int? = nil,
            precision: WeightPrecision = .rounded, pooling: Pooling? = nil,
            cacheElements: KVElement = .f16,
            weightCache: WeightCache? = nil
        ) {
            self.threads = threads
            self.instructionSet = instructionSet
            self.contextLength = contextLength
            self.precision = precision
            self.pooling = pooling
            self.weightCache = weightCache
            self.cacheElements = cacheElements
        }
    }

    package let description: ModelDescription
    package let tokenizer: Tokenizer
    package let engine: EmbeddingEngine
    package let memory: ModelMemory
    /// Whether the weights are out of memory: some time after the engine was shut down.
    let isGone: @Sendable () -> Bool
    /// What may be put before a text, by name.
    package let prompts: [String: String]
    package let defaultPrompt: String?
    /// How states are pooled where neither the file nor the caller says; `nil` where one of them does.
    package let assumedPooling: Pooling?
    /// Whether scores are mapped to 0 to 1 by the logistic function, as most cross-encoders want it.
    let squashesScores: Bool
    /// Whether vectors get length 1 where a request does not say.
    package let normalizes: Bool

    /// Tokens of a step: a step of many short texts is as fast as one of a few thousand rows gets.
    static let stepRows = 1024
    /// A decoder's context may be longer than anybody embeds, and all of it is memory.
    private static let longestDecoderText = 8192
    private static let prefix = "sentence_transformers"

    /// Whether a file is an encoder: a model that reads both ways, or a decoder that states how to pool its states.
    package static func isEncoder(_ file: Checkpoint) throws -> Bool {
        let architecture = try file.string("general.architecture")
        return try EncoderModel.architectures.contains(architecture)
            || Pooling(file: file, architecture: architecture) != nil
    }

    /// Loads and repacks the weights.
    ///
    /// - Throws: what is wrong with the file: `CheckpointError`, `ModelError`, `TokenizerError`, `KVCacheError`.
    package init(
        name: String, file: Checkpoint, options: Options = Options(),
        progress: (Double) -> Void = { _ in }
    ) throws {
        tokenizer = try Tokenizer(file)
        let wanted = try Self.wantedLength(of: file, options)
        let made = try Self.makeEngine(file, options, longestText: wanted, progress)
        engine = made.engine
        isGone = made.isGone
        var memory = try ModelMemory(of: file, as: options)
        memory.weights = made.weights + ModelMemory.tableBytes(file)
        self.memory = memory
        let architecture = try file.string("general.architecture")
        let isStated =
            try options.pooling != nil || Pooling(file: file, architecture: architecture) != nil
        assumedPooling =
            isStated || engine.isClassifier ? nil : Self.usualPooling(architecture)
        squashesScores = try Self.squashesScores(file)
        normalizes = try file.optionalBool("\(Self.prefix).normalize") ?? true
        var prompts: [String: String] = [:]
        let promptPrefix = "\(Self.prefix).prompts."
        for key in file.metadata.keys where key.hasPrefix(promptPrefix) {
            prompts[String(key.dropFirst(promptPrefix.count))] = try file.string(key)
        }
        self.prompts = prompts
        defaultPrompt = try file.optionalString("\(Self.prefix).default_prompt_name")
        description = ModelDescription(
            name: name, summary: FileSummary(file).line, contextLength: engine.longestText,
            loadedAt: Int(Date().timeIntervalSince1970), canChat: false,
            task: engine.isClassifier ? .reranking : .embedding, file: FileSummary(file).file)
    }

    private static func usualPooling(_ architecture: String) -> Pooling {
        EncoderModel.architectures.contains(architecture) ? .mean : .last
    }

    private static func squashesScores(_ file: Checkpoint) throws -> Bool {
        let key = "\(prefix).activation"
        switch try file.optionalString(key) {
        case nil, "sigmoid": return true
        case "identity": return false
        case .some(let name):
            throw ModelError(
                code: .unsupportedFeature, file: file.path, field: key,
                message:
                    "is \"\(CheckpointError.printable(name))\"; Berth knows sigmoid and identity")
        }
    }

    private typealias Made = (
        engine: EmbeddingEngine, weights: Int, isGone: @Sendable () -> Bool
    )

    /// The engine, the bytes of its packed weights, and how to know that they are gone.
    private static func makeEngine(
        _ file: Checkpoint, _ options: Options, longestText: Int?, _ progress: (Double) -> Void
    ) throws -> Made {
        let compute = Compute(threads: options.threads, instructionSet: options.instructionSet)
        let architecture = try file.string("general.architecture")
        if EncoderModel.architectures.contains(architecture) {
            let model = try EncoderModel(
                file, precision: options.precision, on: compute,
                place: options.weightCache.place(for: file, as: options.precision.form),
                progress: progress)
            if let classifier = model.classifier, classifier.labels != 1 {
                throw ModelError(
                    code: .unsupportedFeature, file: file.path, field: "cls.output.weight",
                    message: "has \(classifier.labels) labels; Berth ranks with models of one label"
                )
            }
            let engine = EmbeddingEngine(
                BidirectionalTextEncoder(
                    model: model, compute: compute, rows: stepRows, longestText: longestText,
                    pooling: options.pooling))
            return (engine, model.counts.packedBytes, { [weak model] in model == nil })
        }
        let model = try ModelFamilies.load(
            file, on: compute, contextLength: longestText,
            place: options.weightCache.place(for: file, as: .stored), progress: progress)
        let pooling =
            try options.pooling ?? Pooling(file: file, architecture: architecture)
            ?? usualPooling(architecture)
        let longest = self.longestText(of: model.configuration, longestText)
        let engine = EmbeddingEngine(
            try CausalTextEncoder(
                model: model, compute: compute, longestText: longest, pooling: pooling,
                elements: options.cacheElements))
        return (engine, model.counts.packedBytes, { [weak model] in model == nil })
    }

    /// Most tokens of a text that the file or the caller states.
    private static func wantedLength(of file: Checkpoint, _ options: Options) throws -> Int? {
        let key = "\(prefix).max_seq_length"
        let stated = try file.optionalInteger(key)
        if let stated, stated < 1 {
            throw ModelError(
                code: .invalidConfiguration, file: file.path, field: key,
                message: "is \(stated); a text has at least one token")
        }
        return [stated, options.contextLength].compactMap { $0 }.min()
    }

    /// Most tokens of a text, by the file's header.
    static func longestText(of file: Checkpoint, _ options: Options) throws -> Int {
        let wanted = try wantedLength(of: file, options)
        guard try !EncoderModel.architectures.contains(file.string("general.architecture")) else {
            let context = try EncoderConfiguration(file: file).contextLength
            return min(wanted ?? context, context)
        }
        return longestText(of: try ModelFamilies.configuration(of: file), wanted)
    }

    /// Most tokens of one text of a decoder.
    private static func longestText(of configuration: ModelConfiguration, _ wanted: Int?) -> Int {
        min(configuration.contextLength, wanted ?? longestDecoderText)
    }
}
