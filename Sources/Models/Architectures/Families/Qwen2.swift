import Tensors

/// Qwen 2 and 2.5 (Yang 2024): a bias on queries, keys and values.
enum Qwen2: ModelFamily {
    static let architecture = "qwen2"

    static func makeLayer(_ index: Int, _ reader: WeightReader) throws -> DecoderLayer {
        DecoderLayer(
            attention: try Attention(
                reader, layer: index,
                options: Attention.Options(pairing: .halves, hasBias: true)),
            feedForward: try FeedForward(reader, layer: index))
    }
}
