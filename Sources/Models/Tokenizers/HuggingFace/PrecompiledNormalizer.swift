import StructuredJSON

/// SentencePiece's normalization map, applied as the `tokenizers` package applies it.
///
/// A grapheme cluster of fewer than 6 bytes becomes what the shortest entry says that it begins with; other
/// clusters are mapped scalar by scalar in the same way. SentencePiece itself takes the longest entry.
struct PrecompiledNormalizer: Sendable {
    private let map: CharacterMap?
    /// What ASCII characters become; `nil` for those that stay.
    private let ascii: [[UInt8]?]

    /// Reads the map, which is in base 64; an empty one maps nothing.
    init(_ field: ComponentField) throws(TokenizerError) {
        guard let text = try field.ifPresent?.string(), !text.isEmpty else {
            map = nil
            ascii = []
            return
        }
        guard let bytes = Base64.decoded(text) else { throw field.invalid("is not base 64") }
        let map: CharacterMap
        do throws(TokenizerError) {
            map = try CharacterMap(bytes)
        } catch {
            throw field.invalid(error.message)
        }
        self.map = map
        ascii = (UInt8(0)..<0x80).map { byte in
            let text: [UInt8] = [byte]
            return map.shortestMatch(text.span, from: 0, to: 1).map { Array(map.bytes($0)) }
        }
    }

    func normalize(_ text: inout [UInt8]) {
        guard let map else { return }
        let bytes = text
        let span = bytes.span
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var position = 0
        while position < span.count {
            // Between two ASCII characters there is a boundary, unless they are a line break.
            var end = position + 1
            while end < span.count {
                let isBoundary =
                    span[end - 1] < 0x80 && span[end] < 0x80
                    && !(span[end - 1] == 0x0D && span[end] == 0x0A)
                if isBoundary { break }
                end += 1
            }
            if end == position + 1 {
                append(span[position], to: &result)
            } else {
                appendClusters(of: bytes[position..<end], map, to: &result)
            }
            position = end
        }
        text = result
    }

    private func append(_ byte: UInt8, to result: inout [UInt8]) {
        if let replacement = ascii[Int(byte)] {
            result.append(contentsOf: replacement)
        } else {
            result.append(byte)
        }
    }

    private func appendClusters(
        of text: ArraySlice<UInt8>, _ map: CharacterMap, to result: inout [UInt8]
    ) {
        let span = text.span
        var start = 0
        for cluster in String(decoding: text, as: UTF8.self) {
            let end = start + cluster.utf8.count
            if end - start < 6, let found = map.shortestMatch(span, from: start, to: end) {
                result.append(contentsOf: map.bytes(found))
                start = end
                continue
            }
            while start < end {
                let length = UTF8Text.length(lead: span[start])
                if let found = map.shortestMatch(span, from: start, to: start + length) {
                    result.append(contentsOf: map.bytes(found))
                } else {
                    for index in start..<start + length { result.append(span[index]) }
                }
                start += length
            }
        }
    }
}
