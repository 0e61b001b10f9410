import CKernels

/// Rows of a stored matrix, lent to ``WeightMatrix`` while it is made.
@safe package struct WeightPart {
    package let type: ElementType
    /// Output rows.
    package let rows: Int
    /// Row-major blocks of `type`, exactly `rows` times the matrix's columns.
    @unsafe package let bytes: UnsafeRawBufferPointer

    /// - `bytes`: valid until the matrix is made.
    @safe package init(type: ElementType, rows: Int, bytes: UnsafeRawBufferPointer) {
        self.type = type
        self.rows = rows
        unsafe self.bytes = bytes
    }
}

/// A weight matrix packed for products: `output = input * transpose(weights)`.
///
/// Parts of any types are stacked, so that products with the same input (queries, keys and values; gate and
/// up) become one. Packing costs one pass over the bytes; afterwards the source is no longer needed. The
/// packed form takes as much memory as the source plus at most 3 % (and the rows up to the next 16), MXFP4 6 %; Q3_K
/// and Q2_K, whose codes are widened to four bits, take a third more and twice as much.
@safe package final class WeightMatrix: @unchecked Sendable {
    /// Output rows of all parts together.
    package let rows: Int
    /// Length of an input row.
    package let columns: Int
    /// Bytes of the packed form, all of which a product reads.
    package let byteCount: Int
    /// Whether products want the input as ``QuantizedRows``.
    package let needsQuantizedInput: Bool
    /// Whether products want the input as float32.
    package let needsFloatInput: Bool
    let segments: [Segment]
    private let buffer: AlignedBuffer

    /// Consecutive output rows of one type.
    struct Segment {
        let type: ElementType
        let rows: Int
        /// The first one's place in an output row.
        let firstRow: Int
        /// Panels of 16 rows, the last one padded with zeros.
        let panels: Int
        let panelBytes: Int
        /// Bytes from the buffer's start to the first panel.
        let offset: Int
    }

    /// Packs `parts` in the order given, in parallel on `compute`'s team.
    package init(parts: [WeightPart], columns: Int, compute: Compute) {
        var segments: [Segment] = []
        var rows = 0
        var offset = 0
        for part in parts {
            let (type, count) = (part.type, part.rows)
            let rowBytes = type.byteCount(elements: columns)
            precondition(
                unsafe rowBytes.map { $0 * count } == part.bytes.count, "shape and bytes differ")
            let panels = (count + WeightMatrix.panelRows - 1) / WeightMatrix.panelRows
            let panelBytes = berth_panel_bytes(type.rawValue, columns)
            segments.append(
                Segment(
                    type: type, rows: count, firstRow: rows, panels: panels, panelBytes: panelBytes,
                    offset: offset))
            rows += count
            offset += panels * panelBytes
        }
        self.rows = rows
        self.columns = columns
        self.segments = segments
        byteCount = offset
        needsQuantizedInput = segments.contains { $0.type.isQuantized }
        needsFloatInput = segments.contains { !$0.type.isQuantized }
        buffer = AlignedBuffer(byteCount: offset, zeroed: false)
        for (segment, part) in zip(segments, parts) {
            pack(part, as: segment, team: compute.team)
        }
    }

    private func pack(_ part: WeightPart, as segment: Segment, team: ThreadTeam) {
        guard let source = unsafe part.bytes.baseAddress, segment.rows > 0 else { return }
        let bytes = unsafe source.assumingMemoryBound(to: UInt8.self)
        let rowBytes = unsafe part.bytes.count / segment.rows
        let panelsAtOnce = max(1, (1 << 16) / max(1, segment.panelBytes))
        team.run(chunks: (segment.panels + panelsAtOnce - 1) / panelsAtOnce) { chunk in
            let first = chunk * panelsAtOnce
            for panel in first..<min(first + panelsAtOnce, segment.panels) {
                let row = panel * WeightMatrix.panelRows
                unsafe berth_pack_panel(
                    segment.type.rawValue, bytes + row * rowBytes, rowBytes,
                    min(WeightMatrix.panelRows, segment.rows - row), columns,
                    self.panel(panel, of: segment))
            }
        }
    }

    /// Where a panel starts.
    func panel(_ index: Int, of segment: Segment) -> UnsafeMutablePointer<UInt8> {
        unsafe (buffer.base + segment.offset + index * segment.panelBytes)
            .assumingMemoryBound(to: UInt8.self)
    }

    static let panelRows = Int(BERTH_PANEL_ROWS)
}
