/// Byte-level byte-pair encoding (Sennrich et al. 2016; over bytes, Radford et al. 2019).
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

    /// - Parameter symbols: the token texts in order; texts that only merges name are added.
    init(
        _ definition: TokenizerDefinition, symbols tokens: ByteStringTable
    ) throws(TokenizerError) {
        var symbols = tokens
        preTokenizer = try PreTokenizer(name: definition.preTokenizer)
        unknownToken = definition.unknownToken
        tokenCount = UInt32(symbols.count)
        byteSymbols = (UInt8.min...UInt8.max).map {
            UInt32(symbols.insert(ByteLevelAlphabet.encode($0)).index)
        }
        var merges = MergeTable(capacity: definition.merges.count)
        for (rank, merge) in definition.merges.enumerated() {
            let bytes = Array(merge.utf8)
            guard let space = bytes.dropFirst().firstIndex(of: UInt8(ascii: " ")),
                space + 1 < bytes.count
            else {
                throw TokenizerError(
                    .invalidValue, "tokenizer.ggml.merges", at: rank,
                    "\(merge.debugDescription) is not two texts with a space between; convert the model again"
                )
            }
            let left = Array(bytes[..<space])
            let right = Array(bytes[(space + 1)...])
            merges.insert(
                UInt32(symbols.insert(left).index), UInt32(symbols.insert(right).index),
                rank: UInt32(rank), result: UInt32(symbols.insert(left + right).index))
        }
        self.merges = merges
        otherSymbols = (tokens.count..<symbols.count).map {
            ByteLevelAlphabet.decode(symbols[$0]) ?? []
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
