import Tensors

/// The pages of one model: free ones, those that sequences compute, and those kept for texts that begin alike.
///
/// Not `Sendable`: the thread that runs the model owns it.
package final class KVCache {
    package let pool: PagePool
    package private(set) var tree: PrefixTree

    package init(pool: PagePool) {
        self.pool = pool
        tree = PrefixTree(pageLength: pool.layout.positions)
    }

    /// Positions of a page.
    package var pageLength: Int {
        pool.layout.positions
    }

    /// Pages that can be taken now, by evicting unused texts if need be.
    package var available: Int {
        pool.available + tree.unused
    }

    /// Pages that sequences hold.
    package var held: Int {
        pool.capacity - available
    }

    /// Positions of `tokens` that need not be computed; the last token always must be, for its logits.
    package func cachedCount(of tokens: [Int], scope: Int) -> Int {
        tree.match(tokens, scope: scope, limit: tokens.count - 1)
    }

    /// Gives a sequence that holds nothing the pages of the longest beginning that is here.
    ///
    /// - Returns: how many positions it need not compute.
    package func attach(_ pages: inout SequencePages, to tokens: [Int], scope: Int) -> Int {
        precondition(pages.pages.isEmpty, "the sequence holds pages already")
        for (node, page) in tree.acquire(tokens, scope: scope, limit: tokens.count - 1) {
            pages.append(page, node: node)
        }
        return pages.pages.count * pageLength
    }

    /// Makes room for `positions` positions in all, by evicting unused texts if need be.
    ///
    /// - Returns: whether there was room; if not, nothing was taken.
    package func grow(_ pages: inout SequencePages, to positions: Int) -> Bool {
        let count = pages.missing(for: positions, in: pool)
        guard count <= available else { return false }
        while pool.available < count, let page = tree.evict() {
            pool.giveBack(page)
        }
        return pages.grow(to: positions, from: pool)
    }

    /// Lets other texts share the pages that are full of the keys and values of `tokens`, from the text's beginning.
    package func share(_ pages: inout SequencePages, holding tokens: ArraySlice<Int>, scope: Int) {
        let length = pageLength
        while (pages.nodes.count + 1) * length <= tokens.count {
            let index = pages.nodes.count
            let own = pages.pages[index]
            let start = tokens.startIndex + index * length
            let (node, page) = tree.insert(
                Array(tokens[start..<start + length]), page: own, below: pages.nodes.last,
                scope: scope)
            // Another sequence was faster: its page holds the same bits.
            if page != own { pool.giveBack(own) }
            pages.share(index, as: node, in: page)
        }
    }

    /// Gives all pages back; shared ones stay for texts that begin alike.
    package func release(_ pages: inout SequencePages) {
        tree.release(pages.nodes)
        pages.release(to: pool)
    }

    /// Enters a page that was not computed here, and retains it.
    func enter(_ tokens: [Int], page: PageID, below parent: PrefixTree.NodeID?)
        -> PrefixTree.NodeID
    {
        let (node, kept) = tree.insert(tokens, page: page, below: parent, scope: 0)
        if kept != page { pool.giveBack(page) }
        return node
    }

    /// Leaves entered pages to whoever asks for them: those that were entered first are the last to be evicted.
    func leave(_ nodes: [PrefixTree.NodeID]) {
        tree.release(nodes)
    }

    /// Forgets every text that nobody uses.
    package func evictAll() {
        while let page = tree.evict() {
            pool.giveBack(page)
        }
    }
}
