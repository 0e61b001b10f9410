/// Byte strings with a number each, found as prefixes of a text.
///
/// Nodes stand level by level, so that the children of one lie side by side: 9 bytes a node. A step costs
/// a search among the children, the first of a text a look-up.
struct ByteTrie: Sendable {
    typealias Node = Int32

    static let root: Node = 0
    /// Where no string goes on.
    static let none: Node = -1
    private static let noValue: Int32 = -1

    /// Where the children of a node begin in `labels`; those of the next node end them.
    private var firstChildren: [UInt32] = []
    /// The bytes that lead to nodes 1, 2, ...
    private var labels: [UInt8] = []
    private var values: [Int32] = []
    /// Children of the root by byte.
    private var starts = [Node](repeating: none, count: 256)

    /// A trie of `strings`; empty ones are never found, and of equal ones the first counts.
    init(_ strings: [(text: ArraySlice<UInt8>, value: Int)]) {
        let sorted = strings.filter { !$0.text.isEmpty }.sorted {
            $0.text.lexicographicallyPrecedes($1.text)
                || $0.text.elementsEqual($1.text) && $0.value < $1.value
        }
        // Strings that share the bytes up to a node, in the order of nodes.
        var pending: [Range<Int>] = [0..<sorted.count]
        var depths: [Int32] = [0]
        var node = 0
        while node < pending.count {
            var range = pending[node]
            let depth = Int(depths[node])
            var value = Self.noValue
            while let index = range.first, sorted[index].text.count == depth {
                value = value == Self.noValue ? Int32(sorted[index].value) : value
                range.removeFirst()
            }
            values.append(value)
            firstChildren.append(UInt32(labels.count))
            while let first = range.first {
                let label = Self.byte(sorted[first].text, depth)
                var end = first + 1
                while end < range.upperBound, Self.byte(sorted[end].text, depth) == label {
                    end += 1
                }
                labels.append(label)
                pending.append(first..<end)
                depths.append(Int32(depth + 1))
                range = end..<range.upperBound
            }
            node += 1
        }
        firstChildren.append(UInt32(labels.count))
        for index in 0..<Int(firstChildren[1]) {
            starts[Int(labels[index])] = Node(index + 1)
        }
    }

    private static func byte(_ text: ArraySlice<UInt8>, _ depth: Int) -> UInt8 {
        text[text.startIndex + depth]
    }

    var isEmpty: Bool { labels.isEmpty }

    /// The node that `byte` leads to from `node`, or ``none``.
    @inline(__always)
    func child(of node: Node, _ byte: UInt8) -> Node {
        if node == Self.root {
            return starts[Int(byte)]
        }
        var low = Int(firstChildren[Int(node)])
        var high = Int(firstChildren[Int(node) + 1])
        while high - low > 4 {
            let middle = (low + high) / 2
            if labels[middle] <= byte {
                low = middle
            } else {
                high = middle
            }
        }
        while low < high {
            if labels[low] == byte {
                return Node(low + 1)
            }
            low += 1
        }
        return Self.none
    }

    /// The number of the string that ends at `node`.
    @inline(__always)
    func value(at node: Node) -> Int? {
        let value = values[Int(node)]
        return value == Self.noValue ? nil : Int(value)
    }

    /// The longest string, of at most `limit` bytes, that the text from `start` begins with.
    @inline(__always)
    func longestMatch(
        in text: borrowing Span<UInt8>, from start: Int, limit: Int = .max
    ) -> (value: Int, end: Int)? {
        var node = Self.root
        var position = start
        var match: (value: Int, end: Int)?
        let end = limit < text.count - start ? start + limit : text.count
        while position < end {
            node = child(of: node, text[position])
            guard node != Self.none else { break }
            position += 1
            if let value = value(at: node) {
                match = (value, position)
            }
        }
        return match
    }

    /// How many bytes of the text from `start` lead on in the trie, whether a string ends there or not.
    func depth(in text: borrowing Span<UInt8>, from start: Int) -> Int {
        var node = Self.root
        var position = start
        while position < text.count {
            node = child(of: node, text[position])
            guard node != Self.none else { break }
            position += 1
        }
        return position - start
    }
}
