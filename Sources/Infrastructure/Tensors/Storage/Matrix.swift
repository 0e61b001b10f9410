/// Activations: float32 rows, row-major, each row starting at a multiple of 64 bytes.
///
/// Zero when made. Shared by reference; whoever runs operations on it makes sure that no two write at once.
@safe package final class Matrix: @unchecked Sendable {
    package let rows: Int
    package let columns: Int
    /// Floats from one row's start to the next one's.
    package let stride: Int
    private let buffer: AlignedBuffer

    package init(rows: Int, columns: Int) {
        precondition(rows >= 0 && columns >= 0, "a matrix of negative size")
        self.rows = rows
        self.columns = columns
        stride = (columns + 15) / 16 * 16
        buffer = AlignedBuffer(byteCount: rows * stride * MemoryLayout<Float>.stride)
    }

    /// Lends one row for reading.
    package func withRow<Result>(_ row: Int, _ body: (Span<Float>) throws -> Result) rethrows
        -> Result
    {
        precondition(row >= 0 && row < rows, "no such row")
        return try body(unsafe UnsafeBufferPointer(start: self.row(row), count: columns).span)
    }

    /// Lends one row for writing.
    package func withMutableRow<Result>(
        _ row: Int, _ body: (inout MutableSpan<Float>) throws -> Result
    ) rethrows -> Result {
        precondition(row >= 0 && row < rows, "no such row")
        let elements = unsafe UnsafeMutableBufferPointer(start: self.row(row), count: columns)
        var span = unsafe elements.mutableSpan
        return try body(&span)
    }

    /// Where a row starts; not checked.
    func row(_ row: Int) -> UnsafeMutablePointer<Float> {
        unsafe (buffer.base + row * stride * MemoryLayout<Float>.stride)
            .assumingMemoryBound(to: Float.self)
    }
}
