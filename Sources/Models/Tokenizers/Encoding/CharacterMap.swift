/// SentencePiece's `precompiled_charsmap`: what sequences of bytes become before a text is tokenized.
///
/// The length of a trie in bytes, the trie, and replacements that each end with a zero. The trie is a
/// double array as Darts-clone packs it: 32-bit units, little-endian, with the label in bits 0 to 7, a mark
/// that a value follows in bit 8, and the offset of the children in bits 10 and on, times 256 where bit 9
/// is set. A unit with bit 31 set holds a value: where the replacement begins.
struct CharacterMap: Sendable {
    private let units: [UInt32]
    private let replacements: [UInt8]

    /// Reads and checks the map.
    ///
    /// - Throws: a length that does not fit, a trie that is cut, replacements without an end, or such as are no UTF-8.
    init(_ bytes: [UInt8]) throws(TokenizerError) {
        func invalid(_ message: String) -> TokenizerError {
            TokenizerError(
                code: .invalidValue, field: "tokenizer.ggml.precompiled_charsmap",
                message: "\(message); convert the model again")
        }
        func word(_ offset: Int) -> UInt32 {
            (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << UInt32(8 * $1) }
        }
        guard bytes.count > 4 else { throw invalid("is too short for its length") }
        let length = Int(word(0))
        guard length % 4 == 0, length > 0, length < bytes.count - 4 else {
            throw invalid("says that its trie has \(length) of \(bytes.count - 4) bytes")
        }
        guard bytes.last == 0 else { throw invalid("has a replacement without an end") }
        guard String(validating: bytes[(4 + length)...], as: UTF8.self) != nil else {
            throw invalid("has a replacement that is no UTF-8")
        }
        units = (0..<length / 4).map { word(4 + 4 * $0) }
        replacements = Array(bytes[(4 + length)...])
    }

    /// The longest sequence at `start` that has a replacement, and where the replacement lies.
    func match(
        _ text: borrowing Span<UInt8>, from start: Int, to end: Int
    ) -> (end: Int, replacement: Range<Int>)? {
        var node = Self.offset(units[0])
        var position = start
        var match: (end: Int, value: Int)?
        while position < end, text[position] != 0 {
            let byte = UInt32(text[position])
            node ^= byte
            guard node < units.count else { break }
            let unit = units[Int(node)]
            guard unit & 0x8000_00FF == byte else { break }
            position += 1
            node ^= Self.offset(unit)
            if unit >> 8 & 1 == 1, node < units.count {
                match = (position, Int(units[Int(node)] & 0x7FFF_FFFF))
            }
        }
        guard let match, let replacement = replacement(at: match.value) else { return nil }
        return (match.end, replacement)
    }

    /// Where the replacement of the shortest sequence at `start` lies.
    func shortestMatch(
        _ text: borrowing Span<UInt8>, from start: Int, to end: Int
    ) -> Range<Int>? {
        var node = Self.offset(units[0])
        var position = start
        while position < end, text[position] != 0 {
            let byte = UInt32(text[position])
            node ^= byte
            guard node < units.count else { return nil }
            let unit = units[Int(node)]
            guard unit & 0x8000_00FF == byte else { return nil }
            position += 1
            node ^= Self.offset(unit)
            guard unit >> 8 & 1 == 1, node < units.count else { continue }
            return replacement(at: Int(units[Int(node)] & 0x7FFF_FFFF))
        }
        return nil
    }

    /// The replacement that begins there; `nil` where a damaged trie points outside, or into a character.
    private func replacement(at start: Int) -> Range<Int>? {
        guard start < replacements.count, replacements[start] & 0xC0 != 0x80 else { return nil }
        var stop = start
        while replacements[stop] != 0 { stop += 1 }
        return start..<stop
    }

    /// Bytes of a replacement.
    func bytes(_ replacement: Range<Int>) -> ArraySlice<UInt8> {
        replacements[replacement]
    }

    private static func offset(_ unit: UInt32) -> UInt32 {
        (unit >> 10) << ((unit & 1 << 9) >> 6)
    }
}
