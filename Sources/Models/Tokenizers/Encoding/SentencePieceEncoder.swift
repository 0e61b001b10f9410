/// SentencePiece's byte-pair encoding (Kudo and Richardson 2018): the pair whose text has the
/// highest score merges first; characters that stay unknown become byte tokens.
struct SentencePieceEncoder: Sendable {
    typealias Merger = SymbolMerger<Rule>

    /// A stretch of the escaped text.
    struct Symbol {
        var start: UInt32
        var end: UInt32
    }

    struct Rule: MergeRule {
        let text: [UInt8]
        let vocabulary: ByteStringTable
        /// By token: the higher its score, the lower.
        let ranks: [UInt32]

        func merge(_ left: Symbol, _ right: Symbol) -> (rank: UInt32, symbol: Symbol)? {
            let range = Int(left.start)..<Int(right.end)
            guard let token = vocabulary.find(text.span, range) else { return nil }
            return (ranks[token], Symbol(start: left.start, end: right.end))
        }
    }

    private let vocabulary: ByteStringTable
    private let ranks: [UInt32]
    /// The token of each byte.
    private let byteTokens: [Int?]
    private let unknownToken: Int?
    private let addSpacePrefix: Bool
    /// Whether no token has a space after something else, so that words are merged apart.
    private let splitsAtSpaces: Bool

    init(_ definition: TokenizerDefinition, vocabulary: ByteStringTable) {
        self.vocabulary = vocabulary
        ranks = definition.scores.map(Self.rank)
        unknownToken = definition.unknownToken
        addSpacePrefix = definition.addSpacePrefix
        byteTokens = (UInt8.min...UInt8.max).map { byte in
            vocabulary.find(ByteToken.text(of: byte)) ?? vocabulary.find([byte])
        }
        splitsAtSpaces = !(0..<vocabulary.count).contains { index in
            Self.hasInnerSpace(vocabulary[index])
        }
    }

    /// Appends the tokens of `text[range]`; bytes that are no UTF-8 become their byte tokens.
    ///
    /// `followsSpecial` says whether the text is the first, or a special token stands before it.
    func encode(
        _ text: borrowing Span<UInt8>, _ range: Range<Int>, followsSpecial: Bool,
        with merger: inout Merger, into tokens: inout [Int]
    ) {
        guard !range.isEmpty else { return }
        let escaped = SpaceEscaping.escaped(
            text, range, withPrefix: addSpacePrefix && followsSpecial)
        let rule = Rule(text: escaped, vocabulary: vocabulary, ranks: ranks)
        var start = 0
        while start < escaped.count {
            let end = splitsAtSpaces ? Self.endOfWord(escaped, from: start) : escaped.count
            encodeWord(start..<end, rule, with: &merger, into: &tokens)
            start = end
        }
    }

    private func encodeWord(
        _ word: Range<Int>, _ rule: Rule, with merger: inout Merger, into tokens: inout [Int]
    ) {
        merger.symbols.removeAll(keepingCapacity: true)
        var position = word.lowerBound
        while position < word.upperBound {
            let end = min(
                position + UTF8Text.length(lead: rule.text[position]), word.upperBound)
            merger.symbols.append(Symbol(start: UInt32(position), end: UInt32(end)))
            position = end
        }
        merger.merge(by: rule)
        for symbol in merger.symbols {
            let range = Int(symbol.start)..<Int(symbol.end)
            if let token = vocabulary.find(rule.text.span, range) {
                tokens.append(token)
            } else {
                appendBytes(rule.text[range], to: &tokens)
            }
        }
    }

    /// A character that is no token: its bytes, or once the unknown token where a byte has none.
    private func appendBytes(_ bytes: ArraySlice<UInt8>, to tokens: inout [Int]) {
        let known = bytes.compactMap { byteTokens[Int($0)] }
        if known.count == bytes.count {
            tokens.append(contentsOf: known)
        } else if let unknownToken {
            tokens.append(unknownToken)
        }
    }

    /// Where the next U+2581 begins that has something else before it.
    private static func endOfWord(_ text: [UInt8], from start: Int) -> Int {
        var position = start
        while position < text.count, SpaceEscaping.isSpace(text, position) {
            position += 3
        }
        while position < text.count, !SpaceEscaping.isSpace(text, position) {
            position += 1
        }
        return position
    }

    private static func hasInnerSpace(_ token: ArraySlice<UInt8>) -> Bool {
        let text = Array(token)
        return endOfWord(text, from: 0) < text.count
    }

    /// Orders scores from high to low as numbers from low to high.
    private static func rank(_ score: Float) -> UInt32 {
        // Adding zero makes one of the two zeros. The sign bit turned, or all bits of a negative
        // number, orders the patterns as the numbers are ordered.
        let bits = (score + 0).bitPattern
        let ascending = bits >> 31 == 0 ? bits | 0x8000_0000 : ~bits
        return ~ascending
    }
}

/// Spaces written as U+2581, as SentencePiece does.
enum SpaceEscaping {
    static let space: [UInt8] = [0xE2, 0x96, 0x81]

    /// `text[range]` with every space escaped, and one more before it if asked for.
    static func escaped(
        _ text: borrowing Span<UInt8>, _ range: Range<Int>, withPrefix: Bool = false
    ) -> [UInt8] {
        var escaped: [UInt8] = []
        escaped.reserveCapacity(range.count + range.count / 2 + 3)
        if withPrefix {
            escaped.append(contentsOf: space)
        }
        for position in range {
            let byte = text[position]
            if byte == UInt8(ascii: " ") {
                escaped.append(contentsOf: space)
            } else {
                escaped.append(byte)
            }
        }
        return escaped
    }

    static func isSpace(_ text: [UInt8], _ position: Int) -> Bool {
        text[position] == space[0] && position + 2 < text.count && text[position + 1] == space[1]
            && text[position + 2] == space[2]
    }
}

/// Byte tokens as SentencePiece writes them: `<0x0A>`.
enum ByteToken {
    private static let digits = Array("0123456789ABCDEF".utf8)

    static func text(of byte: UInt8) -> [UInt8] {
        Array("<0x".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)], UInt8(ascii: ">")]
    }

    /// The byte that `text` writes.
    static func byte(of text: ArraySlice<UInt8>) -> UInt8? {
        let text = String(decoding: text, as: UTF8.self)
        guard text.count == 6, text.hasPrefix("<0x"), text.hasSuffix(">") else { return nil }
        return UInt8(text.dropFirst(3).dropLast(), radix: 16)
    }
}
