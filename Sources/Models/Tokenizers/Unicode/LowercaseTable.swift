/// The lowercase letter of a letter, one for one: what a text becomes that keeps its length in scalars.
///
/// Which scalars have another case is asked of ``ScalarKinds``, which is pinned to Unicode 15.1 here;
/// what it is, of the standard library, where it never changes once assigned.
struct LowercaseTable: Sendable {
    /// The only one: a millisecond to build.
    static let table = LowercaseTable()

    /// The block of a scalar's upper bits.
    private var blocks = [UInt8](repeating: 0, count: 0x110000 >> 8)
    /// 256 to a block, 0 where nothing changes; block 0 is all zero.
    private var letters = [UInt32](repeating: 0, count: 256)

    private init() {
        let cased: ScalarSet = [.uppercaseOrTitlecase, .number, .symbol]
        for block in 0..<0x110000 >> 8 {
            for scalar in UInt32(block << 8)..<UInt32((block + 1) << 8)
            where !ScalarKinds.unicode15.kind(of: scalar).isDisjoint(with: cased) {
                guard let properties = Unicode.Scalar(scalar)?.properties,
                    properties.changesWhenLowercased,
                    let letter = properties.lowercaseMapping.unicodeScalars.first
                else { continue }
                if blocks[block] == 0 {
                    blocks[block] = UInt8(letters.count >> 8)
                    letters.append(contentsOf: repeatElement(0, count: 256))
                }
                letters[Int(blocks[block]) << 8 | Int(scalar & 0xFF)] = letter.value
            }
        }
    }

    @inline(__always)
    func lowercase(_ scalar: UInt32) -> UInt32 {
        let letter = letters[Int(blocks[Int(scalar >> 8)]) << 8 | Int(scalar & 0xFF)]
        return letter == 0 ? scalar : letter
    }
}
