import CKernels

/// A weight matrix and its bias, rounded to 13 bits with a scale for every 128 columns and packed for products:
/// `output = input * transpose(weights) + bias`.
///
/// The rounding moves a weight by at most 1/8190 of the largest one in its block, 32 times less than Q8_0 does.
/// Products are as fast as those of bfloat16, and exact integers within a block. The packed form takes two bytes a
/// weight; packing costs one pass over the source, which is no longer needed afterwards.
@safe package final class WordMatrix: @unchecked Sendable {
    /// Output rows of all parts together.
    package let rows: Int
    /// Length of an input row.
    package let columns: Int
    let panels: Int
    let panelBytes: Int

    /// Bytes of the packed form, all of which a product reads.
    package var byteCount: Int {
        panels * panelBytes
    }
    /// One for every output row, and zeros up to whole panels.
    let bias: [Float]
    private let packed: PackedBytes

    static let panelRows = Int(BERTH_PANEL_ROWS)
    static let block = Int(BERTH_WORD_BLOCK)

    /// Packs `parts`, of any types, stacked in the order given, in parallel on `compute`'s team, or finds them packed.
    ///
    /// - `bias`: as long as all parts have rows; `nil` adds nothing.
    /// - `name`: of all parts together, unique among the matrices of a place.
    package init(
        parts: [WeightPart], columns: Int, bias: [Float]?, compute: Compute,
        at place: any WeightPlace = WeightMemory(), named name: String = ""
    ) {
        let rows = parts.reduce(0) { $0 + $1.rows }
        precondition(bias.map { $0.count == rows } ?? true, "bias and rows differ")
        self.rows = rows
        self.columns = columns
        panels = (rows + Self.panelRows - 1) / Self.panelRows
        let panelBytes = berth_word_panel_bytes(columns)
        self.panelBytes = panelBytes
        var padded = bias ?? []
        padded += repeatElement(0, count: panels * Self.panelRows - padded.count)
        self.bias = padded
        for part in parts {
            precondition(
                unsafe part.type.byteCount(elements: columns).map { $0 * part.rows }
                    == part.bytes.count, "shape and bytes differ")
        }
        packed = unsafe place.bytes(
            of: Packing(
                name: "words \(name)", panels: panels, offset: { $0 * panelBytes },
                pack: { panel, target in
                    let first = panel * Self.panelRows
                    unsafe Self.pack(
                        parts, first..<min(first + Self.panelRows, rows), columns, to: target)
                }), on: compute.team)
        precondition(packed.byteCount == panels * panelBytes, "a place gave other bytes")
    }

    private static func pack(
        _ parts: [WeightPart], _ rows: Range<Int>, _ columns: Int,
        to panel: UnsafeMutablePointer<UInt8>
    ) {
        var values = [Float](repeating: 0, count: rows.count * columns)
        unsafe values.withUnsafeMutableBufferPointer { values in
            guard let target = values.baseAddress else { return }
            for (place, row) in rows.enumerated() {
                unsafe read(row, of: parts, columns, into: target + place * columns)
            }
            unsafe berth_pack_words(target, columns, rows.count, columns, panel)
        }
    }

    @unsafe private static func read(
        _ row: Int, of parts: [WeightPart], _ columns: Int, into target: UnsafeMutablePointer<Float>
    ) {
        var row = row
        for part in parts {
            guard row >= part.rows else {
                let rowBytes = unsafe part.bytes.count / part.rows
                guard let source = unsafe part.bytes.baseAddress else { return }
                unsafe berth_dequantize(
                    part.type.rawValue,
                    (source + row * rowBytes).assumingMemoryBound(to: UInt8.self), columns, target)
                return
            }
            row -= part.rows
        }
    }

    /// Where a panel starts.
    func panel(_ index: Int) -> UnsafePointer<UInt8> {
        unsafe (packed.base + index * panelBytes).assumingMemoryBound(to: UInt8.self)
    }
}
