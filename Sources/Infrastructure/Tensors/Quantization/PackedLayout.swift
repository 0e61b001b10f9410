import CKernels

/// A checksum of bytes, for damage and not against malice; of several runs, when `seed` is that of the run before.
@unsafe package func checksum(_ bytes: UnsafeRawBufferPointer, seed: UInt64 = 0) -> UInt64 {
    guard let base = bytes.baseAddress else { return seed }
    return unsafe berth_checksum(base.assumingMemoryBound(to: UInt8.self), bytes.count, seed)
}

/// What packed weights look like, so that those which another version of the program packed are told from ours.
package enum PackedLayout {
    /// A number that changes with the layout of any type: a checksum of sample panels.
    ///
    /// Takes a millisecond once.
    package static let fingerprint: UInt64 = {
        let rows = 13
        var sum: UInt64 = 0
        // Whole records, an odd block behind them, an odd column.
        let sizes = [512, 544, 545].flatMap { columns in
            ElementType.allCases.map { (columns: columns, type: $0) }
        }
        for (columns, type) in sizes {
            guard let rowBytes = type.byteCount(elements: columns) else { continue }
            let source = (0..<rows * rowBytes).map {
                UInt8(truncatingIfNeeded: $0 &* 167 &+ $0 >> 7)
            }
            var panel = [UInt8](repeating: 0, count: berth_panel_bytes(type.rawValue, columns))
            unsafe berth_pack_panel(type.rawValue, source, rowBytes, rows, columns, &panel)
            sum = unsafe panel.withUnsafeBytes { unsafe checksum($0, seed: sum) }
        }
        let columns = 512
        let values = (0..<rows * columns).map { Float($0 % 251 - 125) * 0.37 }
        var panel = [UInt8](repeating: 0, count: berth_word_panel_bytes(columns))
        unsafe berth_pack_words(values, columns, rows, columns, &panel)
        return unsafe panel.withUnsafeBytes { unsafe checksum($0, seed: sum) }
    }()

    /// Most bytes that a matrix takes when it is packed.
    ///
    /// - `isRounded`: whether it may also become a ``WordMatrix``.
    package static func mostBytes(
        rows: Int, columns: Int, type: ElementType, isRounded: Bool
    ) -> Int {
        let panels = (rows + Int(BERTH_PANEL_ROWS) - 1) / Int(BERTH_PANEL_ROWS)
        let panelBytes = max(
            berth_panel_bytes(type.rawValue, columns),
            isRounded ? berth_word_panel_bytes(columns) : 0)
        let (bytes, overflow) = panels.multipliedReportingOverflow(by: panelBytes)
        return overflow ? .max : bytes
    }
}
