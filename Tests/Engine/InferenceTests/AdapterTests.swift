import Architectures
import Checkpoints
import Foundation
import Inference
import KVCaching
import Tensors
import Testing

@Suite("Adapters beside PEFT")
struct AdapterParityTests {
    @Test("Logits are those of PEFT", arguments: AdapterFixture.names)
    func folders(name: String) throws {
        try compare(name, AdapterFixture.path(name))
    }

    @Test("A GGUF adapter computes what its folder does", arguments: AdapterFixture.namesOfGGUF)
    func files(name: String) throws {
        try compare(name, AdapterFixture.path("\(name).gguf"))
    }

    private func compare(_ name: String, _ path: String) throws {
        let fixture = try AdapterFixture.load(name)
        let base = try AdaptedModel(
            Checkpoint.open(path: TransformersFixture.folder(fixture.base)))
        let found = try base.logits(fixture.tokens, adapter: base.adapter(path))
        let expected = try fixture.logits()
        let plain = try base.logits(fixture.tokens, adapter: nil)
        #expect(found.count == expected.count)
        var (worst, largest, moved): (Float, Float, Float) = (0, 0, 0)
        for row in expected.indices {
            for column in expected[row].indices {
                worst = max(worst, abs(found[row][column] - expected[row][column]))
                largest = max(largest, abs(expected[row][column]))
                moved = max(moved, abs(plain[row][column] - expected[row][column]))
            }
        }
        // Keys and values are kept in 16 bits; a wrong row, name or scale moves logits by whole numbers.
        #expect(worst < 1e-3 * largest, "\(worst) of \(largest)")
        #expect(moved > 0.3 * largest)
    }
}

@Suite("Adapters in a batch")
struct AdapterBatchTests {
    static let models = [
        "llama-narrow-F32", "llama-small-Q8_0", "qwen2-small-Q4_0", "qwen3-small-Q4_K_M",
        "qwen3moe-small-Q4_K_M",
    ]

    /// A sequence on its way through the steps.
    private struct Track {
        let tokens: [Int]
        let adapter: Adapter?
        var pages = SequencePages()
        var done = 0
    }

    @Test(
        "Any mix of adapters, companions, chunks and threads changes no bit",
        arguments: models, 1...3)
    func randomMixes(name: String, seed: Int) throws {
        var random = RandomNumbers(state: UInt64(seed) &* 0x9E37_79B9_7F4A_7C15)
        let file = try Checkpoint.open(path: ParityFixtures.model(name))
        let single = try AdaptedModel(file, threads: 1)
        let adapters: [Adapter?] = [
            nil, single.randomAdapter(rank: 16, seed: 1),
            single.randomAdapter(rank: 5, seed: 2) { $0.contains("attn") },
            single.randomAdapter(rank: 33, seed: 4) { !$0.contains("blk.0.") },
        ]
        var tracks = (0..<Int.random(in: 3...9, using: &random)).map { _ in
            Track(
                tokens: (0..<Int.random(in: 1...80, using: &random)).map { _ in
                    Int.random(in: 0..<288, using: &random)
                }, adapter: adapters.randomElement(using: &random) ?? nil)
        }
        let alone = try tracks.map {
            try single.logits($0.tokens, adapter: $0.adapter).map { $0.map(\.bitPattern) }
        }
        let together = try AdaptedModel(file, threads: seed + 1)
        let runner = try together.runner(rows: 800, pages: 24)
        while tracks.contains(where: { $0.done < $0.tokens.count }) {
            var chosen = tracks.indices.filter { tracks[$0].done < tracks[$0].tokens.count }
            chosen.shuffle(using: &random)
            chosen.removeLast(Int.random(in: 0..<chosen.count, using: &random))
            let spans = try chosen.map { index -> ModelRunner.Span in
                let start = tracks[index].done
                let count =
                    Bool.random(using: &random)
                    ? 1 : Int.random(in: 1...tracks[index].tokens.count - start, using: &random)
                let hasRoom = tracks[index].pages.grow(to: start + count, from: runner.pool)
                try #require(hasRoom)
                tracks[index].done += count
                return ModelRunner.Span(
                    tokens: Array(tracks[index].tokens[start..<start + count]), start: start,
                    pages: tracks[index].pages.pages, output: .all,
                    adapter: tracks[index].adapter)
            }
            runner.run(spans)
            var row = 0
            for (index, span) in zip(chosen, spans) {
                for position in span.start..<span.start + span.tokens.count {
                    let bits = runner.workspace.logits.withRow(row) { logits in
                        logits.indices.map { logits[$0].bitPattern }
                    }
                    #expect(bits == alone[index][position], "sequence \(index) at \(position)")
                    row += 1
                }
            }
        }
    }

    @Test("Every adapter has an id of its own, also after another is gone")
    func ids() throws {
        let base = try AdaptedModel(
            Checkpoint.open(path: ParityFixtures.model("llama-narrow-F32")))
        var seen: Set<Int> = []
        for seed in 0..<20 {
            let adapter = base.randomAdapter(rank: 1, seed: UInt64(seed)) { $0.contains("attn_q") }
            #expect(seen.insert(adapter.id).inserted)
        }
    }
}
