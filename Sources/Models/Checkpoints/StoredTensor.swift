import Tensors

extension CheckpointTensor.Stored {
    /// The tensor's data as they are given: widened to float32, rows put in GGUF's order, pieces together.
    ///
    /// - `parts`: the checkpoint's files.
    func changed(_ tensor: CheckpointTensor, in parts: [FileBytes]) -> FileBytes {
        let isVector = tensor.dimensions.count == 1
        let columns = isVector ? 1 : tensor.dimensions[0]
        let rows = tensor.elementCount / columns
        let rowBytes = columns * type.blockBytes
        let pieces =
            pieces ?? [
                CheckpointTensor.Piece(
                    part: tensor.part, byteOffset: tensor.byteOffset, byteCount: rows * rowBytes)
            ]
        let pieceRows = rows / pieces.count
        let widens = tensor.type != type
        return unsafe FileBytes(byteCount: tensor.byteCount, name: parts[tensor.part].path) {
            target in
            for row in 0..<rows {
                let (index, place) = sourceRow(row, of: rows).quotientAndRemainder(
                    dividingBy: pieceRows)
                let piece = pieces[index]
                let start = piece.byteOffset + place * rowBytes
                let bytes = unsafe UnsafeRawBufferPointer(
                    rebasing: parts[piece.part].bytes[start..<start + rowBytes])
                if widens {
                    unsafe widen(bytes, into: target, at: row * columns, count: columns)
                } else {
                    unsafe UnsafeMutableRawBufferPointer(rebasing: target[(row * rowBytes)...])
                        .copyMemory(from: bytes)
                }
            }
        }
    }

    /// Where a row of the tensor as it is given lies in the file.
    ///
    /// Pair `i` of a head are rows `i` and `half + i` in the file, and rows `2i` and `2i + 1` in GGUF.
    private func sourceRow(_ row: Int, of rows: Int) -> Int {
        guard let heads else { return row }
        let length = rows / heads
        let (head, place) = row.quotientAndRemainder(dividingBy: length)
        return head * length + place % 2 * (length / 2) + place / 2
    }

    private func widen(
        _ bytes: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer, at first: Int,
        count: Int
    ) {
        guard let element = ElementType(rawValue: type.rawValue) else {
            preconditionFailure("a stored type without a kernel")
        }
        let floats = unsafe target.assumingMemoryBound(to: Float.self)
        var span = unsafe UnsafeMutableBufferPointer(rebasing: floats[first..<first + count])
            .mutableSpan
        dequantize(unsafe bytes.bytes, as: element, into: &span)
    }
}
