import StructuredJSON

/// A tokenizer.json made ready: normalizer, added tokens, splits, model, what goes around, and back.
struct HuggingFaceTokenizer: Sendable {
    private let normalizer: TextNormalizer?
    let added: AddedTokens
    private let steps: [PieceStep]
    /// Whether pieces stay bytes that stand for characters of GPT-2's alphabet.
    private let keepsBytes: Bool
    private let model: FileModel
    private let vocabulary: ModelVocabulary
    let postProcessor: PostProcessor
    let decoder: FileDecoder
    let unknownToken: Int?
    /// Whether byte tokens are written `<0x0A>`.
    let fallsBack: Bool
    /// Tokens that go around where the configuration asks for them and the post-processor does not.
    var prefix: Int?
    var suffix: Int?
    let truncation: TruncationSettings?

    init(_ file: ComponentField) throws(TokenizerError) {
        if let version = try file["version"].ifPresent?.string(), version != "1.0" {
            throw file["version"].invalid("must be \"1.0\"")
        }
        if let field = file["normalizer"].ifPresent {
            normalizer = try TextNormalizer(field)
        } else {
            normalizer = nil
        }
        steps =
            try file["pre_tokenizer"].ifPresent.map { field throws(TokenizerError) in
                try PieceStep.steps(field)
            } ?? []
        var isByteLevel = false
        if case .byteLevel = steps.last { isByteLevel = true }
        let (model, vocabulary, unknownToken, fallsBack) = try FileModel.read(
            file["model"], isByteLevel: isByteLevel)
        (self.model, self.vocabulary) = (model, vocabulary)
        (self.unknownToken, self.fallsBack) = (unknownToken, fallsBack)
        if case .bytePair = model { keepsBytes = isByteLevel } else { keepsBytes = false }
        added = try AddedTokens(
            file["added_tokens"], vocabulary: vocabulary, normalizer: normalizer)
        if let field = file["post_processor"].ifPresent {
            postProcessor = try PostProcessor(field)
        } else {
            postProcessor = .none
        }
        decoder = try FileDecoder(file["decoder"].ifPresent)
        truncation = try TruncationSettings(file["truncation"])
    }

    /// Ids are below it.
    var count: Int {
        max(vocabulary.texts.count, (added.byID.keys.max() ?? -1) + 1)
    }

    func text(of id: Int) -> ArraySlice<UInt8>? {
        if let token = added.byID[id] { return Array(token.content.utf8)[...] }
        return vocabulary.contains(id) ? vocabulary.texts[id] : nil
    }

    func id(of text: String) -> Int? {
        added.id(of: text) ?? vocabulary.find(text)
    }

    /// Whether decoding without special tokens leaves the token out.
    func isSpecial(_ id: Int) -> Bool {
        guard !added.specialTexts.isEmpty, let text = text(of: id) else { return false }
        if let token = added.byID[id], token.isSpecial { return true }
        return added.byID[id] != nil
            && added.specialTexts.contains(ExactString(String(decoding: text, as: UTF8.self)))
    }

    /// Token that stands before a text when special tokens are added, and after it.
    var firstToken: Int? { prefix ?? postProcessor.firstToken }
    var lastToken: Int? { suffix ?? postProcessor.lastToken }

    /// All tokens by id: text, type, and what each stands for on its own.
    func vocabularyEntries() -> [(text: ArraySlice<UInt8>, type: TokenType, bytes: [UInt8])] {
        (0..<count).map { id in
            guard let text = text(of: id) else { return ([], .unused, []) }
            if let token = added.byID[id] {
                return (text, token.isSpecial ? .control : .userDefined, Array(text))
            }
            if id == unknownToken { return (text, .unknown, Array(text)) }
            if fallsBack, let byte = ByteToken.byte(of: text) { return (text, .byte, [byte]) }
            // As a token in the middle of a text.
            var stream = FileDecoderStream(decoder, continuesText: true)
            if case .byteLevel = decoder.steps.last {
                var bytes: [UInt8] = []
                _ = ByteLevelAlphabet.decode(text, into: &bytes)
                return (text, .normal, bytes.isEmpty ? Array(text) : bytes)
            }
            return (text, .normal, stream.append(Array(text)) + stream.finish())
        }
    }

    // MARK: Encoding

    /// What is kept while one text is encoded.
    private struct Work {
        var merger = FileBytePairModel.Merger()
        var cache: PieceCache
        var tokens: [Int] = []
    }

    /// The tokens of `text`, well-formed UTF-8, with nothing around.
    func encode(_ text: [UInt8], parseSpecial: Bool) -> [Int] {
        var work = Work(cache: PieceCache(textLength: text.count))
        let span = text.span
        for fragment in added.fragments(
            of: span, isNormalized: false, takesSpecial: parseSpecial)
        {
            switch fragment {
            case .token(let id):
                work.tokens.append(id)
            case .text(let range):
                let part = range.count == text.count ? text : Array(text[range])
                encodePart(
                    part, isFirst: range.lowerBound == 0, parseSpecial: parseSpecial, &work)
            }
        }
        return work.tokens
    }

    private func encodePart(
        _ part: [UInt8], isFirst: Bool, parseSpecial: Bool, _ work: inout Work
    ) {
        var text = part
        var keepsStart = isFirst
        normalizer?.normalize(&text, keepsStart: &keepsStart)
        for fragment in added.fragments(
            of: text.span, isNormalized: true, takesSpecial: parseSpecial)
        {
            switch fragment {
            case .token(let id):
                work.tokens.append(id)
            case .text(let range):
                let isWhole = range.count == text.count
                var pieces = PieceSequence(
                    isWhole ? text : Array(text[range]),
                    startsAtOrigin: keepsStart && range.lowerBound == 0)
                for (index, step) in steps.enumerated() {
                    step.apply(to: &pieces, keepsBytes: keepsBytes && index + 1 == steps.count)
                }
                tokenize(pieces, &work)
            }
        }
    }

    private func tokenize(_ pieces: PieceSequence, _ work: inout Work) {
        let span = pieces.text.span
        work.cache.clear()
        for piece in pieces.pieces {
            if case .bytePair(let model) = model, model.splitsAtSpaces {
                var start = piece.lowerBound
                while start < piece.upperBound {
                    let end = Self.endOfWord(span, start, piece.upperBound)
                    tokenize(span, start..<end, &work)
                    start = end
                }
            } else {
                tokenize(span, piece, &work)
            }
        }
    }

    @inline(__always)
    private func tokenize(
        _ text: borrowing Span<UInt8>, _ piece: Range<Int>, _ work: inout Work
    ) {
        if work.cache.appendKnown(text, piece, &work.tokens) { return }
        let start = work.tokens.count
        switch model {
        case .bytePair(let model):
            if keepsBytes {
                model.encodeBytes(text, piece, with: &work.merger, into: &work.tokens)
            } else {
                model.encode(text, piece, with: &work.merger, into: &work.tokens)
            }
        case .unigram(let model): model.encode(text, piece, into: &work.tokens)
        case .wordPiece(let model): model.encode(text, piece, into: &work.tokens)
        case .wordLevel(let vocabulary, let unknownToken):
            if let token = vocabulary.texts.find(text, piece) ?? unknownToken {
                work.tokens.append(token)
            }
        }
        work.cache.remember(piece, start..<work.tokens.count)
    }

    /// Where the next U+2581 begins that has something else before it.
    private static func endOfWord(
        _ text: borrowing Span<UInt8>, _ start: Int, _ end: Int
    ) -> Int {
        func isSpace(_ position: Int) -> Bool {
            text[position] == 0xE2 && position + 2 < end && text[position + 1] == 0x96
                && text[position + 2] == 0x81
        }
        var position = start
        while position < end, isSpace(position) { position += 3 }
        while position < end, !isSpace(position) { position += 1 }
        return position
    }

    /// The encoding of one text, or of two that belong together.
    func process(_ texts: [[Int]], addSpecial: Bool) -> Encoding {
        var encoding = postProcessor.process(texts, addSpecial: addSpecial)
        guard addSpecial else { return encoding }
        if let prefix {
            encoding.ids.insert(prefix, at: 0)
            encoding.typeIDs.insert(0, at: 0)
        }
        if let suffix {
            encoding.ids.append(suffix)
            encoding.typeIDs.append(encoding.typeIDs.last ?? 0)
        }
        return encoding
    }
}

/// Pieces of a text that came before and their tokens: most words of a text are in it more than once.
struct PieceCache {
    private struct Slot {
        var start: UInt32 = 0
        var length: UInt32 = 0
        var firstToken: UInt32 = 0
        var tokenCount: UInt32 = 0
        var stretch: UInt32 = 0
    }

    /// Each piece has one place; a new one takes it from an old one.
    private var slots: [Slot]
    private var slot = 0
    /// Which stretch of text the pieces are of; to empty all places for each would make texts of many special tokens slow.
    private var stretch: UInt32 = 0

    private static let longest = 48

    init(textLength: Int) {
        // Short texts repeat little, and offsets must fit.
        let isUseful = (512...(1 << 30)).contains(textLength)
        slots = Array(
            repeating: Slot(), count: isUseful ? min(8192, (textLength / 4).nextPowerOfTwo) : 0)
    }

    /// Forgets all: offsets are of another text from now on.
    mutating func clear() {
        stretch &+= 1
    }

    @inline(__always)
    mutating func appendKnown(
        _ text: borrowing Span<UInt8>, _ piece: Range<Int>, _ tokens: inout [Int]
    ) -> Bool {
        slot = -1
        guard !slots.isEmpty, piece.count <= Self.longest, piece.upperBound < 1 << 31 else {
            return false
        }
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for position in piece {
            hash = (hash ^ UInt64(text[position])) &* 0x0000_0100_0000_01B3
        }
        slot = Int(truncatingIfNeeded: hash ^ hash >> 29) & (slots.count - 1)
        let known = slots[slot]
        guard known.stretch == stretch, Int(known.length) == piece.count else { return false }
        for offset in 0..<piece.count
        where text[Int(known.start) + offset] != text[piece.lowerBound + offset] {
            return false
        }
        for index in Int(known.firstToken)..<Int(known.firstToken + known.tokenCount) {
            tokens.append(tokens[index])
        }
        return true
    }

    @inline(__always)
    mutating func remember(_ piece: Range<Int>, _ tokens: Range<Int>) {
        guard slot >= 0 else { return }
        slots[slot] = Slot(
            start: UInt32(piece.lowerBound), length: UInt32(piece.count),
            firstToken: UInt32(tokens.lowerBound), tokenCount: UInt32(tokens.count),
            stretch: stretch)
    }
}

/// How a tokenizer.json cuts texts that are too long; for whoever embeds them.
package struct TruncationSettings: Sendable, Equatable {
    package enum Direction: Sendable {
        /// Tokens at the beginning go.
        case left
        case right
    }

    /// In tokens, special ones included.
    package var maximumLength: Int
    package var direction: Direction

    init?(_ field: ComponentField) throws(TokenizerError) {
        guard let field = field.ifPresent else { return nil }
        maximumLength = try field["max_length"].int()
        direction =
            try field["direction"].ifPresent?.choice(["Left": .left, "Right": .right]) ?? .right
    }
}
