import Architectures
import Checkpoints
import Foundation
import Inference
import KVCaching
import Tensors
import Testing

/// Adapters that PEFT saved, with what it computes; `Tools/fixtures/make_adapter_fixtures.py` writes them.
struct AdapterFixture: Decodable {
    let name: String
    /// Of ``TransformersFixture``.
    let base: String
    let hasGGUF: Bool
    let tokens: [Int]
    let vocabulary: Int

    static let names = [
        "llama-all", "llama-patterns", "llama-head", "mistral-rslora", "qwen2-last", "qwen3-all",
        "qwen3moe-attention",
    ]
    static let namesOfGGUF = ["llama-all", "llama-head", "qwen2-last", "qwen3-all"]

    static var root: URL {
        get throws {
            guard let resources = Bundle.module.resourceURL else {
                throw CocoaError(.fileNoSuchFile)
            }
            return resources.appending(path: "Fixtures/Adapters")
        }
    }

    static func load(_ name: String) throws -> AdapterFixture {
        let list = try JSONDecoder().decode(
            [AdapterFixture].self, from: Data(contentsOf: root.appending(path: "expected.json")))
        return try #require(list.first { $0.name == name })
    }

    static func path(_ name: String) throws -> String {
        try root.appending(path: name).path(percentEncoded: false)
    }

    /// A row of logits for each token, by PEFT in float32.
    func logits() throws -> [[Float]] {
        let bytes = try Data(contentsOf: Self.root.appending(path: "\(name).logits"))
        let values: [Float] = stride(from: 0, to: bytes.count, by: 4).map { start in
            Float(
                bitPattern: bytes[start..<start + 4].reversed().reduce(UInt32(0)) {
                    $0 << 8 | UInt32($1)
                })
        }
        return tokens.indices.map {
            Array(values[$0 * vocabulary..<($0 + 1) * vocabulary])
        }
    }
}

/// A model in memory, to be run with adapters.
struct AdaptedModel {
    let model: DecoderModel
    let compute: Compute

    init(_ file: Checkpoint, threads: Int = 2) throws {
        compute = Compute(threads: threads)
        model = try ModelFamilies.load(file, on: compute)
    }

    func adapter(_ path: String) throws -> Adapter {
        try Adapter.load(path: path, for: model.configuration, on: compute)
    }

    /// One of random factors for all tensors whose name `isIncluded` takes.
    func randomAdapter(
        rank: Int, seed: UInt64, where isIncluded: (String) -> Bool = { _ in true }
    ) -> Adapter {
        var random = RandomNumbers(state: seed)
        let factors = AdaptedTensor.all(of: model.configuration).filter { isIncluded($0.name) }
            .map { tensor in
                let size = 1 / Float(tensor.columns).squareRoot()
                let a = (0..<rank * tensor.columns).map { _ in
                    Float.random(in: -size...size, using: &random)
                }
                let b = (0..<rank * tensor.rows).map { _ in
                    Float.random(in: -0.2...0.2, using: &random)
                }
                return Adapter.Factors(name: tensor.name, a: a, b: b, rank: rank, scale: 1.5)
            }
        return Adapter(factors, of: model.configuration, on: compute)
    }

    func runner(rows: Int, pages: Int) throws -> ModelRunner {
        try ModelRunner(
            model: model, compute: compute, rows: rows, outputRows: rows,
            cacheBytes: pages * model.layout.byteCount)
    }

    /// Logits of every token of a text by itself.
    func logits(_ tokens: [Int], adapter: Adapter?) throws -> [[Float]] {
        let runner = try runner(rows: tokens.count, pages: tokens.count / 64 + 1)
        var pages = SequencePages()
        let hasRoom = pages.grow(to: tokens.count, from: runner.pool)
        try #require(hasRoom)
        runner.run([
            ModelRunner.Span(
                tokens: tokens, start: 0, pages: pages.pages, output: .all, adapter: adapter)
        ])
        return tokens.indices.map { row in
            runner.workspace.logits.withRow(row) { row in row.indices.map { row[$0] } }
        }
    }
}

/// A small seeded generator (Knuth's MMIX), so that a failure can be repeated.
struct RandomNumbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 32 | state << 32
    }
}
