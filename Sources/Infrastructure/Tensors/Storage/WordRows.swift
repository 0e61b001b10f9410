import CKernels

/// Activations as 13-bit integers with a scale for every 128: the input of products with a ``WordMatrix``.
///
/// Filled for one width at a time by ``Compute/round(_:rows:into:)``. The order inside depends on the instruction
/// set: rows stand in tiles, as many as a kernel takes at once.
@safe package final class WordRows: @unchecked Sendable {
    /// Most rows and columns that there is room for.
    package let rows: Int
    package let columns: Int
    private let buffer: AlignedBuffer
    /// What was rounded last.
    private(set) var filled = Filling()

    struct Filling: Equatable {
        var rows = 0
        var columns = 0
        var tile = 0

        /// Blocks of 128 in a row.
        var blocks: Int {
            (columns + WordMatrix.block - 1) / WordMatrix.block
        }
    }

    package init(rows: Int, columns: Int) {
        precondition(rows >= 0 && columns >= 0, "rows of negative size")
        self.rows = rows
        self.columns = columns
        let blocks = (columns + WordMatrix.block - 1) / WordMatrix.block
        buffer = AlignedBuffer(byteCount: rows * blocks * MemoryLayout<berth_word_block>.stride)
    }

    var blocks: UnsafeMutablePointer<berth_word_block> {
        unsafe buffer.base.assumingMemoryBound(to: berth_word_block.self)
    }

    func prepare(_ filling: Filling) {
        precondition(
            filling.rows <= rows && filling.columns <= columns, "more than there is room for")
        filled = filling
    }

    /// Where a row's first block goes, and how far its blocks are apart.
    func place(ofRow row: Int) -> (first: UnsafeMutablePointer<berth_word_block>, step: Int) {
        let start = row / filled.tile * filled.tile
        return unsafe (
            blocks + start * filled.blocks + (row - start), min(filled.tile, filled.rows - start)
        )
    }
}
