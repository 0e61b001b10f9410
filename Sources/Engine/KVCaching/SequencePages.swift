import Tensors

/// The page table of one sequence: which page holds which 64 positions, in order.
///
/// The first ones may be shared with other sequences; their nodes in the ``PrefixTree`` say so.
package struct SequencePages: Sendable, Equatable {
    package private(set) var pages: [PageID] = []
    /// Of the first pages, those that are in the tree.
    package private(set) var nodes: [PrefixTree.NodeID] = []

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

    /// Gives back every page that is not shared; the sequence must be computed anew.
    package mutating func release(to pool: PagePool) {
        for page in pages.dropFirst(nodes.count) {
            pool.giveBack(page)
        }
        pages = []
        nodes = []
    }

    mutating func append(_ page: PageID, node: PrefixTree.NodeID) {
        precondition(pages.count == nodes.count, "shared pages come first")
        pages.append(page)
        nodes.append(node)
    }

    mutating func share(_ index: Int, as node: PrefixTree.NodeID, in page: PageID) {
        pages[index] = page
        nodes.append(node)
    }
}
