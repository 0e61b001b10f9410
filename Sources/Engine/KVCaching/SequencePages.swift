import Tensors

/// The page table of one sequence: which page holds which 64 positions, in order.
package struct SequencePages: Sendable, Equatable {
    package private(set) var pages: [PageID] = []

    package init() {}

    /// Pages that holding `positions` would need beyond those that are here.
    package func missing(for positions: Int, in pool: PagePool) -> Int {
        let needed = (positions + pool.layout.positions - 1) / pool.layout.positions
        return max(0, needed - pages.count)
    }

    /// Makes room for `positions` positions in all.
    ///
    /// - Returns: whether there was room; if not, nothing was taken.
    package mutating func grow(to positions: Int, from pool: PagePool) -> Bool {
        let count = missing(for: positions, in: pool)
        guard count <= pool.available else { return false }
        for _ in 0..<count {
            guard let page = pool.take() else { return false }
            pages.append(page)
        }
        return true
    }

    /// Gives every page back; the sequence must be computed anew.
    package mutating func release(to pool: PagePool) {
        for page in pages {
            pool.giveBack(page)
        }
        pages = []
    }
}
