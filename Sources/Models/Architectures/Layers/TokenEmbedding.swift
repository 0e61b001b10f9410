import Checkpoints
import Tensors

/// The table that turns token ids into hidden states.
///
/// Rows are dequantized from the mapped file when asked for: a step needs few of them, so no copy is kept.
struct TokenEmbedding: Sendable {
    private let bytes: TensorBytes
    private let type: ElementType
    private let rowBytes: Int

    init(_ reader: TensorReader, width: Int, vocabulary: Int) throws {
        let tensor = try reader.tensor("token_embd.weight", dimensions: [width, vocabulary])
        type = try reader.file.elementType(of: tensor)
        bytes = reader.file.bytes(of: tensor)
        // A tied table that is packed was checked then.
        if !reader.place.holds("token_embd") {
            try reader.requireFinite(tensor, bytes)
            bytes.release()
        }
        rowBytes = tensor.byteCount / vocabulary
    }

    /// Writes the state of `tokens[i]` into row `first + i` of `hidden`.
    func look(up tokens: [Int], into hidden: Matrix, from first: Int = 0) {
        bytes.withBytes { bytes in
            for (index, token) in tokens.enumerated() {
                let start = token * rowBytes
                hidden.withMutableRow(first + index) { state in
                    dequantize(bytes.extracting(start..<start + rowBytes), as: type, into: &state)
                }
            }
        }
    }
}
