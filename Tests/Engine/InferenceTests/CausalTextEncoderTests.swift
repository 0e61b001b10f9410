import Architectures
import Checkpoints
import Inference
import Tensors
import Testing

/// A decoder whose output head is its embedding table, so that its final states times the table are its logits.
@Suite("Vectors out of decoders")
struct CausalTextEncoderTests {
    private static let name = "qwen3-narrow-F32"

    private func encoder(_ pooling: Pooling, longestText: Int = 300) throws -> CausalTextEncoder {
        let compute = Compute(threads: 2)
        let file = try Checkpoint.open(path: ParityFixtures.model(Self.name))
        let model = try ModelFamilies.load(file, on: compute)
        return try CausalTextEncoder(
            model: model, compute: compute, longestText: longestText, pooling: pooling)
    }

    private func vectors(_ encoder: CausalTextEncoder, _ texts: [[Int]]) -> [[Float]] {
        encoder.run(texts.map { EncoderText(tokens: $0) }).map(\.numbers)
    }

    @Test("The last token's state times the embedding table are transformers' logits")
    func lastToken() throws {
        let fixtures = try ParityFixtures.load()
        let file = try #require(fixtures.files.first { $0.name == Self.name })
        let reference = try fixtures.reference(file)
        let checkpoint = try Checkpoint.open(path: ParityFixtures.model(Self.name))
        let tensor = try #require(checkpoint.tensor(named: "token_embd.weight"))
        var table = [Float](repeating: 0, count: tensor.elementCount)
        checkpoint.withBytes(of: tensor) { bytes in
            var span = table.mutableSpan
            dequantize(bytes, as: .f32, into: &span)
        }
        let texts = file.rows.map { Array(fixtures.tokens[...$0]) }
        let found = vectors(try encoder(.last, longestText: 2000), texts)
        for (vector, logits) in zip(found, reference) {
            for token in 0..<fixtures.vocabularySize {
                let row = table[token * vector.count..<(token + 1) * vector.count]
                let logit = zip(vector, row).reduce(Float(0)) { $0 + $1.0 * $1.1 }
                #expect(abs(logit - logits[token]) < fixtures.float32Tolerance)
            }
        }
    }

    @Test("The mean of a text's states is that of its beginnings' last ones, alone and in company")
    func mean() throws {
        let tokens = Array(try ParityFixtures.load().tokens[..<70])
        let last = try encoder(.last)
        let states = tokens.indices.map { vectors(last, [Array(tokens[...$0])])[0] }
        let mean = try encoder(.mean, longestText: 600)
        let alone = vectors(mean, [tokens])[0]
        for column in alone.indices {
            let exact = states.reduce(0.0) { $0 + Double($1[column]) } / Double(tokens.count)
            #expect(abs(Double(alone[column]) - exact) < 1e-5)
        }
        let company = vectors(mean, [Array(tokens[..<33]), tokens, tokens.reversed()])
        #expect(company[1].map(\.bitPattern) == alone.map(\.bitPattern))
        #expect(vectors(try encoder(.cls), [tokens])[0] == states[0])
    }
}
