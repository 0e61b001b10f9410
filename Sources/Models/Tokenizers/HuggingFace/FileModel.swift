import StructuredJSON

/// The model of a tokenizer.json: what makes tokens of pieces.
enum FileModel: Sendable {
    case bytePair(FileBytePairModel)
    case unigram(FileUnigramModel)
    case wordPiece(FileWordPieceModel)
    case wordLevel(ModelVocabulary, unknownToken: Int?)

    /// Reads the model.
    ///
    /// - Parameters:
    ///   - field: the component.
    ///   - isByteLevel: pieces come as bytes that stand for GPT-2's alphabet.
    /// - Returns: the model, its tokens, the unknown one, and whether unknown characters become byte tokens.
    /// - Throws: what is missing, wrong or not built.
    static func read(
        _ field: ComponentField, isByteLevel: Bool
    ) throws(TokenizerError) -> (FileModel, ModelVocabulary, unknownToken: Int?, fallsBack: Bool) {
        let fallsBack = try field["byte_fallback"].ifPresent?.bool() ?? false
        // Files of long ago name no type; what they hold shows it.
        let stated = try field["type"].ifPresent?.string()
        let type: String
        if let stated {
            type = stated
        } else if field["merges"].ifPresent != nil {
            type = "BPE"
        } else if field["max_input_chars_per_word"].ifPresent != nil {
            type = "WordPiece"
        } else {
            type = field["unk_id"].ifPresent != nil ? "Unigram" : "WordLevel"
        }
        if type == "Unigram" {
            var scores: [Double] = []
            let vocabulary = try ModelVocabulary(scored: field["vocab"], scores: &scores)
            let unknown = try field["unk_id"].ifPresent?.int()
            if let unknown, unknown >= vocabulary.count {
                throw field["unk_id"].invalid("is not one of the \(vocabulary.count) tokens")
            }
            let model = FileUnigramModel(vocabulary, scores, unknown, fallsBack: fallsBack)
            return (.unigram(model), vocabulary, unknown, fallsBack)
        }
        guard ["BPE", "WordPiece", "WordLevel"].contains(type) else {
            throw field["type"].unknown(type, known: ["BPE", "Unigram", "WordLevel", "WordPiece"])
        }
        let vocabulary = try ModelVocabulary(field["vocab"])
        let unknown = try field["unk_token"].ifPresent?.string().utf8
        let unknownToken = unknown.flatMap { vocabulary.texts.find(Array($0)) }
        switch type {
        case "BPE":
            let model = try FileBytePairModel(
                field, vocabulary: vocabulary, isByteLevel: isByteLevel)
            return (.bytePair(model), vocabulary, unknownToken, fallsBack)
        case "WordPiece":
            let model = try FileWordPieceModel(field, vocabulary, unknownToken)
            return (.wordPiece(model), vocabulary, unknownToken, false)
        default:
            return (
                .wordLevel(vocabulary, unknownToken: unknownToken), vocabulary, unknownToken, false
            )
        }
    }
}

/// SentencePiece's unigram model as the package runs it: runs of unknown characters are one, then bytes.
struct FileUnigramModel: Sendable {
    private let model: UnigramModel
    private let vocabulary: ModelVocabulary
    private let unknownToken: Int?
    private let byteTokens: [Int?]

    init(
        _ vocabulary: ModelVocabulary, _ scores: [Double], _ unknownToken: Int?, fallsBack: Bool
    ) {
        self.vocabulary = vocabulary
        self.unknownToken = unknownToken
        let pieces = (0..<vocabulary.texts.count).map { (text: vocabulary.texts[$0], value: $0) }
        model = UnigramModel(
            pieces: pieces, scores: scores, unknownToken: unknownToken ?? -1,
            unknownScore: (scores.min() ?? 0) - 10)
        byteTokens =
            fallsBack
            ? (UInt8.min...UInt8.max).map { vocabulary.texts.find(ByteToken.text(of: $0)) } : []
    }

    func encode(_ text: borrowing Span<UInt8>, _ piece: Range<Int>, into tokens: inout [Int]) {
        let span = text.extracting(piece)
        var unknown: Range<Int>?
        for cut in model.pieces(of: span) {
            if cut.token == unknownToken ?? -1 {
                unknown = (unknown?.lowerBound ?? cut.range.lowerBound)..<cut.range.upperBound
                continue
            }
            if let range = unknown {
                appendUnknown(span, range, &tokens)
                unknown = nil
            }
            tokens.append(cut.token)
        }
        if let unknown { appendUnknown(span, unknown, &tokens) }
    }

    private func appendUnknown(
        _ text: borrowing Span<UInt8>, _ range: Range<Int>, _ tokens: inout [Int]
    ) {
        if let token = vocabulary.texts.find(text, range) {
            tokens.append(token)
            return
        }
        if !byteTokens.isEmpty {
            let known = range.compactMap { byteTokens[Int(text[$0])] }
            if known.count == range.count {
                tokens.append(contentsOf: known)
                return
            }
        }
        if let unknownToken { tokens.append(unknownToken) }
    }
}

/// WordPiece: a piece is cut into the longest tokens from the left, or is the unknown token as a whole.
struct FileWordPieceModel: Sendable {
    private let trie: ByteTrie
    /// Where texts that continue a word begin in the trie.
    private let continuation: ByteTrie.Node
    private let unknownToken: Int?
    private let maximumLength: Int

    init(
        _ field: ComponentField, _ vocabulary: ModelVocabulary, _ unknownToken: Int?
    ) throws(TokenizerError) {
        self.unknownToken = unknownToken
        maximumLength = try field["max_input_chars_per_word"].ifPresent?.int() ?? 100
        trie = ByteTrie((0..<vocabulary.texts.count).map { (vocabulary.texts[$0], $0) })
        var node = ByteTrie.root
        let prefix = try field["continuing_subword_prefix"].ifPresent?.string() ?? "##"
        for byte in prefix.utf8 where node != ByteTrie.none {
            node = trie.child(of: node, byte)
        }
        continuation = node
    }

    func encode(_ text: borrowing Span<UInt8>, _ piece: Range<Int>, into tokens: inout [Int]) {
        let count = tokens.count
        var characters = 0
        if piece.count > maximumLength {
            for position in piece where text[position] & 0xC0 != 0x80 { characters += 1 }
        }
        var start = piece.lowerBound
        var root = ByteTrie.root
        while characters <= maximumLength, start < piece.upperBound {
            var node = root
            var position = start
            var match: (token: Int, end: Int)?
            while node != ByteTrie.none, position < piece.upperBound {
                node = trie.child(of: node, text[position])
                guard node != ByteTrie.none else { break }
                position += 1
                if let token = trie.value(at: node) { match = (token, position) }
            }
            guard let match else { break }
            tokens.append(match.token)
            start = match.end
            root = continuation
        }
        guard start < piece.upperBound else { return }
        tokens.removeLast(tokens.count - count)
        if let unknownToken { tokens.append(unknownToken) }
    }
}
