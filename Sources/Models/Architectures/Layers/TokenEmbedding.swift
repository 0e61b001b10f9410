import Checkpoints
import Tensors

/// The table that turns token ids into hidden states.
///
/// Rows are dequantized from the mapped file when asked for: a step needs few of them, so no copy is kept.
struct TokenEmbedding: Sendable {
    private let bytes: TensorBytes
    private let type: ElementType
    private let rowBytes: Int

    init(_ reader: WeightReader) throws {
        let configuration = reader.configuration
        let tensor = try reader.tensor(
            "token_embd.weight", dimensions: [configuration.width, configuration.vocabulary])
        type = try reader.file.elementType(of: tensor)
        bytes = reader.file.bytes(of: tensor)
        rowBytes = tensor.byteCount / configuration.vocabulary
    }

    /// Writes the state of `tokens[i]` into row `i` of `hidden`.
    func look(up tokens: [Int], into hidden: Matrix) {
        bytes.withBytes { bytes in
            for (row, token) in tokens.enumerated() {
                let start = token * rowBytes
                hidden.withMutableRow(row) { state in
                    dequantize(bytes.extracting(start..<start + rowBytes), as: type, into: &state)
                }
            }
        }
    }
}
