import Architectures
import Foundation
import Inference
import KVCaching
import Tensors

/// Times a model's prefill and decode steps, without sampling and without text.
struct Benchmark {
    /// Tokens a second of several repetitions.
    struct Rates {
        let median: Double
        let slowest: Double
        let fastest: Double

        init(_ rates: [Double]) {
            let sorted = rates.sorted().map { ($0 * 100).rounded() / 100 }
            median = sorted[sorted.count / 2]
            slowest = sorted[0]
            fastest = sorted[sorted.count - 1]
        }
    }

    /// Weights that are read and multiplied in the time in which one of the counted tokens is made.
    struct Work {
        let bytes: Double
        let operations: Double
    }

    private let runner: ModelRunner
    private let rowsPerStep = 512
    private let prompt: Int
    private let generate: Int
    private let depth: Int
    private let repetitions: Int

    init(
        model: DecoderModel, compute: Compute, prompt: Int, generate: Int, depth: Int,
        mostStreams: Int, repetitions: Int, elements: KVElement
    ) throws {
        self.prompt = prompt
        self.generate = generate
        self.depth = depth
        self.repetitions = repetitions
        let positions = max(prompt, (depth + generate) * mostStreams)
        let layout = model.layout.storing(elements)
        let pages = positions / layout.positions + mostStreams + 1
        runner = try ModelRunner(
            model: model, compute: compute, rows: max(rowsPerStep, mostStreams),
            outputRows: max(1, mostStreams), elements: elements,
            cacheBytes: pages * layout.byteCount)
    }

    /// Of a token of the prompt, its share of what its step does.
    var prefillWork: Work {
        let counts = runner.model.counts
        let steps = stride(from: 0, to: prompt, by: rowsPerStep).map { start in
            (
                tokens: min(rowsPerStep, prompt - start),
                outputs: start + rowsPerStep >= prompt ? 1 : 0
            )
        }
        let bytes = steps.reduce(0) { $0 + counts.bytes(tokens: $1.tokens, outputs: $1.outputs) }
        let operations = counts.operations(tokens: prompt, outputs: 1)
        return Work(bytes: bytes / Double(prompt), operations: operations / Double(prompt))
    }

    func decodeWork(streams: Int) -> Work {
        let counts = runner.model.counts
        return Work(
            bytes: counts.bytes(tokens: streams, outputs: streams) / Double(streams),
            operations: counts.operations(tokens: 1, outputs: 1))
    }

    /// Of the model alone and, where there are adapters, with the first of them.
    func prefill(adapters: [Adapter]) throws -> [Rates] {
        try measure(tokens: prompt, with: adapters) { adapters in
            var sequence = try pages(for: prompt)
            defer { sequence.release(to: runner.pool) }
            return seconds { fill(sequence, count: prompt, adapter: adapters.first) }
        }
    }

    /// Of the model alone and, where there are adapters, with streams that take them in turn.
    func decode(streams: Int, adapters: [Adapter]) throws -> [Rates] {
        try measure(tokens: streams * generate, with: adapters) { adapters in
            var sequences = try (0..<streams).map { _ in try pages(for: depth + generate) }
            defer {
                for index in sequences.indices {
                    sequences[index].release(to: runner.pool)
                }
            }
            for sequence in sequences {
                fill(sequence, count: depth, adapter: nil)
            }
            return seconds {
                for step in 0..<generate {
                    runner.run(
                        sequences.enumerated().map { stream, sequence in
                            ModelRunner.Span(
                                tokens: [token(step + stream)], start: depth + step,
                                pages: sequence.pages, output: .last,
                                adapter: adapters.isEmpty
                                    ? nil : adapters[stream % adapters.count])
                        })
                }
            }
        }
    }

    /// Runs without and with adapters take turns, so that what disturbs the machine disturbs both.
    private func measure(
        tokens: Int, with adapters: [Adapter], _ run: (_ adapters: [Adapter]) throws -> Double
    ) throws -> [Rates] {
        let bar = ProgressBar(label: "measuring")
        defer { bar.finish() }
        let variants = adapters.isEmpty ? [[]] : [[], adapters]
        // The first run warms caches and threads up and does not count.
        for variant in variants { _ = try run(variant) }
        var rates = variants.map { _ in [Double]() }
        for repetition in 0..<repetitions {
            bar.update(Double(repetition + 1) / Double(repetitions + 1))
            for (index, variant) in variants.enumerated() {
                rates[index].append(Double(tokens) / (try run(variant)))
            }
        }
        return rates.map(Rates.init)
    }

    private func pages(for positions: Int) throws -> SequencePages {
        var sequence = SequencePages()
        guard sequence.grow(to: positions, from: runner.pool) else {
            throw CommandError("\(positions) positions do not fit the KV cache")
        }
        return sequence
    }

    /// Computes the first `count` positions of a sequence, logits of the last one only.
    private func fill(_ sequence: SequencePages, count: Int, adapter: Adapter?) {
        for start in stride(from: 0, to: count, by: rowsPerStep) {
            let end = min(start + rowsPerStep, count)
            runner.run([
                ModelRunner.Span(
                    tokens: (start..<end).map(token), start: start, pages: sequence.pages,
                    output: end == count ? .last : .none, adapter: adapter)
            ])
        }
    }

    /// Some token that differs from its neighbours; which one does not matter for speed.
    private func token(_ index: Int) -> Int {
        (index * 7919) % runner.model.configuration.vocabulary
    }

    private func seconds(_ work: () -> Void) -> Double {
        let start = DispatchTime.now().uptimeNanoseconds
        work()
        return Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9
    }
}
