import CKernels

extension Compute {
    /// `output[row][column + j] = sum over k of w[j][k] * x[row][k]`.
    ///
    /// The work is cut over panels of weights, and over rows where there are many; the order in which one
    /// output number is summed is the same however it is cut.
    ///
    /// - `x`: read for float weights.
    /// - `quantized`: `x` as filled by ``quantize(_:rows:into:)`` for the same rows; required when
    ///   `w.needsQuantizedInput`.
    /// - `rows`: the first so many rows of input and output.
    package func multiply(
        _ w: WeightMatrix, _ x: Matrix, quantized: QuantizedRows?, rows: Int,
        into output: Matrix, column: Int = 0
    ) {
        precondition(rows <= x.rows && rows <= output.rows, "more rows than there are")
        precondition(x.columns == w.columns, "input rows have another length")
        precondition(column >= 0 && column + w.rows <= output.columns, "beyond the output row")
        let tile = unsafe kernels.pointee.tile
        if w.needsQuantizedInput {
            let wanted = QuantizedRows.Filling(rows: rows, columns: w.columns, tile: tile)
            precondition(quantized?.filled == wanted, "the input is not quantized for this")
        }
        guard rows > 0 else { return }
        let plan = ProductPlan(w, rows: rows, tile: tile, threads: threads)
        team.run(chunks: plan.chunks) { chunk in
            let work = plan.work(chunk, of: w)
            let segment = w.segments[work.segment]
            let firstRow = work.panels.lowerBound * WeightMatrix.panelRows
            let count = work.panels.count * WeightMatrix.panelRows
            let blocks = segment.type.isQuantized ? quantized : nil
            var product = unsafe berth_product(
                panels: w.panel(work.panels.lowerBound, of: segment),
                panel_count: work.panels.count,
                rows: min(count, segment.rows - firstRow),
                columns: w.columns,
                tokens: work.rows.count,
                blocks: blocks.map { rows in
                    unsafe rows.blocks + work.rows.lowerBound * rows.filled.blocks
                },
                input: x.row(work.rows.lowerBound),
                input_stride: x.stride,
                output: output.row(work.rows.lowerBound) + column + segment.firstRow + firstRow,
                output_stride: output.stride)
            unsafe berth_multiply(kernels, segment.type.rawValue, &product)
        }
    }
}

/// How a product is cut into chunks: row ranges outermost, so that one range's input stays in cache while the
/// weights stream past; then runs of panels.
private struct ProductPlan {
    private let rows: Int
    /// Rows of a range; whole tiles.
    private let rangeRows: Int
    /// Weight bytes of a chunk.
    private let chunkBytes: Int
    private let chunksPerRange: Int
    let chunks: Int

    struct Work {
        let segment: Int
        let panels: Range<Int>
        let rows: Range<Int>
    }

    init(_ w: WeightMatrix, rows: Int, tile: Int, threads: Int) {
        self.rows = rows
        // A range's input should stay in the second-level cache: a value takes 1.5 bytes as blocks.
        let rowBytes = w.needsFloatInput ? 4 * w.columns : (3 * w.columns + 1) / 2
        let fitting = max(tile, (512 << 10) / max(1, rowBytes))
        let wantedRanges = max(1, (rows + fitting / 2) / fitting)
        rangeRows = ((rows + wantedRanges - 1) / wantedRanges + tile - 1) / tile * tile
        let ranges = (rows + rangeRows - 1) / rangeRows
        // Chunks of about 20 microseconds, several for each thread: whoever is held up takes fewer.
        let operations = 2 * w.rows * w.columns * min(rows, rangeRows)
        let nanoseconds = max(operations / 300, w.byteCount / 12)
        let wanted = max(nanoseconds / 20_000, min(6 * threads, nanoseconds / 3_000), 1)
        let chunkBytes = w.byteCount / wanted
        self.chunkBytes = chunkBytes
        chunksPerRange = w.segments.reduce(0) { $0 + Self.chunks(of: $1, chunkBytes) }
        chunks = chunksPerRange * ranges
    }

    func work(_ chunk: Int, of w: WeightMatrix) -> Work {
        let firstRow = chunk / chunksPerRange * rangeRows
        var rest = chunk % chunksPerRange
        var index = 0
        while rest >= Self.chunks(of: w.segments[index], chunkBytes) {
            rest -= Self.chunks(of: w.segments[index], chunkBytes)
            index += 1
        }
        let segment = w.segments[index]
        let atOnce = Self.panelsAtOnce(of: segment, chunkBytes)
        return Work(
            segment: index,
            panels: rest * atOnce..<min((rest + 1) * atOnce, segment.panels),
            rows: firstRow..<min(firstRow + rangeRows, rows))
    }

    private static func panelsAtOnce(of segment: WeightMatrix.Segment, _ chunkBytes: Int) -> Int {
        max(1, chunkBytes / max(1, segment.panelBytes))
    }

    private static func chunks(of segment: WeightMatrix.Segment, _ chunkBytes: Int) -> Int {
        let atOnce = panelsAtOnce(of: segment, chunkBytes)
        return (segment.panels + atOnce - 1) / atOnce
    }
}
