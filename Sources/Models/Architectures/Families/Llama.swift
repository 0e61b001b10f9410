import Tensors

/// Llama 1 to 3 and models of the same shape (Touvron 2023, Grattafiori 2024).
enum Llama: ModelFamily {
    static let architecture = "llama"

    /// All: Mistral 7B v0.1, which shares the architecture, was trained with one (Jiang 2023).
    static func isWindowed(layer: Int) -> Bool {
        true
    }

    static func makeLayer(_ index: Int, _ reader: WeightReader) throws -> DecoderLayer {
        DecoderLayer(
            attention: try Attention(
                reader, layer: index, options: Attention.Options(pairing: .adjacent)),
            feedForward: try FeedForward(reader, layer: index))
    }
}
