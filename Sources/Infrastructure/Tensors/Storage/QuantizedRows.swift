import CKernels

/// Activations as 8-bit integers with a scale for every 32: the input of products with quantized weights.
///
/// Filled by ``Compute/quantize(_:rows:into:)`` for one width at a time. The order inside depends on the
/// instruction set: rows stand in tiles, as many as a kernel takes at once.
@safe package final class QuantizedRows: @unchecked Sendable {
    /// Most rows and columns that there is room for.
    package let rows: Int
    package let columns: Int
    private let buffer: AlignedBuffer
    /// What was quantized last.
    private(set) var filled = Filling()

    struct Filling: Equatable {
        var rows = 0
        var columns = 0
        var tile = 0
        /// Whether rows stand at the places of an ``ExpertRouting``: every expert's begin with a new tile.
        var isByExpert = false
    }

    package init(rows: Int, columns: Int) {
        precondition(rows >= 0 && columns >= 0, "rows of negative size")
        self.rows = rows
        self.columns = columns
        let blocks = (columns + Int(BERTH_BLOCK) - 1) / Int(BERTH_BLOCK)
        buffer = AlignedBuffer(byteCount: rows * blocks * MemoryLayout<berth_block>.stride)
    }

    var blocks: UnsafeMutablePointer<berth_block> {
        unsafe buffer.base.assumingMemoryBound(to: berth_block.self)
    }

    func prepare(_ filling: Filling) {
        precondition(
            filling.rows <= rows && filling.columns <= columns, "more than there is room for")
        filled = filling
    }
}
