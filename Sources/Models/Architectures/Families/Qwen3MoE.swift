import Checkpoints
import Tensors

/// Qwen 3, mixtures of experts (Yang 2025): attention as in the dense ones.
enum Qwen3MoE: ModelFamily {
    static let architecture = "qwen3moe"

    static let hasExperts = true

    static func makeLayer(_ index: Int, _ reader: WeightReader) throws -> DecoderLayer {
        guard let experts = reader.configuration.experts else {
            preconditionFailure("the configuration was read for another family")
        }
        return DecoderLayer(
            attention: try Attention(
                reader, layer: index,
                options: Attention.Options(pairing: .halves, normalizesHeads: true)),
            feedForward: try MixtureOfExperts(reader, layer: index, experts: experts))
    }
}
