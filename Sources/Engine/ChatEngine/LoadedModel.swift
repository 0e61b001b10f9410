import Architectures
package import ChatFormats
package import Checkpoints
package import CompletionAPI
import Foundation
import Grammars
package import Inference
import KVCaching
import Synchronization
package import Tensors
package import Tokenizers

/// A model file made ready to answer: weights, tokenizer, chat template and the engine that runs it.
package final class LoadedModel: Sendable {
    /// How to make a file into a running model.
    package struct Options: Sendable {
        /// Threads that compute; by default one for each processor.
        package var threads: Int
        /// Kernels that compute; this machine must support them.
        package var instructionSet: InstructionSet
        /// Most positions of one conversation; `nil` takes what the model was made for.
        package var contextLength: Int?
        /// Budget of the KV cache in bytes; `nil` chooses by the machine's memory.
        package var cacheBytes: Int?
        /// How the KV cache keeps keys and values.
        package var cacheElements: KVElement
        /// Models that share that memory, this one included.
        package var modelsOnMachine: Int
        /// Bytes that all models together may take; `nil` is the machine's memory.
        package var memory: Int?
        /// Where packed weights are kept for the next start; `nil` keeps none.
        package var weightCache: WeightCache?
        /// Most tokens to guess ahead in a step; 0 guesses nothing.
        package var draftTokens = 0
        /// Opens a small model of the same vocabulary that guesses; `nil` guesses from the text itself.
        package var draftModel: (@Sendable () throws -> Checkpoint)?
        /// Folder in which the beginnings of texts are kept for the next start; `nil` keeps none.
        package var prefixFolder: String?
        /// How many times as long as without prompts a step with running answers may take.
        package var slowdown = 2.0
        /// Told what went wrong without an answer being affected.
        package var notify: @Sendable (String) -> Void = { _ in }

        package init(
            threads: Int = ProcessInfo.processInfo.activeProcessorCount,
            instructionSet: InstructionSet = .best, contextLength: Int? = nil,
            cacheBytes: Int? = nil, cacheElements: KVElement = .f16, modelsOnMachine: Int = 1,
            memory: Int? = nil, weightCache: WeightCache? = nil
        ) {
            self.threads = threads
            self.instructionSet = instructionSet
            self.contextLength = contextLength
            self.cacheBytes = cacheBytes
            self.cacheElements = cacheElements
            self.modelsOnMachine = modelsOnMachine
            self.memory = memory
            self.weightCache = weightCache
        }
    }

    package let description: ModelDescription
    package let tokenizer: Tokenizer
    /// `nil` for a base model: it continues text but cannot chat.
    package let format: ChatFormat?
    package let engine: InferenceEngine
    private let grammarCache = Mutex<GrammarCache?>(nil)
    package let memory: ModelMemory
    /// Whether the weights are out of memory: some time after the engine was shut down.
    let isGone: @Sendable () -> Bool
    /// What changes the model for those who ask for it by name.
    let adapterShelf: AdapterShelf
    /// Bytes of the longest token: a text of more than so many times the context cannot fit it.
    private let longestToken: Int
    /// What the model's makers recommend where a request says nothing.
    package let recommendedSampling: SamplingOptions

    /// Loads the weights, and repacks those that no cache has: seconds for gigabytes.
    ///
    /// - Throws: what is wrong with the file: `CheckpointError`, `ModelError`, `TokenizerError`,
    ///   `TemplateError`, `KVCacheError`.
    package init(
        name: String, file: Checkpoint, options: Options = Options(),
        progress: (Double) -> Void = { _ in }
    ) throws {
        tokenizer = try Tokenizer(file)
        // Without its folders: clients may see this name.
        let fileName = file.path.split(separator: "/").last ?? ""
        format = try file.optionalString("tokenizer.chat_template").map {
            try ChatFormat(source: $0, name: "tokenizer.chat_template of \(fileName)")
        }
        let compute = Compute(threads: options.threads, instructionSet: options.instructionSet)
        let model = try ModelFamilies.load(
            file, on: compute, contextLength: options.contextLength,
            place: options.weightCache.place(for: file, as: .stored), progress: progress)
        let configuration = model.configuration
        guard tokenizer.count <= configuration.vocabulary else {
            throw ModelError(
                code: .invalidConfiguration, file: file.path, field: "tokenizer.ggml.tokens",
                message: """
                    has \(tokenizer.count) tokens, but token_embd.weight has rows for \
                    \(configuration.vocabulary) only
                    """)
        }
        longestToken = Self.longestToken(of: tokenizer)
        let limits = Self.limits(of: configuration, options)
        var engineOptions = InferenceEngine.Options(
            cacheBytes: limits.cacheBytes, contextLength: limits.contextLength)
        engineOptions.cacheElements = options.cacheElements
        engineOptions.longestDraft = options.draftTokens
        engineOptions.slowdown = options.slowdown
        engineOptions.notify = options.notify
        engineOptions.prefixStore = Self.prefixStore(
            name, file, options, limit: limits.cacheBytes)
        memory = ModelMemory(
            weights: model.counts.packedBytes + ModelMemory.tableBytes(file),
            cache: limits.cacheBytes,
            workspace: Workspace.byteCount(
                for: configuration, rows: engineOptions.rowsPerStep,
                outputRows: engineOptions.sequences))
        isGone = { [weak model] in model == nil }
        adapterShelf = AdapterShelf(for: configuration, on: compute)
        engine = try InferenceEngine(
            model: model, compute: compute, options: engineOptions,
            drafter: Self.drafter(options, for: configuration, on: compute))
        recommendedSampling = SamplingOptions(recommendedBy: file)
        description = ModelDescription(
            name: name, summary: FileSummary(file).line, contextLength: engine.positionLimit,
            loadedAt: Int(Date().timeIntervalSince1970), canChat: format != nil,
            file: FileSummary(file).file)
    }

    /// Compiled grammars; the first request for one waits for the vocabulary to be sorted.
    var grammars: GrammarCache {
        grammarCache.withLock { cache in
            if let cache { return cache }
            let made = GrammarCache(trie: TokenTrie(tokenizer))
            cache = made
            return made
        }
    }

    /// - Throws: where the small model does not fit the large one.
    private static func drafter(
        _ options: Options, for configuration: ModelConfiguration, on compute: Compute
    ) throws -> (any Drafter)? {
        guard options.draftTokens > 0, let file = try options.draftModel?() else { return nil }
        let model = try ModelFamilies.load(
            file, on: compute, contextLength: options.contextLength,
            place: options.weightCache.place(for: file, as: .stored))
        guard model.configuration.vocabulary == configuration.vocabulary else {
            throw ModelError(
                code: .invalidConfiguration, file: file.path, field: "token_embd.weight",
                message: """
                    has rows for \(model.configuration.vocabulary) tokens, and the model that it is to draft for has \
                    \(configuration.vocabulary); a draft model needs the same vocabulary
                    """)
        }
        // As many positions as a few long texts have.
        let pages = 4 * model.configuration.contextLength / model.layout.positions + 8
        return try ModelDrafter(
            model: model, compute: compute, cacheBytes: min(pages * model.layout.byteCount, 1 << 30)
        )
    }

    private static func prefixStore(
        _ name: String, _ file: Checkpoint, _ options: Options, limit: Int
    ) -> PrefixStore? {
        guard let folder = options.prefixFolder else { return nil }
        // A model in memory has no file that could change.
        let digest = PackedSource(file, as: .stored)?.digest ?? 0
        let kind = UInt64(KVElement.allCases.firstIndex(of: options.cacheElements) ?? 0)
        let plain = name.map { $0.isLetter || $0.isNumber || ".-_".contains($0) ? $0 : "_" }
        return PrefixStore(
            path: "\(folder)/\(String(plain)).prefixes", fingerprint: digest &+ kind, limit: limit)
    }

    private static func longestToken(of tokenizer: Tokenizer) -> Int {
        (0..<tokenizer.count).reduce(1) { max($0, tokenizer.bytes(of: $1).count) }
    }

    /// Refuses at once what no tokenizer could make fit: megabytes take seconds to tokenize.
    func requireFitting(_ text: String, of prompt: Prompt) throws(CompletionError) {
        let (most, isHuge) = description.contextLength.multipliedReportingOverflow(by: longestToken)
        guard !isHuge, text.utf8.count > most else { return }
        throw CompletionError(
            code: .contextLengthExceeded,
            message: """
                the prompt has \(text.utf8.count) bytes, more than the \(description.contextLength) tokens of \
                the context can hold; shorten it or start a new conversation
                """, field: prompt.isChat ? "messages" : "prompt")
    }

    /// How long conversations may be, and the KV cache for them: room for eight full ones, but no more than a fair share
    /// of a third of the memory that models may take.
    static func limits(
        of configuration: ModelConfiguration, _ options: Options
    ) -> (contextLength: Int, cacheBytes: Int) {
        let contextLength = min(
            options.contextLength ?? configuration.contextLength, configuration.contextLength)
        let layout = configuration.layout.storing(options.cacheElements)
        let pages = (contextLength + layout.positions - 1) / layout.positions
        let memory =
            options.memory ?? Int(clamping: ProcessInfo.processInfo.physicalMemory)
        let share = min(8 * pages * layout.byteCount, memory / 3 / options.modelsOnMachine)
        return (contextLength, options.cacheBytes ?? share)
    }
}
