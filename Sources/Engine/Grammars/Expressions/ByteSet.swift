/// A set of bytes as 256 bits.
struct ByteSet: Hashable, Sendable {
    private var words: Words

    /// Four words side by side; a tuple is not Hashable.
    private struct Words: Hashable, Sendable {
        var first: UInt64 = 0
        var second: UInt64 = 0
        var third: UInt64 = 0
        var fourth: UInt64 = 0
    }

    init() {
        words = Words()
    }

    init(_ range: ClosedRange<UInt8>) {
        self.init()
        for byte in range { insert(byte) }
    }

    init(_ byte: UInt8) {
        self.init()
        insert(byte)
    }

    mutating func insert(_ byte: UInt8) {
        let bit = UInt64(1) << UInt64(byte & 63)
        switch byte >> 6 {
        case 0: words.first |= bit
        case 1: words.second |= bit
        case 2: words.third |= bit
        default: words.fourth |= bit
        }
    }

    @inline(__always)
    func contains(_ byte: UInt8) -> Bool {
        let word =
            switch byte >> 6 {
            case 0: words.first
            case 1: words.second
            case 2: words.third
            default: words.fourth
            }
        return word >> UInt64(byte & 63) & 1 == 1
    }

    var isEmpty: Bool { words == Words() }

    func union(_ other: ByteSet) -> ByteSet {
        var result = self
        result.words.first |= other.words.first
        result.words.second |= other.words.second
        result.words.third |= other.words.third
        result.words.fourth |= other.words.fourth
        return result
    }

    func intersection(_ other: ByteSet) -> ByteSet {
        var result = self
        result.words.first &= other.words.first
        result.words.second &= other.words.second
        result.words.third &= other.words.third
        result.words.fourth &= other.words.fourth
        return result
    }
}
