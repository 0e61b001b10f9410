/// Computed pages by the tokens that they hold, so that texts which begin alike share them.
///
/// A node is one full page; its path from the root spells the text from its beginning, because keys and values
/// depend on everything before them. Nodes that a sequence reads are retained; the others wait for a text that
/// begins like theirs, and go when memory is needed, least recently used first.
///
/// A pure data structure: it names pages and owns no memory. Lookups hash each page's tokens once.
/// After RadixAttention (Zheng 2023), with a page as the unit of sharing: a shorter common beginning is computed anew.
package struct PrefixTree: Sendable {
    /// Names a node while it is retained.
    package struct NodeID: Hashable, Sendable {
        fileprivate let index: Int
    }

    private struct Node: Sendable {
        var tokens: [Int]
        var page: PageID
        var parent: Int?
        var scope: Int
        var children: [[Int]: Int] = [:]
        var users = 0
        // Neighbours in the order of last use; only while nobody uses the node.
        var older: Int?
        var newer: Int?
    }

    private let pageLength: Int
    private var nodes: [Node?] = []
    private var freeSlots: [Int] = []
    private var roots: [Int: [[Int]: Int]] = [:]
    private var oldest: Int?
    private var newest: Int?
    /// Nodes that nobody uses: each can be evicted sooner or later.
    package private(set) var unused = 0
    package private(set) var count = 0

    /// - Parameter pageLength: tokens of a page.
    package init(pageLength: Int) {
        self.pageLength = pageLength
    }

    /// How many of `tokens` stand in full pages of this tree, counted from the beginning; at most `limit`.
    ///
    /// A scope says which texts may share: those that the same adapter computed.
    package func match(_ tokens: [Int], scope: Int, limit: Int) -> Int {
        path(of: tokens, scope: scope, limit: limit).count * pageLength
    }

    /// Retains the longest beginning of `tokens` that is here, page by page; at most `limit` tokens.
    package mutating func acquire(_ tokens: [Int], scope: Int, limit: Int) -> [(NodeID, PageID)] {
        let path = path(of: tokens, scope: scope, limit: limit)
        return path.compactMap { index in
            retain(index)
            return nodes[index].map { (NodeID(index: index), $0.page) }
        }
    }

    /// Enters a computed page with its tokens, below the node of the page before it, which the caller retains, or as a
    /// text's first page.
    ///
    /// - Returns: its node, retained, and the node's page: another one where these tokens were here already.
    package mutating func insert(
        _ tokens: [Int], page: PageID, below parent: NodeID?, scope: Int
    ) -> (node: NodeID, page: PageID) {
        precondition(tokens.count == pageLength, "only full pages are shared")
        let known = children(of: parent?.index, scope: scope)[tokens]
        if let known, let node = nodes[known] {
            retain(known)
            return (NodeID(index: known), node.page)
        }
        let node = Node(tokens: tokens, page: page, parent: parent?.index, scope: scope, users: 1)
        let index: Int
        if let slot = freeSlots.popLast() {
            index = slot
            nodes[slot] = node
        } else {
            index = nodes.count
            nodes.append(node)
        }
        if let parent {
            nodes[parent.index]?.children[tokens] = index
        } else {
            roots[scope, default: [:]][tokens] = index
        }
        count += 1
        return (NodeID(index: index), page)
    }

    /// Gives nodes back, in the order of a text; the last are the first to be evicted.
    package mutating func release(_ ids: [NodeID]) {
        for id in ids.reversed() {
            nodes[id.index]?.users -= 1
            if nodes[id.index]?.users == 0 {
                append(id.index)
            }
        }
    }

    /// Takes the page that was not used for longest out of the tree; `nil` when all are in use.
    package mutating func evict() -> PageID? {
        // A text's later pages were released before its earlier ones, so the oldest node has no children.
        guard let index = oldest, let node = nodes[index] else { return nil }
        precondition(node.children.isEmpty, "a node is older than what stands below it")
        unlink(index)
        if let parent = node.parent {
            nodes[parent]?.children[node.tokens] = nil
        } else {
            roots[node.scope]?[node.tokens] = nil
            if roots[node.scope]?.isEmpty == true { roots[node.scope] = nil }
        }
        nodes[index] = nil
        freeSlots.append(index)
        count -= 1
        return node.page
    }

    // MARK: Walking

    private func children(of parent: Int?, scope: Int) -> [[Int]: Int] {
        guard let parent else { return roots[scope] ?? [:] }
        return nodes[parent]?.children ?? [:]
    }

    private func path(of tokens: [Int], scope: Int, limit: Int) -> [Int] {
        var path: [Int] = []
        let end = min(limit, tokens.count)
        while (path.count + 1) * pageLength <= end {
            let start = path.count * pageLength
            let page = Array(tokens[start..<start + pageLength])
            guard let next = children(of: path.last, scope: scope)[page] else { break }
            path.append(next)
        }
        return path
    }

    // MARK: The order of last use

    private mutating func retain(_ index: Int) {
        if nodes[index]?.users == 0 {
            unlink(index)
        }
        nodes[index]?.users += 1
    }

    private mutating func append(_ index: Int) {
        nodes[index]?.older = newest
        nodes[index]?.newer = nil
        if let newest {
            nodes[newest]?.newer = index
        } else {
            oldest = index
        }
        newest = index
        unused += 1
    }

    private mutating func unlink(_ index: Int) {
        let older = nodes[index]?.older
        let newer = nodes[index]?.newer
        if let older { nodes[older]?.newer = newer } else { oldest = newer }
        if let newer { nodes[newer]?.older = older } else { newest = older }
        nodes[index]?.older = nil
        nodes[index]?.newer = nil
        unused -= 1
    }
}

extension PrefixTree {
    /// One page with the way to it, for writing the tree down.
    package struct Entry: Sendable, Equatable {
        package let tokens: [Int]
        package let page: PageID
        /// Position of the page before it in the same list.
        package let parent: Int?
    }

    /// All pages of a scope, every page after the one before it, the most recently used texts first, at most `limit`.
    package func entries(scope: Int, limit: Int) -> [Entry] {
        var entries: [Entry] = []
        var places: [Int: Int] = [:]
        func add(_ index: Int) -> Bool {
            if places[index] != nil { return true }
            guard let node = nodes[index] else { return false }
            if let parent = node.parent, !add(parent) { return false }
            guard entries.count < limit else { return false }
            places[index] = entries.count
            entries.append(
                Entry(
                    tokens: node.tokens, page: node.page, parent: node.parent.flatMap { places[$0] }
                ))
            return true
        }
        for index in nodes.indices
        where nodes[index]?.scope == scope && nodes[index]?.users ?? 0 > 0 {
            _ = add(index)
        }
        var next = newest
        while let index = next {
            if nodes[index]?.scope == scope { _ = add(index) }
            next = nodes[index]?.older
        }
        return entries
    }
}
