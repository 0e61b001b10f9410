/// Byte-level byte-pair encoding.
///
/// Sennrich, Haddow and Birch 2016; over bytes, Radford et al. 2019.
struct BytePairEncoder: Sendable {
    typealias Merger = SymbolMerger<MergeTable>

    private let preTokenizer: PreTokenizer
    private let merges: MergeTable
    /// The symbol of each byte.
    private let byteSymbols: [UInt32]
    /// Symbols from here on are no tokens: texts that only merges name.
    private let tokenCount: UInt32
    /// The bytes that such a symbol stands for.
    private let otherSymbols: [[UInt8]]
    private let unknownToken: Int?

    /// Builds the merge table.
    ///
    /// - Parameters:
    ///   - definition: its merges and split rule.
    ///   - tokens: the token texts in order.
    /// - Throws: a merge that cannot be read, or a split rule that is not built.
    init(_ definition: TokenizerDefinition, tokens: ByteStringTable) throws(TokenizerError) {
        var symbols = tokens
        preTokenizer = try PreTokenizer(name: definition.preTokenizer)
        unknownToken = definition.unknownToken
        tokenCount = UInt32(symbols.count)
        byteSymbols = (UInt8.min...UInt8.max).map {
            UInt32(symbols.insert(ByteLevelAlphabet.encode($0)).index)
        }
        var merges = MergeTable(capacity: definition.merges.count)
        var text: [UInt8] = []
        for (rank, merge) in definition.merges.enumerated() {
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
            merges.insert(
                UInt32(left), UInt32(right), rank: UInt32(rank), result: UInt32(result))
        }
        self.merges = merges
        otherSymbols = (tokens.count..<symbols.count).map { symbol in
            var bytes: [UInt8] = []
            return ByteLevelAlphabet.decode(symbols[symbol], into: &bytes) ? bytes : []
        }
    }

    /// Appends the tokens of `text[range]`, well-formed UTF-8.
    func encode(
        _ text: borrowing Span<UInt8>, _ range: Range<Int>, with merger: inout Merger,
        into tokens: inout [Int]
    ) {
        preTokenizer.forEachPiece(of: text, range) { text, piece in
            merger.symbols.removeAll(keepingCapacity: true)
            for position in piece {
                merger.symbols.append(byteSymbols[Int(text[position])])
            }
            merger.merge(by: merges)
            for symbol in merger.symbols {
                append(symbol, to: &tokens)
            }
        }
    }

    @inline(__always)
    private func append(_ symbol: UInt32, to tokens: inout [Int]) {
        if symbol < tokenCount {
            tokens.append(Int(symbol))
        } else {
            appendBytes(of: symbol, to: &tokens)
        }
    }

    /// A symbol that is no token becomes the tokens of its bytes; a byte without one, the unknown token.
    private func appendBytes(of symbol: UInt32, to tokens: inout [Int]) {
        for byte in otherSymbols[Int(symbol - tokenCount)] {
            let byteSymbol = byteSymbols[Int(byte)]
            if byteSymbol < tokenCount {
                tokens.append(Int(byteSymbol))
            } else if let unknownToken {
                tokens.append(unknownToken)
            }
        }
    }
}
