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
    private let packed: PackedBytes

    /// Consecutive output rows of one type.
    struct Segment {
        let type: ElementType
        let rows: Int
        /// The first one's place in an output row.
        let firstRow: Int
        /// Panels of 16 rows, the last one padded with zeros.
        let panels: Int
        let panelBytes: Int
        /// Panels of the segments before.
        let firstPanel: Int
        /// Bytes from the start to the first panel.
        let offset: Int

        /// Packs one of the segment's panels.
        func pack(
            _ index: Int, of part: WeightPart, columns: Int, to target: UnsafeMutablePointer<UInt8>
        ) {
            guard let source = unsafe part.bytes.baseAddress else { return }
            let rowBytes = unsafe part.bytes.count / rows
            let row = index * WeightMatrix.panelRows
            unsafe berth_pack_panel(
                type.rawValue, source.assumingMemoryBound(to: UInt8.self) + row * rowBytes,
                rowBytes,
                min(WeightMatrix.panelRows, rows - row), columns, target)
        }
    }

    /// Packs `parts` in the order given, in parallel on `compute`'s team, or finds them packed.
    ///
    /// - `name`: of all parts together, unique among the matrices of a place.
    package init(
        parts: [WeightPart], columns: Int, compute: Compute,
        at place: any WeightPlace = WeightMemory(), named name: String = ""
    ) {
        var segments: [Segment] = []
        var rows = 0
        var allPanels = 0
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
                    firstPanel: allPanels, offset: offset))
            rows += count
            allPanels += panels
            offset += panels * panelBytes
        }
        self.rows = rows
        self.columns = columns
        self.segments = segments
        byteCount = offset
        needsQuantizedInput = segments.contains { $0.type.isQuantized }
        needsFloatInput = segments.contains { !$0.type.isQuantized }
        let found = segments
        // The segment of a panel; of the number after the last one, the last that has panels.
        func segment(of panel: Int) -> Int {
            var (low, high) = (0, found.count)
            while high - low > 1 {
                let middle = (low + high) / 2
                if found[middle].firstPanel <= panel { low = middle } else { high = middle }
            }
            return low
        }
        packed = unsafe place.bytes(
            of: Packing(
                name: "panels \(name)", panels: allPanels,
                offset: { panel in
                    let segment = found[segment(of: panel)]
                    return segment.offset + (panel - segment.firstPanel) * segment.panelBytes
                },
                pack: { panel, target in
                    let index = segment(of: panel)
                    unsafe found[index].pack(
                        panel - found[index].firstPanel, of: parts[index], columns: columns,
                        to: target)
                }), on: compute.team)
        precondition(packed.byteCount == offset, "a place gave other bytes")
    }

    /// Where a panel starts.
    func panel(_ index: Int, of segment: Segment) -> UnsafePointer<UInt8> {
        unsafe (packed.base + segment.offset + index * segment.panelBytes)
            .assumingMemoryBound(to: UInt8.self)
    }

    static let panelRows = Int(BERTH_PANEL_ROWS)
}
