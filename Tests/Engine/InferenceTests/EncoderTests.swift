import Architectures
import Checkpoints
import Foundation
import Inference
import Tensors
import Testing

/// Tiny encoders with what transformers makes of some texts; `Tools/parity/make_encoder_fixtures.py` writes them.
private struct EncoderFixtures: Decodable {
    struct Text: Decodable {
        let tokens: [Int]
        let mean: [Float]
        let first: [Float]
    }

    struct Pair: Decodable {
        let tokens: [Int]
        let secondStart: Int
        let score: Float
    }

    let texts: [Text]
    let pairs: [Pair]

    private static func url(_ name: String) throws -> URL {
        guard let resources = Bundle.module.resourceURL else {
            throw CocoaError(.fileNoSuchFile)
        }
        return resources.appending(path: "Fixtures/Encoders/\(name)")
    }

    static func load() throws -> EncoderFixtures {
        try JSONDecoder().decode(Self.self, from: Data(contentsOf: url("expected.json")))
    }

    static func encoder(
        _ name: String, precision: WeightPrecision = .rounded, pooling: Pooling? = nil,
        compute: Compute = Compute(threads: 2), rows: Int = 64
    ) throws -> BidirectionalTextEncoder {
        let file = try Checkpoint.open(path: url("\(name).gguf").path())
        let model = try EncoderModel(file, precision: precision, on: compute)
        return BidirectionalTextEncoder(
            model: model, compute: compute, rows: rows, pooling: pooling)
    }
}

private func cosine(_ a: [Float], _ b: [Float]) -> Double {
    func dot(_ x: [Float], _ y: [Float]) -> Double {
        zip(x, y).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    return dot(a, b) / (dot(a, a) * dot(b, b)).squareRoot()
}

@Suite("Encoders")
struct EncoderTests {
    @Test("Vectors are those of transformers", arguments: WeightPrecision.allCases)
    func vectors(precision: WeightPrecision) throws {
        let texts = try EncoderFixtures.load().texts
        for pooling in [Pooling.mean, .cls] {
            let encoder = try EncoderFixtures.encoder(
                "encoder", precision: precision, pooling: pooling)
            for text in texts {
                let found = encoder.run([EncoderText(tokens: text.tokens)])[0].numbers
                let expected = pooling == .mean ? text.mean : text.first
                #expect(found.count == expected.count)
                #expect(cosine(found, expected) > 0.99999)
                let error = zip(found, expected).map { abs($0 - $1) }.max() ?? 1
                #expect(error < 2e-2, "\(pooling), \(text.tokens.count) tokens")
            }
        }
    }

    @Test("Scores of pairs are those of transformers", arguments: WeightPrecision.allCases)
    func scores(precision: WeightPrecision) throws {
        let encoder = try EncoderFixtures.encoder("cross-encoder", precision: precision)
        #expect(encoder.isClassifier)
        for pair in try EncoderFixtures.load().pairs {
            let text = EncoderText(tokens: pair.tokens, secondStart: pair.secondStart)
            let found = encoder.run([text])[0].numbers
            #expect(found.count == 1)
            #expect(abs(found[0] - pair.score) < 5e-3)
        }
    }

    @Test("A text's vector does not depend on its company, the threads or the instruction set")
    func invariance() throws {
        let texts = try EncoderFixtures.load().texts.map { EncoderText(tokens: $0.tokens) }
        let alone = try EncoderFixtures.encoder("encoder")
        let expected = texts.map { alone.run([$0])[0].numbers.map(\.bitPattern) }
        for instructionSet in InstructionSet.supported {
            for threads in [1, 3] {
                let compute = Compute(threads: threads, instructionSet: instructionSet)
                let encoder = try EncoderFixtures.encoder("encoder", compute: compute, rows: 200)
                let together = encoder.run(texts).map { $0.numbers.map(\.bitPattern) }
                #expect(together == expected, "\(instructionSet), \(threads) threads")
            }
        }
    }

    @Test("A file that is no encoder is refused by name of what is wrong")
    func refusal() throws {
        let path = try ParityFixtures.model("llama-narrow-F32")
        let file = try Checkpoint.open(path: path)
        #expect(throws: (any Error).self) {
            _ = try EncoderModel(file, on: Compute(threads: 1))
        }
    }
}

@Suite("The embedding engine")
struct EmbeddingEngineTests {
    @Test("Many requests at once get what each would get alone, in the order of their texts")
    func concurrency() async throws {
        let texts = try EncoderFixtures.load().texts.map { EncoderText(tokens: $0.tokens) }
        let reference = try EncoderFixtures.encoder("encoder")
        let expected = texts.map { reference.run([$0])[0].numbers }
        let engine = EmbeddingEngine(try EncoderFixtures.encoder("encoder"))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for start in 0..<40 {
                group.addTask {
                    let order = (0..<start % 7 + 1).map { ($0 + start) % texts.count }
                    let found = try await engine.encode(order.map { texts[$0] })
                    #expect(found.map(\.numbers) == order.map { expected[$0] })
                }
            }
            try await group.waitForAll()
        }
        #expect(engine.statistics.waiting == 0)
    }

    @Test("Texts that cannot be encoded are named")
    func refusals() async throws {
        let engine = EmbeddingEngine(try EncoderFixtures.encoder("encoder"))
        let good = EncoderText(tokens: [2, 3])
        func refusal(_ tokens: [Int]) async -> EmbeddingError? {
            do {
                _ = try await engine.encode([good, EncoderText(tokens: tokens)])
                return nil
            } catch {
                return error as? EmbeddingError
            }
        }
        #expect(await refusal([]) == .emptyText(index: 1))
        let long = [Int](repeating: 4, count: 41)
        #expect(await refusal(long) == .tooLong(index: 1, tokens: 41, limit: 40))
        #expect(await refusal([5, 36]) == .invalidToken(36, index: 1, vocabulary: 36))
        engine.shutDown()
        #expect(await refusal([1]) == .shuttingDown)
    }

    @Test("A cancelled request ends at once, and others go on")
    func cancellation() async throws {
        let engine = EmbeddingEngine(try EncoderFixtures.encoder("encoder"))
        let text = EncoderText(tokens: [Int](repeating: 5, count: 40))
        let task = Task { try await engine.encode(Array(repeating: text, count: 100_000)) }
        while engine.statistics.waiting == 0 { await Task.yield() }
        #expect(try await engine.encode([text]).count == 1)
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
        #expect(try await engine.encode([text]).count == 1)
    }

    @Test("A full queue refuses")
    func overload() async throws {
        var limits = EmbeddingEngine.Limits()
        limits.requests = 1
        let engine = EmbeddingEngine(try EncoderFixtures.encoder("encoder"), limits: limits)
        let text = EncoderText(tokens: [Int](repeating: 5, count: 40))
        let task = Task { try await engine.encode(Array(repeating: text, count: 100_000)) }
        while engine.statistics.waiting == 0 { await Task.yield() }
        await #expect(throws: EmbeddingError.overloaded(waiting: 1)) {
            _ = try await engine.encode([text])
        }
        task.cancel()
        _ = try? await task.value
    }
}
