/// Which neighbours may become one symbol, and how early.
protocol MergeRule {
    associatedtype Symbol

    /// What `left` and `right` become and the rank at which they do (lower is earlier), if they may.
    func merge(_ left: Symbol, _ right: Symbol) -> (rank: UInt32, symbol: Symbol)?
}

/// Greedy pair merging: again and again the pair of lowest rank, the leftmost first among equals.
///
/// Few symbols are searched one by one, which is fastest; many go through a heap, so that the cost
/// stays O(n log n). Holds its buffers, so that one value serves all pieces of a text.
struct SymbolMerger<Rule: MergeRule> {
    /// The symbols of a piece; after ``merge(by:)``, what they became.
    var symbols: [Rule.Symbol] = []

    /// A symbol and what it becomes with the one to its right.
    private struct Link {
        var symbol: Rule.Symbol
        var merged: Rule.Symbol
        var rank: UInt32
    }

    private var links: [Link] = []
    private var next: [Int32] = []
    private var previous: [Int32] = []
    private var heap = MinimumHeap()

    private static var shortCount: Int { 24 }
    private static var noRank: UInt32 { .max }

    mutating func merge(by rule: borrowing Rule) {
        guard symbols.count > 1, findPairs(rule) else { return }
        if symbols.count <= Self.shortCount {
            let count = Self.mergeBySearch(&links, rule)
            symbols.removeAll(keepingCapacity: true)
            for link in links[..<count] {
                symbols.append(link.symbol)
            }
        } else {
            mergeByHeap(rule)
        }
    }

    /// Fills `links`; false when no pair may merge.
    private mutating func findPairs(_ rule: borrowing Rule) -> Bool {
        links.removeAll(keepingCapacity: true)
        var lowest = Self.noRank
        for index in 1..<symbols.count {
            let link = Self.link(symbols[index - 1], symbols[index], rule)
            links.append(link)
            lowest = min(lowest, link.rank)
        }
        let last = symbols[symbols.count - 1]
        links.append(Link(symbol: last, merged: last, rank: Self.noRank))
        return lowest != Self.noRank
    }

    @inline(__always)
    private static func link(
        _ left: Rule.Symbol, _ right: Rule.Symbol, _ rule: borrowing Rule
    ) -> Link {
        guard let pair = rule.merge(left, right) else {
            return Link(symbol: left, merged: left, rank: noRank)
        }
        return Link(symbol: left, merged: pair.symbol, rank: pair.rank)
    }

    /// Merges in place and returns how many links are left.
    private static func mergeBySearch(_ array: inout [Link], _ rule: borrowing Rule) -> Int {
        var count = array.count
        var links = array.mutableSpan
        while true {
            var best = 0
            for index in 1..<count where links[index].rank < links[best].rank {
                best = index
            }
            guard links[best].rank != noRank else { break }
            // The last link has no rank, so there is one to the right.
            let merged = links[best].merged
            count -= 1
            if best + 1 < count {
                for index in best + 1..<count {
                    links[index] = links[index + 1]
                }
                links[best] = link(merged, links[best + 1].symbol, rule)
            } else {
                links[best] = Link(symbol: merged, merged: merged, rank: noRank)
            }
            if best > 0 {
                links[best - 1] = link(links[best - 1].symbol, merged, rule)
            }
            guard count > 1 else { break }
        }
        return count
    }

    private mutating func mergeByHeap(_ rule: borrowing Rule) {
        let count = symbols.count
        next = Array(1...Int32(count))
        next[count - 1] = -1
        previous = Array(-1..<Int32(count) - 1)
        heap.removeAll()
        for index in 0..<count where links[index].rank != Self.noRank {
            heap.append(UInt64(links[index].rank) << 32 | UInt64(index))
        }
        heap.order()

        while let entry = heap.popMinimum() {
            let index = Int(entry & 0xFFFF_FFFF)
            // An entry is stale when its pair has changed. A changed pair of the same rank has an
            // equal entry of its own.
            guard links[index].rank == UInt32(entry >> 32) else { continue }
            let right = Int(next[index])
            links[index].symbol = links[index].merged
            links[right].rank = Self.noRank
            next[index] = next[right]
            if next[index] >= 0 {
                previous[Int(next[index])] = Int32(index)
            }
            update(index, rule)
            if previous[index] >= 0 {
                update(Int(previous[index]), rule)
            }
        }

        symbols.removeAll(keepingCapacity: true)
        var index = 0
        while index >= 0 {
            symbols.append(links[index].symbol)
            index = Int(next[index])
        }
    }

    private mutating func update(_ index: Int, _ rule: borrowing Rule) {
        let symbol = links[index].symbol
        guard next[index] >= 0 else {
            links[index].rank = Self.noRank
            return
        }
        links[index] = Self.link(symbol, links[Int(next[index])].symbol, rule)
        if links[index].rank != Self.noRank {
            heap.push(UInt64(links[index].rank) << 32 | UInt64(index))
        }
    }
}

/// A binary heap of numbers, the smallest on top.
struct MinimumHeap {
    private var items: [UInt64] = []

    mutating func removeAll() {
        items.removeAll(keepingCapacity: true)
    }

    /// Adds without order; ``order()`` must follow.
    mutating func append(_ item: UInt64) {
        items.append(item)
    }

    /// Makes a heap of what was appended: O(n).
    mutating func order() {
        for index in stride(from: items.count / 2 - 1, through: 0, by: -1) {
            siftDown(index)
        }
    }

    mutating func push(_ item: UInt64) {
        items.append(item)
        var index = items.count - 1
        while index > 0 {
            let parent = (index - 1) / 2
            guard item < items[parent] else { break }
            items[index] = items[parent]
            index = parent
        }
        items[index] = item
    }

    mutating func popMinimum() -> UInt64? {
        guard let last = items.popLast() else { return nil }
        guard let top = items.first else { return last }
        items[0] = last
        siftDown(0)
        return top
    }

    private mutating func siftDown(_ start: Int) {
        let item = items[start]
        var index = start
        while true {
            var child = 2 * index + 1
            guard child < items.count else { break }
            if child + 1 < items.count, items[child + 1] < items[child] {
                child += 1
            }
            guard items[child] < item else { break }
            items[index] = items[child]
            index = child
        }
        items[index] = item
    }
}
