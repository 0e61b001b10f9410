/// A set of token ids as bits.
package struct TokenSet: Sendable, Equatable {
    /// 64 tokens a word, the lowest id in the lowest bit.
    package private(set) var words: [UInt64]
    /// Ids are below it.
    package let capacity: Int

    /// An empty set over ids below `capacity`.
    package init(capacity: Int) {
        self.capacity = capacity
        words = [UInt64](repeating: 0, count: (capacity + 63) / 64)
    }

    @inlinable
    package func contains(_ token: Int) -> Bool {
        token >= 0 && token < capacity && words[token >> 6] >> UInt64(token & 63) & 1 == 1
    }

    package mutating func insert(_ token: Int) {
        words[token >> 6] |= 1 << UInt64(token & 63)
    }

    package mutating func remove(_ token: Int) {
        words[token >> 6] &= ~(1 << UInt64(token & 63))
    }

    package mutating func formUnion(_ other: TokenSet) {
        for index in words.indices { words[index] |= other.words[index] }
    }

    package var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    package var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

    /// The only member, where there is just one.
    package var only: Int? {
        var found: Int?
        for (index, word) in words.enumerated() where word != 0 {
            guard found == nil, word & (word - 1) == 0 else { return nil }
            found = index << 6 | word.trailingZeroBitCount
        }
        return found
    }

    /// The members in rising order.
    package var members: [Int] {
        var result: [Int] = []
        for (index, word) in words.enumerated() {
            var rest = word
            while rest != 0 {
                result.append(index << 6 | rest.trailingZeroBitCount)
                rest &= rest - 1
            }
        }
        return result
    }
}
