import Architectures
import ArgumentParser
import ChatEngine
import Checkpoints
import Tokenizers

extension WeightPrecision: ExpressibleByArgument {}

extension Pooling: ExpressibleByArgument {
    init?(argument: String) {
        self.init(name: argument)
    }

    static var allValueStrings: [String] {
        allCases.map(\.name)
    }
}

/// Options of every command that loads a model for vectors or ranking.
struct EncoderOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            How an encoder's weights are kept: rounded to 13 bits, which is fast, or stored as in the file, which is \
            closer to it (attention rounds to 13 bits either way; default: rounded).
            """))
    var weights: WeightPrecision?

    @Option(help: "How a text's states become one vector (default: what the model says).")
    var pooling: Pooling?

    var precision: WeightPrecision { weights ?? .rounded }

    func loading(
        _ threads: ThreadOptions, cache: CacheOptions, contextLength: Int? = nil,
        weightCache: WeightCache?
    ) -> LoadedEncoder.Options {
        LoadedEncoder.Options(
            threads: threads.count, instructionSet: threads.instructionSet,
            contextLength: contextLength, precision: precision, pooling: pooling,
            cacheElements: cache.elements, weightCache: weightCache)
    }
}

extension ModelReference {
    /// Loads a model for vectors or ranking, with a progress bar when that takes a while.
    func loadEncoder(_ options: LoadedEncoder.Options) throws -> LoadedEncoder {
        try load(open(), options)
    }

    func load(_ file: Checkpoint, _ options: LoadedEncoder.Options) throws -> LoadedEncoder {
        let bar = ProgressBar(label: "loading \(name)")
        defer { bar.finish() }
        let loaded = try LoadedEncoder(
            name: name, file: file, options: options, progress: { bar.update($0) })
        bar.finish()
        say(loaded.tokenizer.notices)
        return loaded
    }
}
