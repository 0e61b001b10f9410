import StructuredJSON

/// Byte-pair encoding as a tokenizer.json describes it: over characters, or over bytes that are written as
/// characters of GPT-2's alphabet.
struct FileBytePairModel: Sendable {
    typealias Merger = SymbolMerger<MergeTable>

    private let vocabulary: ModelVocabulary
    private let merges: MergeTable
    private let unknownToken: Int?
    private let fusesUnknown: Bool
    private let ignoresMerges: Bool
    /// Goes before characters that do not begin a piece, and after the one that ends it.
    private let prefix: [UInt8]
    private let suffix: [UInt8]
    /// The token of each byte, written `<0x0A>`; empty without byte fallback.
    private let byteTokens: [Int?]
    /// The token of each byte in GPT-2's alphabet.
    private let alphabetTokens: [UInt32]
    /// Tokens of one character, by scalar.
    private let characters: ScalarMap
    /// Token texts as the bytes that they are written for; only where pieces may be tokens at once.
    private let wholePieces: WholePieces?
    /// Where no token has a U+2581 after something else: pieces fall apart before each.
    let splitsAtSpaces: Bool

    private static let none = UInt32.max
    private static let space: [UInt8] = [0xE2, 0x96, 0x81]

    /// A vocabulary by the bytes that its tokens write in GPT-2's alphabet.
    private struct WholePieces: Sendable {
        var texts = ByteStringTable()
        var tokens: [UInt32] = []
    }

    init(
        _ field: ComponentField, vocabulary: ModelVocabulary, isByteLevel: Bool
    ) throws(TokenizerError) {
        self.vocabulary = vocabulary
        if let dropout = field["dropout"].ifPresent, try dropout.number() != 0 {
            throw dropout.invalid("is not built: encoding would be random; set it to null")
        }
        fusesUnknown = try field["fuse_unk"].ifPresent?.bool() ?? false
        ignoresMerges = try field["ignore_merges"].ifPresent?.bool() ?? false
        prefix = Array(try field["continuing_subword_prefix"].ifPresent?.string().utf8 ?? "".utf8)
        suffix = Array(try field["end_of_word_suffix"].ifPresent?.string().utf8 ?? "".utf8)
        if let name = try field["unk_token"].ifPresent?.string() {
            unknownToken = vocabulary.find(name)
        } else {
            unknownToken = nil
        }
        let fallsBack = try field["byte_fallback"].ifPresent?.bool() ?? false
        byteTokens =
            fallsBack
            ? (UInt8.min...UInt8.max).map { vocabulary.texts.find(ByteToken.text(of: $0)) } : []
        alphabetTokens = (UInt8.min...UInt8.max).map { byte in
            vocabulary.texts.find(ByteLevelAlphabet.encode(byte)).map(UInt32.init) ?? Self.none
        }
        characters = ScalarMap(vocabulary.texts)
        var spansSpaces = false
        merges = try Self.readMerges(
            field["merges"], vocabulary, prefixLength: prefix.count, &spansSpaces)
        splitsAtSpaces =
            !isByteLevel && !spansSpaces && !ignoresMerges && prefix.isEmpty && suffix.isEmpty
            && vocabulary.texts.find(Self.space) != nil
        var whole: WholePieces?
        if isByteLevel, ignoresMerges {
            var pieces = WholePieces()
            var bytes: [UInt8] = []
            for id in 0..<vocabulary.texts.count where vocabulary.contains(id) {
                bytes.removeAll(keepingCapacity: true)
                guard ByteLevelAlphabet.decode(vocabulary.texts[id], into: &bytes),
                    pieces.texts.insert(bytes).isNew
                else { continue }
                pieces.tokens.append(UInt32(id))
            }
            whole = pieces
        }
        wholePieces = whole
    }

    private static func readMerges(
        _ field: ComponentField, _ vocabulary: ModelVocabulary, prefixLength: Int,
        _ spansSpaces: inout Bool
    ) throws(TokenizerError) -> MergeTable {
        let entries = try field.values()
        var merges = MergeTable(capacity: entries.count)
        var text: [UInt8] = []
        var rank: UInt32 = 0
        for (index, entry) in entries.enumerated() {
            text.removeAll(keepingCapacity: true)
            let middle: Int
            switch entry {
            case .string(let line):
                if line.hasPrefix("#version") { continue }
                text.append(contentsOf: line.utf8)
                guard let space = text.firstIndex(of: 0x20), !text[(space + 1)...].contains(0x20)
                else {
                    throw field.invalid("is not two texts with one space between", index: index)
                }
                text.remove(at: space)
                middle = space
            case .array(let pair):
                guard pair.count == 2, let left = pair[0].string, let right = pair[1].string else {
                    throw field.invalid("is not two texts", index: index)
                }
                text.append(contentsOf: left.utf8)
                middle = text.count
                text.append(contentsOf: right.utf8)
            default:
                throw field.invalid("is not two texts", index: index)
            }
            guard let left = vocabulary.texts.find(text.span, 0..<middle),
                let right = vocabulary.texts.find(text.span, middle..<text.count),
                text.count >= middle + prefixLength
            else { throw field.invalid("names a text that is not in the vocabulary", index: index) }
            text.removeSubrange(middle..<middle + prefixLength)
            guard let result = vocabulary.texts.find(text.span, 0..<text.count) else {
                throw field.invalid("makes a text that is not in the vocabulary", index: index)
            }
            spansSpaces = spansSpaces || hasInnerSpace(text)
            merges.replace(UInt32(left), UInt32(right), rank: rank, result: UInt32(result))
            rank += 1
        }
        return merges
    }

    /// Whether U+2581 stands after something else.
    private static func hasInnerSpace(_ text: [UInt8]) -> Bool {
        var position = 0
        while text[position...].starts(with: space) { position += 3 }
        while position < text.count {
            if text[position...].starts(with: space) { return true }
            position += 1
        }
        return false
    }

    // MARK: Encoding

    /// Appends the tokens of a piece that consists of characters.
    func encode(
        _ text: borrowing Span<UInt8>, _ piece: Range<Int>, with merger: inout Merger,
        into tokens: inout [Int]
    ) {
        if ignoresMerges, let token = vocabulary.texts.find(text, piece) {
            tokens.append(token)
            return
        }
        merger.symbols.removeAll(keepingCapacity: true)
        var unknown = false
        var position = piece.lowerBound
        while position < piece.upperBound {
            let (scalar, length) = UTF8Text.scalar(in: text, at: position)
            let end = position + length
            let isFirst = position == piece.lowerBound
            let isLast = end == piece.upperBound
            if (isFirst || prefix.isEmpty) && (!isLast || suffix.isEmpty) {
                if let token = characters[scalar] {
                    flush(&unknown, &merger.symbols)
                    merger.symbols.append(token)
                } else {
                    var bytes: [UInt8] = []
                    UTF8Text.append(scalar, to: &bytes)
                    appendUnknown(bytes, &unknown, &merger.symbols)
                }
            } else {
                var bytes = isFirst ? [] : prefix
                UTF8Text.append(scalar, to: &bytes)
                if isLast { bytes.append(contentsOf: suffix) }
                if let token = vocabulary.texts.find(bytes) {
                    flush(&unknown, &merger.symbols)
                    merger.symbols.append(UInt32(token))
                } else {
                    appendUnknown(bytes, &unknown, &merger.symbols)
                }
            }
            position = end
        }
        flush(&unknown, &merger.symbols)
        appendMerged(&merger, to: &tokens)
    }

    /// Appends the tokens of a piece whose bytes stand for characters of GPT-2's alphabet.
    func encodeBytes(
        _ text: borrowing Span<UInt8>, _ piece: Range<Int>, with merger: inout Merger,
        into tokens: inout [Int]
    ) {
        if let wholePieces, let index = wholePieces.texts.find(text, piece) {
            tokens.append(Int(wholePieces.tokens[index]))
            return
        }
        guard prefix.isEmpty, suffix.isEmpty else {
            var written: [UInt8] = []
            for index in piece {
                UTF8Text.append(ByteLevelAlphabet.scalars[Int(text[index])], to: &written)
            }
            encode(written.span, 0..<written.count, with: &merger, into: &tokens)
            return
        }
        merger.symbols.removeAll(keepingCapacity: true)
        var unknown = false
        for position in piece {
            let token = alphabetTokens[Int(text[position])]
            if token != Self.none {
                flush(&unknown, &merger.symbols)
                merger.symbols.append(token)
            } else {
                appendUnknown(
                    ByteLevelAlphabet.encode(text[position]), &unknown, &merger.symbols)
            }
        }
        flush(&unknown, &merger.symbols)
        appendMerged(&merger, to: &tokens)
    }

    private func appendMerged(_ merger: inout Merger, to tokens: inout [Int]) {
        merger.merge(by: merges)
        for symbol in merger.symbols {
            tokens.append(Int(symbol))
        }
    }

    /// A character without a token: its byte tokens, the unknown token, or nothing.
    ///
    /// The unknown token waits for the next known character, and byte tokens overtake it, as in the package.
    private func appendUnknown(
        _ bytes: [UInt8], _ isPending: inout Bool, _ symbols: inout [UInt32]
    ) {
        if !byteTokens.isEmpty {
            let known = bytes.compactMap { byteTokens[Int($0)] }
            if known.count == bytes.count {
                symbols.append(contentsOf: known.map(UInt32.init))
                return
            }
        }
        guard unknownToken != nil else { return }
        if !fusesUnknown { flush(&isPending, &symbols) }
        isPending = true
    }

    @inline(__always)
    private func flush(_ isPending: inout Bool, _ symbols: inout [UInt32]) {
        guard isPending, let unknownToken else { return }
        symbols.append(UInt32(unknownToken))
        isPending = false
    }
}

/// A number for each of some scalars, in two stages.
struct ScalarMap: Sendable {
    private var blocks = [UInt16](repeating: 0, count: 0x110000 >> 7)
    /// 128 to a block; block 0 holds nothing.
    private var values = [UInt32](repeating: .max, count: 128)

    /// The strings that are one scalar.
    init(_ texts: ByteStringTable) {
        for index in 0..<texts.count {
            let text = texts[index]
            guard let lead = text.first, text.count == UTF8Text.length(lead: lead) else { continue }
            let scalar = UTF8Text.scalar(in: text.span, at: 0).0
            let block = Int(scalar >> 7)
            if blocks[block] == 0 {
                blocks[block] = UInt16(values.count >> 7)
                values.append(contentsOf: repeatElement(.max, count: 128))
            }
            values[Int(blocks[block]) << 7 | Int(scalar & 0x7F)] = UInt32(index)
        }
    }

    @inline(__always)
    subscript(scalar: UInt32) -> UInt32? {
        let value = values[Int(blocks[Int(scalar >> 7)]) << 7 | Int(scalar & 0x7F)]
        return value == .max ? nil : value
    }
}
