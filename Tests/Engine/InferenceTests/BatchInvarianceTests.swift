import Architectures
import Checkpoints
import Inference
import KVCaching
import Tensors
import Testing

/// Whatever shares a step with a token, and however its prompt was cut, its logits keep their bits.
@Suite("Logits depend on a row's own sequence only")
struct BatchInvarianceTests {
    /// Windows in all layers and in some, stretched angles, experts, and every kind of product.
    static let models = [
        "llama-slim+window", "qwen2-slim+upperwindow", "qwen3-slim+yarn", "llama-small-Q8_0",
        "qwen2-small-Q4_0", "qwen3-small-Q4_K_M", "qwen3moe-small-Q4_K_M", "qwen3moe-narrow-F32",
    ]

    /// A sequence on its way through the steps.
    private struct Track {
        let tokens: [Int]
        var pages: SequencePages
        var done = 0
    }

    /// Each model with each kind of cache in turn.
    static let cases = models.enumerated().flatMap { index, name in
        (1...4).map { (name, KVElement.allCases[(index + $0) % KVElement.allCases.count], $0) }
    }

    @Test("Random companions, chunks, orders and threads change no bit", arguments: cases)
    func randomBatches(name: String, elements: KVElement, seed: Int) throws {
        var random = RandomNumbers(state: UInt64(seed) &* 0x9E37_79B9_7F4A_7C15)
        let file = try Checkpoint.open(path: ParityFixtures.model(name))
        let prompts = (0..<Int.random(in: 2...4, using: &random)).map { _ in
            (0..<Int.random(in: 1...220, using: &random)).map { _ in
                Int.random(in: 0..<288, using: &random)
            }
        }
        let alone = try prompts.map { prompt in
            try ParityTests.logits(
                of: file, tokens: prompt, step: 220, threads: 1, elements: elements
            )
            .map { $0.map(\.bitPattern) }
        }

        let compute = Compute(threads: seed % 5 + 1)
        let model = try ModelFamilies.load(file, on: compute)
        let runner = try ModelRunner(
            model: model, compute: compute, rows: 300, outputRows: 300, elements: elements,
            cacheBytes: 20 * model.layout.byteCount)
        var tracks = prompts.map { Track(tokens: $0, pages: SequencePages()) }
        while let longest = tracks.indices.filter({ tracks[$0].done < tracks[$0].tokens.count })
            .max(by: { tracks[$0].tokens.count < tracks[$1].tokens.count })
        {
            // Some of those that are not done, each with one row or a chunk, in any order.
            var chosen = tracks.indices.filter { index in
                tracks[index].done < tracks[index].tokens.count && Bool.random(using: &random)
            }
            if chosen.isEmpty { chosen = [longest] }
            chosen.shuffle(using: &random)
            let spans = try chosen.map { index -> ModelRunner.Span in
                let start = tracks[index].done
                let most = min(tracks[index].tokens.count - start, 70)
                let count =
                    Bool.random(using: &random) ? 1 : Int.random(in: 1...most, using: &random)
                // Pages are taken as they are needed, so that those of several sequences alternate.
                let hasRoom = tracks[index].pages.grow(to: start + count, from: runner.pool)
                try #require(hasRoom)
                tracks[index].done += count
                return ModelRunner.Span(
                    tokens: Array(tracks[index].tokens[start..<start + count]), start: start,
                    pages: tracks[index].pages.pages, output: .all)
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
}
