/// Byte-pair merges keyed by a pair of symbols: an open hash table of 16-byte slots.
struct MergeTable: Sendable {
    private struct Slot {
        /// Left symbol in the upper half, right in the lower; ``free`` marks a free slot.
        var pair: UInt64
        var rank: UInt32
        var result: UInt32
    }

    private static let free = UInt64.max

    private var slots: [Slot]
    /// Hashes differ in each table, so that no file can be made of pairs that collide.
    private let seed = UInt64.random(in: .min ... .max)

    init(capacity: Int) {
        slots = Array(
            repeating: Slot(pair: Self.free, rank: 0, result: 0),
            count: max(16, (capacity + capacity / 2).nextPowerOfTwo))
    }

    /// Adds a merge unless the pair has one: the earlier counts.
    ///
    /// At most `capacity` calls.
    mutating func insert(_ left: UInt32, _ right: UInt32, rank: UInt32, result: UInt32) {
        let pair = UInt64(left) << 32 | UInt64(right)
        var slot = firstSlot(of: pair)
        while slots[slot].pair != Self.free {
            if slots[slot].pair == pair { return }
            slot = (slot + 1) & (slots.count - 1)
        }
        slots[slot] = Slot(pair: pair, rank: rank, result: result)
    }

    /// Adds a merge, in the place of one that the pair has: the later counts.
    ///
    /// At most `capacity` calls.
    mutating func replace(_ left: UInt32, _ right: UInt32, rank: UInt32, result: UInt32) {
        let pair = UInt64(left) << 32 | UInt64(right)
        var slot = firstSlot(of: pair)
        while slots[slot].pair != Self.free, slots[slot].pair != pair {
            slot = (slot + 1) & (slots.count - 1)
        }
        slots[slot] = Slot(pair: pair, rank: rank, result: result)
    }

    @inline(__always)
    func find(_ left: UInt32, _ right: UInt32) -> (rank: UInt32, symbol: UInt32)? {
        let pair = UInt64(left) << 32 | UInt64(right)
        var slot = firstSlot(of: pair)
        while true {
            let entry = slots[slot]
            if entry.pair == pair {
                return (entry.rank, entry.result)
            }
            if entry.pair == Self.free {
                return nil
            }
            slot = (slot + 1) & (slots.count - 1)
        }
    }

    @inline(__always)
    private func firstSlot(of pair: UInt64) -> Int {
        let hash = (pair ^ seed) &* 0x9E37_79B9_7F4A_7C15
        return Int(truncatingIfNeeded: (hash ^ hash >> 32) &* 0xD6E8_FEB8_6659_FD93 >> 32)
            & (slots.count - 1)
    }
}

extension MergeTable: MergeRule {
    @inline(__always)
    func merge(_ left: UInt32, _ right: UInt32) -> (rank: UInt32, symbol: UInt32)? {
        find(left, right)
    }
}
