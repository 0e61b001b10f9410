import Checkpoints
import Tensors

/// The table that turns token ids into hidden states.
///
/// Rows are dequantized when asked for. They lie among the packed weights as the file has them, because a model's file may be
/// removed, replaced or shortened while the model runs.
struct TokenEmbedding: Sendable {
    private enum Rows {
        /// Part of the program, or in memory for other reasons.
        case source(TensorBytes)
        case packed(PackedBytes)
    }

    private let rows: Rows
    private let type: ElementType
    private let rowBytes: Int

    init(_ reader: TensorReader, width: Int, vocabulary: Int) throws {
        let name = "token_embd"
        let tensor = try reader.tensor("\(name).weight", dimensions: [width, vocabulary])
        type = try reader.file.elementType(of: tensor)
        rowBytes = tensor.byteCount / vocabulary
        let bytes = reader.file.bytes(of: tensor)
        // A table that is packed was checked then.
        if !reader.place.holds(name) {
            try reader.requireFinite(tensor, bytes)
        }
        guard bytes.areMapped else {
            rows = .source(bytes)
            return
        }
        rows = .packed(
            withExtendedLifetime(bytes) {
                reader.place.bytes(
                    of: unsafe Packing.copy(of: bytes.unsafeBytes, named: "rows \(name)"),
                    on: reader.compute.team)
            })
        bytes.release()
    }

    /// Writes the state of `tokens[i]` into row `first + i` of `hidden`.
    func look(up tokens: [Int], into hidden: Matrix, from first: Int = 0) {
        switch rows {
        case .source(let bytes):
            bytes.withBytes { look(up: tokens, of: $0, into: hidden, from: first) }
        case .packed(let bytes):
            unsafe bytes.withBytes { bytes in
                look(up: tokens, of: unsafe bytes.bytes, into: hidden, from: first)
            }
        }
    }

    private func look(up tokens: [Int], of bytes: RawSpan, into hidden: Matrix, from first: Int) {
        for (index, token) in tokens.enumerated() {
            let start = token * rowBytes
            hidden.withMutableRow(first + index) { state in
                dequantize(bytes.extracting(start..<start + rowBytes), as: type, into: &state)
            }
        }
    }
}
