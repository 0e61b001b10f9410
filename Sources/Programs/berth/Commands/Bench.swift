import Architectures
import ArgumentParser
import ChatEngine
import Checkpoints
import Foundation
import Inference
import KVCaching
import StructuredJSON
import Tensors

struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure tokens a second.",
        discussion: """
            prefill_tok_s  one prompt of --prompt tokens
            decode_tok_s   one token at a time after --depth tokens of context, S streams together in one batch; \
            the figure counts the tokens of all streams

            Beside them: bytes of weights and operations (a multiplication and an addition are two) a second, and \
            which part that is of what this machine reads from memory and multiplies with 8-bit instructions at \
            most, measured in the same run.

            Medians of --repetitions after one warm-up. Other work on the machine disturbs the figures.

            With --adapters every figure is measured without and with adapters of random factors on all \
            projections, in turn: the prompt has one, the streams take them in turn.

            Of a model for embeddings, instead, the milliseconds that batches of 1 and 32 texts of 16 to 256 tokens \
            take, each measured for --seconds.
            """)

    @Argument(help: "A GGUF file, a model of the store, or the embedded model.")
    var file: ModelReference

    @OptionGroup var threads: ThreadOptions

    @Option(help: "Tokens of the prompt whose prefill is measured.")
    var prompt = 512

    @Option(help: "Tokens that each stream generates.")
    var generate = 64

    @Option(help: ArgumentHelp("Numbers of streams, separated by commas.", valueName: "S,S,..."))
    var streams = "1,4,16"

    @Option(help: "Tokens of context before the first generated one.")
    var depth = 0

    @Option(help: "Measurements of each figure.")
    var repetitions = 3

    @Option(help: "Seconds for each figure of a model for embeddings.")
    var seconds = 1.0

    @Option(help: "Random adapters to measure with.")
    var adapters = 0

    @Option(help: "Rank of their factors.")
    var adapterRank = 16

    @OptionGroup var encoder: EncoderOptions
    @OptionGroup var cache: CacheOptions
    @OptionGroup var weightCache: WeightCacheOptions

    @Flag(help: "Print one JSON object a line.")
    var json = false

    private var streamCounts: [Int] {
        get throws {
            try streams.split(separator: ",", omittingEmptySubsequences: false).map { word in
                guard let count = Int(word), (1...1024).contains(count) else {
                    throw ValidationError(
                        "--streams takes numbers from 1 to 1024, such as 1,4,16; got \"\(word)\".")
                }
                return count
            }
        }
    }

    func validate() throws {
        _ = try streamCounts
        for (name, value, least) in [
            ("prompt", prompt, 1), ("generate", generate, 1), ("depth", depth, 0),
            ("repetitions", repetitions, 1),
        ] where !(least...(1 << 20)).contains(value) {
            throw ValidationError("--\(name) must be \(least) to \(1 << 20), got \(value).")
        }
        guard (0...1024).contains(adapters), (1...1024).contains(adapterRank) else {
            throw ValidationError("--adapters must be 0 to 1024, and --adapter-rank 1 to 1024.")
        }
        guard seconds > 0, seconds <= 3600 else {
            throw ValidationError("--seconds must be above 0 and at most 3600, got \(seconds).")
        }
    }

    func run() throws {
        let compute = Compute(threads: threads.count, instructionSet: threads.instructionSet)
        let checkpoint = try file.open()
        if EncoderModel.architectures.contains(try checkpoint.string("general.architecture")) {
            return try measureEncoder(checkpoint, compute)
        }
        let ceilings = measureCeilings()
        let bar = ProgressBar(label: "loading \(file.name)")
        let start = DispatchTime.now().uptimeNanoseconds
        let model = try ModelFamilies.load(
            checkpoint, on: compute, place: weightCache.cache.place(for: checkpoint, as: .stored)
        ) { bar.update($0) }
        bar.finish()
        let loadSeconds = Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9
        let streamCounts = try streamCounts
        let bench = try Benchmark(
            model: model, compute: compute, prompt: prompt, generate: generate, depth: depth,
            mostStreams: streamCounts.max() ?? 1, repetitions: repetitions,
            elements: cache.elements)

        let random = RandomAdapters(rank: adapterRank)
        let adapters = (0..<adapters).map { random.make($0, for: model.configuration, on: compute) }
        let prefill = try bench.prefill(adapters: adapters)
        let share = ShareOfCeilings(
            ceilings: ceilings, fileBytes: checkpoint.fileSize, loadSeconds: loadSeconds)
        if !json { try StandardOutput.line(share.heading) }
        try report(
            prefill, bench.prefillWork, share,
            ["figure": .string("prefill_tok_s"), "prompt": .integer(prompt)])
        for count in streamCounts {
            try report(
                bench.decode(streams: count, adapters: adapters), bench.decodeWork(streams: count),
                share,
                [
                    "figure": .string("decode_tok_s"), "streams": .integer(count),
                    "depth": .integer(depth),
                ])
        }
    }

    /// Of the model alone and, behind it, with adapters.
    private func report(
        _ rates: [Benchmark.Rates], _ work: Benchmark.Work, _ share: ShareOfCeilings,
        _ labels: JSONObject
    ) throws {
        for (index, rates) in rates.enumerated() {
            var labels = labels
            if index > 0 {
                labels["adapters"] = .integer(adapters)
                labels["rank"] = .integer(adapterRank)
            }
            try report(rates, work, share, labels)
        }
    }

    private func measureCeilings() -> MachineCeilings {
        let bar = ProgressBar(label: "measuring the machine")
        defer { bar.finish() }
        return MachineCeilings(threads: threads.count, progress: { bar.update($0) })
    }

    private func measureEncoder(_ file: Checkpoint, _ compute: Compute) throws {
        let ceilings = measureCeilings()
        let start = DispatchTime.now().uptimeNanoseconds
        let bar = ProgressBar(label: "loading \(self.file.name)")
        let model = try EncoderModel(
            file, precision: encoder.precision, on: compute,
            place: weightCache.cache.place(for: file, as: encoder.precision.form)
        ) {
            bar.update($0)
        }
        bar.finish()
        let share = ShareOfCeilings(
            ceilings: ceilings, fileBytes: file.fileSize,
            loadSeconds: Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9)
        if !json { try StandardOutput.line(share.heading) }
        let bench = EncoderBenchmark(
            encoder: BidirectionalTextEncoder(model: model, compute: compute, rows: 1024),
            duration: seconds)
        for texts in [1, 32] {
            for length in [16, 64, 128, 256] where length <= model.configuration.contextLength {
                let times = bench.measure(texts: texts, length: length)
                let bytes = model.counts.bytes(tokens: length, outputs: 0)
                let operations = model.counts.operations(tokens: texts * length, outputs: 0)
                let seconds = times.median / 1000
                var line: JSONObject = [
                    "engine": .string("berth"), "figure": .string("encode_ms"),
                    "texts": .integer(texts), "tokens": .integer(length),
                    "ms": .number(times.median), "min": .number(times.fastest),
                    "max": .number(times.slowest),
                ]
                line.merge(
                    share.fields(bytes: bytes, operations: operations, seconds: seconds)
                ) { old, _ in old }
                try StandardOutput.line(
                    json
                        ? JSONValue.object(line).serialized()
                        : "\(texts) texts of \(length) tokens: \(times.median) ms "
                            + "(\(times.fastest) to \(times.slowest)), "
                            + share.text(bytes: bytes, operations: operations, seconds: seconds))
            }
        }
    }

    private func report(
        _ rates: Benchmark.Rates, _ work: Benchmark.Work, _ share: ShareOfCeilings,
        _ labels: JSONObject
    ) throws {
        let seconds = 1 / rates.median
        if json {
            var line: JSONObject = ["engine": .string("berth")]
            line.merge(labels) { _, new in new }
            line["tok_s"] = .number(rates.median)
            line["min"] = .number(rates.slowest)
            line["max"] = .number(rates.fastest)
            line.merge(
                share.fields(bytes: work.bytes, operations: work.operations, seconds: seconds)
            ) { old, _ in old }
            try StandardOutput.write(JSONValue.object(line).serialized() + "\n")
        } else {
            let name = labels.values.map(\.text).joined(separator: " ")
            try StandardOutput.write(
                "\(name): \(rates.median) tok/s (\(rates.slowest) to \(rates.fastest)), "
                    + share.text(bytes: work.bytes, operations: work.operations, seconds: seconds)
                    + "\n")
        }
    }
}

extension JSONValue {
    fileprivate var text: String {
        if case .string(let text) = self { text } else { serialized() }
    }
}
