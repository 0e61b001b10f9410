import Architectures
import Checkpoints
import Inference
import Sampling
import Tensors
import Testing

@Suite("A model whose weights are no numbers")
struct BrokenModelTests {
    private func events(_ file: Checkpoint, temperature: Float = 0) async throws
        -> [GenerationEvent]
    {
        let compute = Compute(threads: 2)
        let model = try ModelFamilies.load(file, on: compute)
        let engine = try InferenceEngine(
            model: model, compute: compute,
            options: InferenceEngine.Options(
                cacheBytes: 4 * model.layout.byteCount, contextLength: 256))
        var events: [GenerationEvent] = []
        let request = GenerationRequest(
            prompt: [5, 6, 7], sampling: SamplingParameters(temperature: temperature),
            maximumTokens: 3)
        for await event in try engine.generate(request) {
            events.append(event)
        }
        return events
    }

    private static let norms = [
        "blk.0.attn_norm.weight", "blk.1.ffn_norm.weight", "output_norm.weight",
    ]

    @Test(
        "A weight that is no number is refused with its tensor, wherever the damage is",
        arguments: ["llama-narrow-F32", "llama-small-Q8_0", "qwen2-small-Q4_K_M"], norms)
    func brokenWeight(name: String, tensor: String) throws {
        let file = try Checkpoint.open(path: ParityFixtures.model(name))
        let width = try #require(file.tensor(named: tensor)).dimensions[0]
        for value in [Float.nan, .infinity] {
            var weights = [Float](repeating: 1, count: width)
            weights[width / 2] = value
            let broken = try ModelVariant.open(name, vectors: [tensor: weights])
            let error = #expect(throws: ModelError.self) {
                _ = try ModelFamilies.load(broken, on: Compute(threads: 2))
            }
            #expect(error?.code == .invalidWeight)
            #expect(error?.field == tensor)
            #expect(error?.message.contains("column \(width / 2)") == true)
        }
    }

    @Test(
        "The answer ends with an error instead of text, wherever numbers grow beyond all bounds",
        arguments: ["llama-narrow-F32", "llama-small-Q8_0", "qwen2-small-Q4_K_M"], norms)
    func overflow(name: String, tensor: String) async throws {
        let file = try Checkpoint.open(path: ParityFixtures.model(name))
        let width = try #require(file.tensor(named: tensor)).dimensions[0]
        let weights = [Float](repeating: .greatestFiniteMagnitude, count: width)
        let broken = try ModelVariant.open(name, vectors: [tensor: weights])
        for temperature in [Float(0), 1] {
            let events = try await events(broken, temperature: temperature)
            guard case .finished(.brokenModel, _) = events.last, events.count == 1 else {
                Issue.record("\(events)")
                return
            }
        }
    }

    @Test("A sound model answers")
    func sound() async throws {
        let file = try Checkpoint.open(path: ParityFixtures.model("llama-small-Q8_0"))
        let events = try await events(file)
        #expect(events.count == 4)
    }

    @Test("A vector that holds no number is an error that names the text")
    func brokenVector() async throws {
        let name = "qwen3-narrow-F32"
        let compute = Compute(threads: 2)
        let file = try Checkpoint.open(path: ParityFixtures.model(name))
        let width = try #require(file.tensor(named: "output_norm.weight")).dimensions[0]
        let weights = [Float](repeating: .greatestFiniteMagnitude, count: width)
        let broken = try ModelVariant.open(name, vectors: ["output_norm.weight": weights])
        let model = try ModelFamilies.load(broken, on: compute)
        let engine = EmbeddingEngine(
            try CausalTextEncoder(model: model, compute: compute, longestText: 64, pooling: .last))
        await #expect(throws: EmbeddingError.brokenModel(index: 0)) {
            _ = try await engine.encode([
                EncoderText(tokens: [5]), EncoderText(tokens: [6, 7]),
            ])
        }
    }
}
