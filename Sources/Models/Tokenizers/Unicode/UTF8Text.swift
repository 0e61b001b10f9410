/// Reading of well-formed UTF-8; callers repair text before they come here.
enum UTF8Text {
    /// Bytes of the scalar that starts with `lead`.
    @inline(__always)
    static func length(lead: UInt8) -> Int {
        lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
    }

    /// The scalar that starts at `position` and its length.
    @inline(__always)
    static func scalar(in text: borrowing Span<UInt8>, at position: Int) -> (UInt32, length: Int) {
        let lead = text[position]
        if lead < 0x80 {
            return (UInt32(lead), 1)
        }
        func trailing(_ index: Int) -> UInt32 {
            UInt32(text[position + index] & 0x3F)
        }
        if lead < 0xE0 {
            return (UInt32(lead & 0x1F) << 6 | trailing(1), 2)
        }
        if lead < 0xF0 {
            return (UInt32(lead & 0x0F) << 12 | trailing(1) << 6 | trailing(2), 3)
        }
        let upper = UInt32(lead & 0x07) << 18 | trailing(1) << 12
        return (upper | trailing(2) << 6 | trailing(3), 4)
    }

    /// Appends the UTF-8 of `scalar`, which is no surrogate.
    @inline(__always)
    static func append(_ scalar: UInt32, to bytes: inout [UInt8]) {
        func continuation(_ shift: UInt32) -> UInt8 {
            0x80 | UInt8(truncatingIfNeeded: scalar >> shift & 0x3F)
        }
        switch scalar {
        case ..<0x80:
            bytes.append(UInt8(truncatingIfNeeded: scalar))
        case ..<0x800:
            bytes.append(0xC0 | UInt8(truncatingIfNeeded: scalar >> 6))
            bytes.append(continuation(0))
        case ..<0x10000:
            bytes.append(0xE0 | UInt8(truncatingIfNeeded: scalar >> 12))
            bytes.append(continuation(6))
            bytes.append(continuation(0))
        default:
            bytes.append(0xF0 | UInt8(truncatingIfNeeded: scalar >> 18))
            bytes.append(continuation(12))
            bytes.append(continuation(6))
            bytes.append(continuation(0))
        }
    }

    /// Well-formed UTF-8: each maximal ill-formed subpart becomes U+FFFD, as the Unicode standard recommends.
    static func repaired(_ bytes: [UInt8]) -> [UInt8] {
        Array(String(decoding: bytes, as: UTF8.self).utf8)
    }

    /// U+FFFD.
    static let replacement: [UInt8] = [0xEF, 0xBF, 0xBD]

    /// Length of the sequence at `position` if a lead and as many continuing bytes as it wants stand there,
    /// whatever scalar they write; else 0.
    static func structuralLength(
        _ text: borrowing Span<UInt8>, at position: Int, end: Int
    ) -> Int {
        let lead = text[position]
        guard lead & 0xC0 != 0x80, lead < 0xF8 else { return 0 }
        let length = length(lead: lead)
        guard position + length <= end else { return 0 }
        for index in 1..<length where text[position + index] & 0xC0 != 0x80 {
            return 0
        }
        return length
    }

    /// `text[range]` as llama.cpp reads it: U+FFFD for each byte that begins no sequence, the shortest form
    /// for scalars written longer, and surrogates as they are.
    static func repairedBytewise(_ text: borrowing Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
        var repaired: [UInt8] = []
        repaired.reserveCapacity(range.count)
        var position = range.lowerBound
        while position < range.upperBound {
            let length = structuralLength(text, at: position, end: range.upperBound)
            let scalar = length > 0 ? scalar(in: text, at: position).0 : .max
            if scalar < 0x110000 {
                append(scalar, to: &repaired)
                position += length
            } else {
                repaired.append(contentsOf: replacement)
                position += 1
            }
        }
        return repaired
    }

    /// Length of the longest suffix that more bytes can still complete to one scalar: 0 to 3.
    static func incompleteSuffixLength(_ bytes: [UInt8]) -> Int {
        for length in 1...3 where length <= bytes.count {
            let lead = bytes[bytes.count - length]
            if lead & 0xC0 == 0x80 { continue }
            return isIncomplete(bytes.suffix(length)) ? length : 0
        }
        return 0
    }

    /// Whether `bytes`, a byte that does not continue and then bytes that do, begin a longer scalar.
    private static func isIncomplete(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let lead = bytes.first, (0xC2...0xF4).contains(lead), bytes.count < length(lead: lead)
        else { return false }
        guard let second = bytes.dropFirst().first else { return true }
        switch lead {
        case 0xE0: return second >= 0xA0
        case 0xED: return second < 0xA0
        case 0xF0: return second >= 0x90
        case 0xF4: return second < 0x90
        default: return true
        }
    }
}
