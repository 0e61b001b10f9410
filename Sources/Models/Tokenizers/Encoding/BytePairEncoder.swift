/// Byte-pair encoding: of bytes, or of characters with byte tokens for those that are unknown.
///
/// Sennrich, Haddow and Birch 2016; over bytes, Radford et al. 2019.
struct BytePairEncoder: Sendable {
    typealias Merger = SymbolMerger<MergeTable>

    private let preTokenizer: PreTokenizer
    private let merges: MergeTable
    private let isByteLevel: Bool
    /// The texts of symbols: tokens first, then what only merges name.
    private let symbols: ByteStringTable
    /// The symbol of each byte.
    private let byteSymbols: [UInt32]
    /// Symbols from here on are no tokens.
    private let tokenCount: UInt32
    /// The bytes that such a symbol stands for.
    private let otherSymbols: [[UInt8]]
    private let unknownToken: Int?
    private let wholePieces: WholePieces?
    private let keepsLineBreaks: Bool

    /// Symbols from here on are a character, its scalar added, that no symbol is.
    private static let firstCharacter: UInt32 = 0x8000_0000

    /// Builds the merge table.
    ///
    /// - Parameters:
    ///   - definition: its merges.
    ///   - rule: its split rule.
    ///   - tokens: the token texts in order.
    /// - Throws: a merge that cannot be read.
    init(
        _ definition: TokenizerDefinition, rule: SplitRule, tokens: ByteStringTable
    ) throws(TokenizerError) {
        var symbols = tokens
        preTokenizer = PreTokenizer(rule.steps, kinds: .unicode15)
        isByteLevel = rule.isByteLevel
        keepsLineBreaks = rule.keepsLineBreaks
        unknownToken = definition.unknownToken
        let tokenCount = UInt32(symbols.count)
        self.tokenCount = tokenCount
        byteSymbols = (UInt8.min...UInt8.max).map { byte in
            let text = rule.isByteLevel ? ByteLevelAlphabet.encode(byte) : ByteToken.text(of: byte)
            return UInt32(symbols.insert(text).index)
        }
        merges = try Self.mergeTable(definition.merges, symbols: &symbols)
        otherSymbols = (tokens.count..<symbols.count).map { symbol in
            guard rule.isByteLevel else { return Array(symbols[symbol]) }
            var bytes: [UInt8] = []
            return ByteLevelAlphabet.decode(symbols[symbol], into: &bytes) ? bytes : []
        }
        wholePieces = rule.ignoresMerges ? WholePieces(tokens) : nil
        self.symbols = symbols
    }

    private static func mergeTable(
        _ merges: [String], symbols: inout ByteStringTable
    ) throws(TokenizerError) -> MergeTable {
        var table = MergeTable(capacity: merges.count)
        var text: [UInt8] = []
        for (rank, merge) in merges.enumerated() {
            text.removeAll(keepingCapacity: true)
            text.append(contentsOf: merge.utf8)
            guard let space = text.dropFirst().firstIndex(of: UInt8(ascii: " ")),
                space + 1 < text.count
            else {
                throw TokenizerError(
                    code: .invalidValue, field: "tokenizer.ggml.merges", index: rank,
                    message: """
                        \(String(merge.prefix(40)).debugDescription) is not two texts with a space between; \
                        convert the model again
                        """)
            }
            text.remove(at: space)
            let left = symbols.insert(text.span, 0..<space).index
            let right = symbols.insert(text.span, space..<text.count).index
            let result = symbols.insert(text.span, 0..<text.count).index
            table.insert(
                UInt32(left), UInt32(right), rank: UInt32(rank), result: UInt32(result))
        }
        return table
    }

    /// Appends the tokens of `text[range]`, UTF-8.
    func encode(
        _ text: borrowing Span<UInt8>, _ range: Range<Int>, with merger: inout Merger,
        into tokens: inout [Int]
    ) {
        guard isByteLevel else {
            encodeCharacters(of: text, range, with: &merger, into: &tokens)
            return
        }
        preTokenizer.forEachPiece(of: text, range) { text, piece in
            if let token = wholePieces?.token(text, piece) {
                tokens.append(token)
                return
            }
            merger.symbols.removeAll(keepingCapacity: true)
            for position in piece {
                merger.symbols.append(byteSymbols[Int(text[position])])
            }
            mergeSymbols(with: &merger, into: &tokens)
        }
    }

    private func encodeCharacters(
        of text: borrowing Span<UInt8>, _ range: Range<Int>, with merger: inout Merger,
        into tokens: inout [Int]
    ) {
        let escaped = SpaceEscaping.escaped(text, range)
        preTokenizer.forEachPiece(of: escaped.span, 0..<escaped.count) { text, piece in
            if keepsLineBreaks, text[piece.lowerBound] == UInt8(ascii: "\n"),
                let symbol = symbols.find(text, piece), symbol < tokenCount
            {
                tokens.append(symbol)
                return
            }
            merger.symbols.removeAll(keepingCapacity: true)
            var position = piece.lowerBound
            while position < piece.upperBound {
                let (scalar, length) = UTF8Text.scalar(in: text, at: position)
                let symbol = symbols.find(text, position..<position + length)
                merger.symbols.append(symbol.map(UInt32.init) ?? Self.firstCharacter + scalar)
                position += length
            }
            mergeSymbols(with: &merger, into: &tokens)
        }
    }

    @inline(__always)
    private func mergeSymbols(with merger: inout Merger, into tokens: inout [Int]) {
        merger.merge(by: merges)
        for symbol in merger.symbols {
            if symbol < tokenCount {
                tokens.append(Int(symbol))
            } else {
                appendBytes(of: symbol, to: &tokens)
            }
        }
    }

    /// A symbol that is no token becomes the tokens of its bytes; a byte without one, the unknown token.
    private func appendBytes(of symbol: UInt32, to tokens: inout [Int]) {
        var bytes: [UInt8] = []
        if symbol < Self.firstCharacter {
            bytes = otherSymbols[Int(symbol - tokenCount)]
        } else {
            UTF8Text.append(symbol - Self.firstCharacter, to: &bytes)
        }
        for byte in bytes {
            let byteSymbol = byteSymbols[Int(byte)]
            if byteSymbol < tokenCount {
                tokens.append(Int(byteSymbol))
            } else if let unknownToken, isByteLevel {
                tokens.append(unknownToken)
            }
        }
    }
}

/// Tokens found by the bytes they stand for.
private struct WholePieces {
    private var pieces: ByteStringTable
    private var tokens: [Int] = []

    /// Those of `texts` that are written in GPT-2's alphabet.
    init(_ texts: ByteStringTable) {
        pieces = ByteStringTable(minimumCapacity: texts.count)
        var bytes: [UInt8] = []
        for token in 0..<texts.count where !texts[token].isEmpty {
            bytes.removeAll(keepingCapacity: true)
            guard ByteLevelAlphabet.decode(texts[token], into: &bytes) else { continue }
            if pieces.insert(bytes).isNew {
                tokens.append(token)
            }
        }
    }

    func token(_ text: borrowing Span<UInt8>, _ range: Range<Int>) -> Int? {
        pieces.find(text, range).map { tokens[$0] }
    }
}
