/// Byte strings, numbered in the order they came and found again by content.
///
/// Compares bytes, where `String` would compare by canonical equivalence and mix up tokens.
/// An open hash table over one pool of bytes: 20 bytes a string beside its content.
struct ByteStringTable: Sendable {
    private var pool: [UInt8] = []
    /// Where string i ends in the pool.
    private var ends: [UInt32] = []
    /// Upper half of the hash, then in the lower half the number + 1, or 0 for a free slot.
    private var slots: [UInt64]
    /// Hashes differ in each table, so that no file can be made of strings that collide.
    private let seed = UInt64.random(in: .min ... .max)
    /// Length of the longest string.
    private(set) var maximumLength = 0

    init(minimumCapacity: Int = 0) {
        slots = Array(repeating: 0, count: Self.slotCount(for: minimumCapacity))
        ends.reserveCapacity(minimumCapacity)
    }

    var count: Int { ends.count }

    /// The bytes of string `index`.
    subscript(index: Int) -> ArraySlice<UInt8> {
        pool[start(of: index)..<Int(ends[index])]
    }

    /// Numbers `text[range]` if it is new; finds its number if not.
    mutating func insert(
        _ text: borrowing Span<UInt8>, _ range: Range<Int>
    ) -> (index: Int, isNew: Bool) {
        let hash = hash(text, range)
        var slot = firstSlot(of: hash)
        while slots[slot] != 0 {
            if let index = match(slot, hash, text, range) {
                return (index, false)
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        let index = ends.count
        for position in range {
            pool.append(text[position])
        }
        precondition(pool.count < UInt32.max && index < UInt32.max - 1)
        ends.append(UInt32(pool.count))
        maximumLength = max(maximumLength, range.count)
        slots[slot] = hash & 0xFFFF_FFFF_0000_0000 | UInt64(index + 1)
        if Self.slotCount(for: ends.count) > slots.count {
            grow()
        }
        return (index, true)
    }

    /// Numbers `bytes` if they are new; finds their number if not.
    mutating func insert(_ bytes: [UInt8]) -> (index: Int, isNew: Bool) {
        insert(bytes.span, 0..<bytes.count)
    }

    /// Takes a number for an empty string that is never found.
    mutating func appendUnnamed() {
        ends.append(UInt32(pool.count))
    }

    /// The number of the string that equals `text[range]`.
    func find(_ text: borrowing Span<UInt8>, _ range: Range<Int>) -> Int? {
        guard range.count <= maximumLength else { return nil }
        let hash = hash(text, range)
        var slot = firstSlot(of: hash)
        while slots[slot] != 0 {
            if let index = match(slot, hash, text, range) {
                return index
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    /// The number of `bytes`.
    func find(_ bytes: [UInt8]) -> Int? {
        find(bytes.span, 0..<bytes.count)
    }

    private func start(of index: Int) -> Int {
        index == 0 ? 0 : Int(ends[index - 1])
    }

    @inline(__always)
    private func match(
        _ slot: Int, _ hash: UInt64, _ text: borrowing Span<UInt8>, _ range: Range<Int>
    ) -> Int? {
        let entry = slots[slot]
        guard (entry ^ hash) >> 32 == 0 else { return nil }
        let index = Int(entry & 0xFFFF_FFFF) - 1
        let start = start(of: index)
        guard Int(ends[index]) - start == range.count else { return nil }
        for offset in 0..<range.count where pool[start + offset] != text[range.lowerBound + offset]
        {
            return nil
        }
        return index
    }

    private func hash(_ text: borrowing Span<UInt8>, _ range: Range<Int>) -> UInt64 {
        var hash = seed
        for position in range {
            hash = (hash ^ UInt64(text[position])) &* 0x0000_0100_0000_01B3
            hash ^= hash >> 29
        }
        return Hashing.mixed(hash)
    }

    private func firstSlot(of hash: UInt64) -> Int {
        Int(truncatingIfNeeded: hash) & (slots.count - 1)
    }

    /// A power of two at which `count` strings leave a third of the slots free.
    private static func slotCount(for count: Int) -> Int {
        max(16, (count + count / 2).nextPowerOfTwo)
    }

    private mutating func grow() {
        slots = Array(repeating: 0, count: slots.count * 2)
        let pool = pool
        let span = pool.span
        for index in ends.indices where Int(ends[index]) > start(of: index) {
            let hash = hash(span, start(of: index)..<Int(ends[index]))
            var slot = firstSlot(of: hash)
            while slots[slot] != 0 {
                slot = (slot + 1) & (slots.count - 1)
            }
            slots[slot] = hash & 0xFFFF_FFFF_0000_0000 | UInt64(index + 1)
        }
    }
}

/// Bit mixing shared by the hash tables.
enum Hashing {
    /// Every bit of the result depends on every bit of `value` (the finalizer of MurmurHash3).
    @inline(__always)
    static func mixed(_ value: UInt64) -> UInt64 {
        var bits = value
        bits = (bits ^ bits >> 33) &* 0xFF51_AFD7_ED55_8CCD
        bits = (bits ^ bits >> 33) &* 0xC4CE_B9FE_1A85_EC53
        return bits ^ bits >> 33
    }
}

extension Int {
    /// The smallest power of two that is not smaller.
    var nextPowerOfTwo: Int {
        self <= 1 ? 1 : 1 << (Int.bitWidth - (self - 1).leadingZeroBitCount)
    }
}
