/// GPT-2's alphabet: every byte written as one printable character.
///
/// Bytes that Latin-1 prints stand for themselves; the others take U+0100 and on, in order
/// (Radford et al. 2019, `bytes_to_unicode`).
enum ByteLevelAlphabet {
    /// The character of each byte.
    static let scalars: [UInt32] = {
        var next: UInt32 = 0x100
        return (UInt32(0)...255).map { byte in
            switch byte {
            case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF:
                return byte
            default:
                next += 1
                return next - 1
            }
        }
    }()

    /// The byte of each character below U+0144; -1 for those that are none.
    private static let bytes: [Int16] = {
        var bytes = [Int16](repeating: -1, count: 0x144)
        for (byte, scalar) in scalars.enumerated() {
            bytes[Int(scalar)] = Int16(byte)
        }
        return bytes
    }()

    /// Appends the bytes that `text`, UTF-8, writes.
    ///
    /// Appends nothing and returns false when a character is not in the alphabet.
    static func decode(_ text: ArraySlice<UInt8>, into result: inout [UInt8]) -> Bool {
        let count = result.count
        var position = text.startIndex
        while position < text.endIndex {
            let lead = text[position]
            let length = UTF8Text.length(lead: lead)
            let scalar =
                switch length {
                case 1: Int(lead)
                case 2: Int(lead & 0x1F) << 6 | Int(text[position + 1] & 0x3F)
                default: bytes.count
                }
            guard scalar < bytes.count, bytes[scalar] >= 0 else {
                result.removeLast(result.count - count)
                return false
            }
            result.append(UInt8(bytes[scalar]))
            position += length
        }
        return true
    }

    /// The UTF-8 of the character of `byte`.
    static func encode(_ byte: UInt8) -> [UInt8] {
        let scalar = scalars[Int(byte)]
        return scalar < 0x80
            ? [UInt8(scalar)] : [UInt8(0xC0 | scalar >> 6), UInt8(0x80 | scalar & 0x3F)]
    }
}
