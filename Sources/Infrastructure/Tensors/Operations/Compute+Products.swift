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
        team.run(chunks: plan.chunks.count) { chunk in
            multiply(
                plan.work(chunk, of: w), of: w, x, quantized: quantized, into: output,
                column: column)
        }
    }

    /// One chunk of a product.
    func multiply(
        _ work: ProductPlan.Work, of w: WeightMatrix, _ x: Matrix, quantized: QuantizedRows?,
        into output: Matrix, column: Int = 0
    ) {
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
            output: output.row(work.rows.lowerBound) + column + work.column,
            output_stride: output.stride)
        unsafe berth_multiply(kernels, segment.type.rawValue, &product)
    }
}

/// How a product is cut into chunks: row ranges outermost, so that one range's input stays in cache while the
/// weights stream past; then runs of panels.
struct ProductPlan {
    /// Segments of the weights that take part.
    private let segments: Range<Int>
    /// Rows of input and output.
    private let rows: Range<Int>
    /// Rows of a range; whole tiles.
    private let rangeRows: Int
    private let chunkNanoseconds: Int
    private let chunksPerRange: Int
    /// Numbers of the chunks; they begin at 0 where the product is the only one of its region.
    let chunks: Range<Int>

    struct Work {
        let segment: Int
        let panels: Range<Int>
        let rows: Range<Int>
        /// Where the first panel's results go in an output row.
        let column: Int
    }

    /// All rows of the weights with the first `rows` rows.
    init(_ w: WeightMatrix, rows: Int, tile: Int, threads: Int) {
        let segments = w.segments.indices
        let rangeRows = Self.rangeRows(w, rows: rows, tile: tile)
        let time = Self.nanoseconds(w, segments, rows: min(rows, rangeRows))
        self.init(
            w, segments: segments, rows: 0..<rows, tile: tile,
            chunkNanoseconds: Self.chunkNanoseconds(of: time, threads: threads))
    }

    /// A part of the weights with a part of the rows, which begins with a new tile.
    init(
        _ w: WeightMatrix, segments: Range<Int>, rows: Range<Int>, tile: Int, chunkNanoseconds: Int,
        firstChunk: Int = 0
    ) {
        self.segments = segments
        self.rows = rows
        self.chunkNanoseconds = chunkNanoseconds
        rangeRows = Self.rangeRows(w, rows: rows.count, tile: tile)
        let ranges = (rows.count + rangeRows - 1) / rangeRows
        var count = 0
        for index in segments {
            count += Self.chunks(
                of: w.segments[index], columns: w.columns, rows: min(rows.count, rangeRows),
                chunkNanoseconds)
        }
        chunksPerRange = count
        chunks = firstChunk..<firstChunk + count * ranges
    }

    /// A range's input should stay in the second-level cache: a value takes 1.5 bytes as blocks.
    private static func rangeRows(_ w: WeightMatrix, rows: Int, tile: Int) -> Int {
        let rowBytes = w.needsFloatInput ? 4 * w.columns : (3 * w.columns + 1) / 2
        let fitting = max(tile, (512 << 10) / max(1, rowBytes))
        let wantedRanges = max(1, (rows + fitting / 2) / fitting)
        return ((rows + wantedRanges - 1) / wantedRanges + tile - 1) / tile * tile
    }

    /// About how long one thread takes for some rows with a part of the weights.
    static func nanoseconds(_ w: WeightMatrix, _ segments: Range<Int>, rows: Int) -> Int {
        var time = 0
        for index in segments {
            let segment = w.segments[index]
            time += segment.panels * panelNanoseconds(segment, columns: w.columns, rows: rows)
        }
        return time
    }

    private static func panelNanoseconds(_ segment: WeightMatrix.Segment, columns: Int, rows: Int)
        -> Int
    {
        let operations = 2 * WeightMatrix.panelRows * columns * rows
        return max(operations / 300, segment.panelBytes / 12, 1)
    }

    /// Chunks of about 20 microseconds, several for each thread: whoever is held up takes fewer.
    static func chunkNanoseconds(of nanoseconds: Int, threads: Int) -> Int {
        nanoseconds / max(nanoseconds / 20_000, min(6 * threads, nanoseconds / 3_000), 1)
    }

    /// - `chunk`: one of ``chunks``.
    func work(_ chunk: Int, of w: WeightMatrix) -> Work {
        let (range, place) = (chunk - chunks.lowerBound).quotientAndRemainder(
            dividingBy: chunksPerRange)
        let firstRow = rows.lowerBound + range * rangeRows
        let rangeCount = min(rows.count, rangeRows)
        var rest = place
        var index = segments.lowerBound
        while true {
            let chunks = Self.chunks(
                of: w.segments[index], columns: w.columns, rows: rangeCount, chunkNanoseconds)
            guard rest >= chunks else { break }
            rest -= chunks
            index += 1
        }
        let segment = w.segments[index]
        let atOnce = Self.panelsAtOnce(
            of: segment, columns: w.columns, rows: rangeCount, chunkNanoseconds)
        let firstPanel = rest * atOnce
        return Work(
            segment: index,
            panels: firstPanel..<min(firstPanel + atOnce, segment.panels),
            rows: firstRow..<min(firstRow + rangeRows, rows.upperBound),
            column: segment.firstRow - w.segments[segments.lowerBound].firstRow
                + firstPanel * WeightMatrix.panelRows)
    }

    private static func panelsAtOnce(
        of segment: WeightMatrix.Segment, columns: Int, rows: Int, _ chunkNanoseconds: Int
    ) -> Int {
        max(1, chunkNanoseconds / panelNanoseconds(segment, columns: columns, rows: rows))
    }

    private static func chunks(
        of segment: WeightMatrix.Segment, columns: Int, rows: Int, _ chunkNanoseconds: Int
    ) -> Int {
        let atOnce = panelsAtOnce(of: segment, columns: columns, rows: rows, chunkNanoseconds)
        return (segment.panels + atOnce - 1) / atOnce
    }
}
