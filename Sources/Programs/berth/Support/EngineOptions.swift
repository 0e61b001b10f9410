import ArgumentParser
import ChatEngine
import Checkpoints
import Foundation
import Tensors

extension InstructionSet: ExpressibleByArgument {}

/// How many threads compute, and with which kernels.
struct ThreadOptions: ParsableArguments {
    @Option(help: "Threads that compute (default: one for each processor).")
    var threads: Int?

    @Option(help: "Kernels that compute (default: the fastest that this machine can run).")
    var kernels: InstructionSet?

    func validate() throws {
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads must be 1 to 1024, got \(threads).")
        }
        if let kernels, !InstructionSet.supported.contains(kernels) {
            let names = InstructionSet.supported.map(\.rawValue).joined(separator: ", ")
            throw ValidationError(
                "--kernels must be what this machine can run (\(names)), got \(kernels.rawValue).")
        }
    }

    var instructionSet: InstructionSet {
        kernels ?? .best
    }

    var count: Int {
        threads ?? ProcessInfo.processInfo.activeProcessorCount
    }
}

/// Options of every command that answers with a model.
struct EngineOptions: ParsableArguments {
    @OptionGroup var threads: ThreadOptions

    @Option(help: "Most tokens of one conversation (default: what the model was made for).")
    var contextLength: Int?

    @Option(help: "Memory for the KV cache in MiB (default: by context length and memory).")
    var cacheMemory: Int?

    @OptionGroup var cache: CacheOptions

    @Option(
        help: ArgumentHelp(
            """
            Most tokens to guess ahead in a step, from the text itself or with --draft-model; the text stays the same (default: \
            0, or 4 with a draft model).
            """, valueName: "COUNT"))
    var draftTokens: Int?

    @Option(
        help: ArgumentHelp(
            "A small model of the same vocabulary that guesses ahead.", valueName: "MODEL"))
    var draftModel: ModelReference?

    @Option(
        help: ArgumentHelp(
            "Keep the beginnings of texts that were used last in this folder, for the next start.",
            valueName: "FOLDER"))
    var prefixCache: String?

    @Option(
        help: ArgumentHelp(
            """
            How many times as long as without prompts a step with running answers may take: less keeps their pace, more \
            serves more (default: 2).
            """, valueName: "TIMES"))
    var slowdown: Double?

    func validate() throws {
        if let draftTokens, !(0...64).contains(draftTokens) {
            throw ValidationError("--draft-tokens must be 0 to 64, got \(draftTokens).")
        }
        if let slowdown, !(1.01...100).contains(slowdown) {
            throw ValidationError("--slowdown must be 1.01 to 100, got \(slowdown).")
        }
        if let contextLength, contextLength < 1 {
            throw ValidationError("--context-length must be at least 1, got \(contextLength).")
        }
        if let cacheMemory, !(1...(1 << 24)).contains(cacheMemory) {
            throw ValidationError("--cache-memory must be 1 to 16777216 MiB, got \(cacheMemory).")
        }
    }

    /// - `models`: how many share the memory.
    /// - `memory`: bytes that all of them may take; `nil` is the machine's memory.
    func loading(
        models: Int = 1, memory: Int? = nil, weightCache: WeightCache?
    ) -> LoadedModel.Options {
        var options = LoadedModel.Options(
            threads: threads.count, instructionSet: threads.instructionSet,
            contextLength: contextLength, cacheBytes: cacheMemory.map { $0 << 20 },
            cacheElements: cache.elements, modelsOnMachine: models, memory: memory,
            weightCache: weightCache)
        options.draftTokens = draftTokens ?? (draftModel == nil ? 0 : 4)
        if let draftModel { options.draftModel = { try draftModel.open() } }
        options.prefixFolder = prefixCache
        options.slowdown = slowdown ?? options.slowdown
        options.notify = { StandardError.write("note: \($0)\n") }
        return options
    }
}

/// Options of every command that samples.
struct SamplingArguments: ParsableArguments {
    @Option(help: "Randomness: 0 always takes the likeliest token.")
    var temperature: Double?

    @Option(help: "Keep the smallest set of tokens with at least this probability, 0 to 1.")
    var topP: Double?

    @Option(help: "Keep the K likeliest tokens; 0 keeps all.")
    var topK: Int?

    @Option(help: "Keep tokens at least this likely relative to the likeliest, 0 to 1.")
    var minP: Double?

    @Option(help: "Seed: the same seed and prompt give the same text.")
    var seed: UInt64?

    @Option(help: "Most tokens to generate.")
    var maxTokens: Int?

    func validate() throws {
        if let maxTokens, maxTokens < 1 {
            throw ValidationError("--max-tokens must be at least 1, got \(maxTokens).")
        }
        if let temperature, !(0...100).contains(temperature) {
            throw ValidationError("--temperature must be 0 to 100, got \(temperature).")
        }
        if let topP, !(0...1).contains(topP) {
            throw ValidationError("--top-p must be 0 to 1, got \(topP).")
        }
        if let topK, topK < 0 {
            throw ValidationError("--top-k must not be negative, got \(topK).")
        }
        if let minP, !(0...1).contains(minP) {
            throw ValidationError("--min-p must be 0 to 1, got \(minP).")
        }
    }
}
