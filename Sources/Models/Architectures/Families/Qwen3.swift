import Tensors

/// Qwen 3, dense (Yang 2025): every head's query and key are normalized.
enum Qwen3: ModelFamily {
    static let architecture = "qwen3"

    static func makeLayer(_ index: Int, _ reader: WeightReader) throws -> DecoderLayer {
        DecoderLayer(
            attention: try Attention(
                reader, layer: index,
                options: Attention.Options(pairing: .halves, normalizesHeads: true)),
            feedForward: try FeedForward(reader, layer: index))
    }
}
