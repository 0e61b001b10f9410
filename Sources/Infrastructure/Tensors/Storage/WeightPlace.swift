import CKernels

/// How a matrix is packed, panel by panel, wherever the packed form comes to lie.
@safe package struct Packing {
    /// What is packed, and into which layout: with the same name, the same model has the same bytes.
    package let name: String
    /// Panels follow each other without a gap.
    package let panels: Int
    /// Bytes from the start to a panel; of the number after the last one, to the end.
    package let offset: (_ panel: Int) -> Int
    /// Fills a panel, all of it.
    let pack: (_ panel: Int, _ target: UnsafeMutablePointer<UInt8>) -> Void

    package var byteCount: Int {
        offset(panels)
    }

    /// Packs consecutive panels to `target`, in parallel.
    ///
    /// - `beside`: what one member does first, while the others pack.
    @unsafe package func run(
        _ range: Range<Int>, into target: UnsafeMutableRawPointer, on team: ThreadTeam,
        beside: (() -> Void)? = nil
    ) {
        let start = offset(range.lowerBound)
        // Small chunks share the work evenly; a chunk should still be worth its taking.
        let byteCount = offset(range.upperBound) - start
        let atOnce = max(1, range.count * (1 << 16) / max(1, byteCount))
        let others = beside == nil ? 0 : 1
        team.run(chunks: others + (range.count + atOnce - 1) / atOnce) { chunk in
            guard chunk >= others else {
                beside?()
                return
            }
            let first = range.lowerBound + (chunk - others) * atOnce
            for panel in first..<min(first + atOnce, range.upperBound) {
                unsafe pack(
                    panel,
                    (target + (offset(panel) - start)).assumingMemoryBound(to: UInt8.self))
            }
        }
    }
}

extension Packing {
    /// Bytes as they are, of a table whose rows are looked up and not multiplied.
    ///
    /// - `source`: must stay until the packing has run.
    @unsafe package static func copy(
        of source: UnsafeRawBufferPointer, named name: String
    ) -> Packing {
        let panel = 1 << 16
        // What follows in a file begins at a multiple of 64.
        let padded = (source.count + 63) / 64 * 64
        return unsafe Packing(
            name: name, panels: (padded + panel - 1) / panel,
            offset: { min($0 * panel, padded) },
            pack: { index, target in
                let start = index * panel
                let count = min(panel, padded - start)
                let filled = max(0, min(count, source.count - start))
                unsafe UnsafeMutableRawPointer(target).initializeMemory(
                    as: UInt8.self, repeating: 0, count: count)
                guard filled > 0, let base = source.baseAddress else { return }
                unsafe UnsafeMutableRawPointer(target).copyMemory(
                    from: base + start, byteCount: filled)
            })
    }
}

/// Packed weights where they lie: immutable, 64-byte aligned.
@safe package final class PackedBytes: Sendable {
    @unsafe nonisolated(unsafe) let base: UnsafeRawPointer
    package let byteCount: Int
    /// Keeps the memory.
    private let owner: any AnyObject & Sendable

    /// - `base`: a multiple of 64, valid for `byteCount` bytes and unchanged as long as `owner` lives.
    @unsafe package init(
        base: UnsafeRawPointer, byteCount: Int, owner: any AnyObject & Sendable
    ) {
        unsafe self.base = base
        self.byteCount = byteCount
        self.owner = owner
    }

    /// Lends the bytes.
    package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows
        -> Result
    {
        try unsafe body(UnsafeRawBufferPointer(start: base, count: byteCount))
    }
}

/// Where packed weights are put, or found as an earlier start left them.
package protocol WeightPlace: Sendable {
    /// The bytes that `packing` makes, exactly `packing.byteCount` of them.
    func bytes(of packing: Packing, on team: ThreadTeam) -> PackedBytes

    /// Whether a matrix of these tensors was packed by an earlier start, which checked its weights.
    func holds(_ tensors: String) -> Bool

    /// Says that a model has all its matrices.
    func finish()
}

/// Memory of this process.
package struct WeightMemory: WeightPlace {
    package init() {}

    package func bytes(of packing: Packing, on team: ThreadTeam) -> PackedBytes {
        let buffer = AlignedBuffer(byteCount: packing.byteCount, zeroed: false)
        unsafe packing.run(0..<packing.panels, into: buffer.base, on: team)
        return unsafe PackedBytes(
            base: buffer.base, byteCount: buffer.byteCount, owner: buffer)
    }

    package func holds(_ tensors: String) -> Bool {
        false
    }

    package func finish() {}
}
