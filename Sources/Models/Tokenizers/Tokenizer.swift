/// Text to token ids and back, for one model.
///
/// Immutable, so that any number of threads may use one. A text's cost grows in proportion to its
/// length, pathological ones within a logarithm of it.
package final class Tokenizer: Sendable {
    private enum Encoder {
        case bytePair(BytePairEncoder)
        case sentencePiece(SentencePieceEncoder)
        case wordPiece(WordPieceEncoder)
        case unigram(UnigramEncoder)
        case huggingFace(HuggingFaceTokenizer)
    }

    package let bosToken: Int?
    package let eosToken: Int?
    package let eotToken: Int?
    package let unknownToken: Int?
    package let paddingToken: Int?
    /// Whether ``encode(_:addSpecial:parseSpecial:)`` puts BOS first, and EOS last, when asked to.
    package let addsBOS: Bool
    package let addsEOS: Bool
    /// Tokens after which a model has nothing more to say: EOS, end of turn, and control tokens
    /// known by their text, such as `<|im_end|>`.
    package let endOfGeneration: Set<Int>
    /// Whether text begins with a space that is not the writer's (SentencePiece).
    let addsSpacePrefix: Bool

    private let vocabulary: Vocabulary
    private let encoder: Encoder
    /// What goes before and after a text when special tokens are added.
    private let firstToken: Int?
    private let lastToken: Int?
    /// What was passed over in the file that describes the tokenizer, in words for people.
    package let notices: [String]
    private let specialTokens: SpecialTokenMatcher
    private let userDefinedTokens: SpecialTokenMatcher

    /// Checks the definition and builds the tables: about a tenth of a second for 150,000 tokens.
    package init(_ definition: TokenizerDefinition) throws(TokenizerError) {
        // The other kinds split nothing.
        let rule = try SplitRule(
            named: definition.model.isBytePair ? definition.preTokenizer : "default")
        vocabulary = try Vocabulary(
            definition, isByteLevel: definition.model.isBytePair && rule.isByteLevel)
        try Self.checkTokens(of: definition)
        switch definition.model {
        case .gpt2, .gemma4:
            encoder = .bytePair(
                try BytePairEncoder(definition, rule: rule, tokens: vocabulary.texts))
        case .bert:
            encoder = .wordPiece(WordPieceEncoder(definition, vocabulary: vocabulary.texts))
        case .t5:
            try Self.checkScores(of: definition)
            encoder = .unigram(
                try UnigramEncoder(
                    definition, vocabulary: vocabulary.texts, types: vocabulary.statedTypes))
        case .llama:
            try Self.checkScores(of: definition)
            encoder = .sentencePiece(
                SentencePieceEncoder(definition, vocabulary: vocabulary.texts))
        }
        notices = definition.notices
        bosToken = definition.bosToken
        eosToken = definition.eosToken
        eotToken = definition.eotToken
        unknownToken = definition.unknownToken
        paddingToken = definition.paddingToken.flatMap {
            definition.tokens.indices.contains($0) ? $0 : nil
        }
        addsBOS = definition.addBOS
        addsEOS = definition.addEOS
        addsSpacePrefix =
            switch definition.model {
            case .llama, .t5: definition.addSpacePrefix
            case .bert: true
            case .gpt2, .gemma4: false
            }
        endOfGeneration = EndOfGeneration.tokens(
            of: vocabulary,
            stated: [definition.eosToken, definition.eotToken, definition.eomToken])
        if definition.model == .bert {
            (firstToken, lastToken) = (bosToken, definition.separatorToken)
        } else {
            (firstToken, lastToken) = (addsBOS ? bosToken : nil, addsEOS ? eosToken : nil)
        }
        specialTokens = SpecialTokenMatcher(
            vocabulary, types: [.control, .userDefined, .unknown],
            stripped: definition.strippedAround)
        userDefinedTokens = SpecialTokenMatcher(
            vocabulary, types: [.userDefined], stripped: definition.strippedAround)
    }

    /// A tokenizer of a tokenizer.json.
    init(_ file: HuggingFaceTokenizer, special: SpecialTokens) {
        vocabulary = Vocabulary(file.vocabularyEntries())
        encoder = .huggingFace(file)
        notices = []
        bosToken = special.bos
        eosToken = special.eos
        eotToken = nil
        unknownToken = special.unknown
        paddingToken = special.padding
        let (first, last) = (file.firstToken, file.lastToken)
        addsBOS = first != nil && first == special.bos
        addsEOS = last != nil && last == special.eos
        (firstToken, lastToken) = (first, last)
        addsSpacePrefix = false
        endOfGeneration = EndOfGeneration.tokens(
            of: vocabulary, stated: [special.eos] + special.ends)
        specialTokens = SpecialTokenMatcher(vocabulary, types: [], stripped: .none)
        userDefinedTokens = SpecialTokenMatcher(vocabulary, types: [], stripped: .none)
    }

    /// The tokenizer.json that this was made of, if it was.
    var huggingFace: HuggingFaceTokenizer? {
        if case .huggingFace(let file) = encoder { file } else { nil }
    }

    /// Number of tokens; ids are below it.
    package var count: Int { vocabulary.count }

    /// The token ids of `text`.
    ///
    /// - Parameters:
    ///   - text: any text.
    ///   - addSpecial: put BOS and EOS where the model wants them.
    ///   - parseSpecial: take control tokens written in the text (`<|im_start|>`) as what they
    ///     name. Chat templates need it; text of strangers should not have it.
    /// - Returns: ids below ``count``.
    package func encode(_ text: String, addSpecial: Bool, parseSpecial: Bool) -> [Int] {
        encode(
            Array(text.utf8), isBroken: false, addSpecial: addSpecial, parseSpecial: parseSpecial)
    }

    /// The token ids of text that may be broken UTF-8.
    ///
    /// A tokenizer.json's takes each maximal ill-formed part for U+FFFD. Others read as llama.cpp does: each byte that begins no character counts as U+FFFD, but SentencePiece's
    /// byte-pair encoding has tokens for the bytes themselves.
    package func encode(bytes: [UInt8], addSpecial: Bool, parseSpecial: Bool) -> [Int] {
        encode(bytes, isBroken: true, addSpecial: addSpecial, parseSpecial: parseSpecial)
    }

    /// The tokens of two texts, such as a question and a passage, with what the model wants around them.
    ///
    /// A tokenizer.json says what that is; GGUF files do not, and get BERT's `[CLS] first [SEP] second [SEP]`.
    package func pair(_ first: [Int], _ second: [Int]) -> Encoding {
        if let huggingFace { return huggingFace.process([first, second], addSpecial: true) }
        let end = lastToken.map { [$0] } ?? []
        let head = (firstToken.map { [$0] } ?? []) + first + end
        let tail = second + end
        return Encoding(
            ids: head + tail,
            typeIDs: head.map { _ in 0 } + tail.map { _ in 1 })
    }

    /// The bytes that a token stands for, often not whole characters; none for an id that is no token.
    ///
    /// Control tokens give the text they are written with.
    package func bytes(of token: Int) -> [UInt8] {
        Array(vocabulary.bytes(of: token))
    }

    /// The same without a copy.
    func piece(of token: Int) -> ArraySlice<UInt8> {
        vocabulary.bytes(of: token)
    }

    /// What a token stands for as text; bytes that are not whole characters become U+FFFD.
    package func text(of token: Int) -> String {
        String(decoding: vocabulary.bytes(of: token), as: UTF8.self)
    }

    /// The id of the token that the definition writes as `text`.
    package func token(named text: String) -> Int? {
        vocabulary.texts.find(Array(text.utf8))
    }

    /// Whether a token steers the model and is not part of the text; false for an id that is no token.
    package func isControl(_ token: Int) -> Bool {
        type(of: token) == .control
    }

    /// What a token is for; `nil` for an id that is no token.
    package func type(of token: Int) -> TokenType? {
        vocabulary.types.indices.contains(token) ? vocabulary.types[token] : nil
    }

    /// The text that `tokens` stand for, with U+FFFD for bytes that are not whole characters.
    ///
    /// - Parameters:
    ///   - tokens: ids; what is no token adds nothing.
    ///   - skipSpecial: leave out control and unknown tokens.
    /// - Returns: the text, without the space that SentencePiece puts before the first word.
    package func decode(_ tokens: [Int], skipSpecial: Bool) -> String {
        var decoder = StreamingDecoder(self, skipSpecial: skipSpecial)
        if huggingFace != nil {
            return tokens.reduce(into: "") { $0 += decoder.append($1) } + decoder.finish()
        }
        var bytes: [UInt8] = []
        for token in tokens {
            bytes.append(contentsOf: decoder.bytes(of: token))
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func encode(
        _ text: [UInt8], isBroken: Bool, addSpecial: Bool, parseSpecial: Bool
    ) -> [Int] {
        if case .huggingFace(let file) = encoder {
            // As Python's `errors="replace"` would hand it over.
            let text = isBroken ? UTF8Text.repaired(text) : text
            return file.process(
                [file.encode(text, parseSpecial: parseSpecial)], addSpecial: addSpecial
            ).ids
        }
        var tokens: [Int] = []
        if addSpecial, let firstToken {
            tokens.append(firstToken)
        }
        let matcher = parseSpecial ? specialTokens : userDefinedTokens
        var session = Session()
        for fragment in matcher.fragments(of: text.span) {
            switch fragment {
            case .token(let token):
                tokens.append(token)
                session.followsSpecial = true
            case .text(let range):
                if isBroken, repairsText {
                    let repaired = UTF8Text.repairedBytewise(text.span, range)
                    append(repaired.span, 0..<repaired.count, with: &session, to: &tokens)
                } else {
                    append(text.span, range, with: &session, to: &tokens)
                }
                session.followsSpecial = false
            }
        }
        if addSpecial, let lastToken {
            tokens.append(lastToken)
        }
        return tokens
    }

    /// What encoding the fragments of one text shares.
    private struct Session {
        var bytePairs = BytePairEncoder.Merger()
        var sentencePieces = SentencePieceEncoder.Merger()
        /// Whether the text begins, or a special token stands before.
        var followsSpecial = true
    }

    /// Whether broken UTF-8 is mended before the encoder sees it.
    private var repairsText: Bool {
        switch encoder {
        case .bytePair, .wordPiece, .huggingFace: true
        case .sentencePiece, .unigram: false
        }
    }

    private func append(
        _ text: borrowing Span<UInt8>, _ range: Range<Int>, with session: inout Session,
        to tokens: inout [Int]
    ) {
        switch encoder {
        case .bytePair(let encoder):
            encoder.encode(text, range, with: &session.bytePairs, into: &tokens)
        case .sentencePiece(let encoder):
            encoder.encode(
                text, range, followsSpecial: session.followsSpecial, with: &session.sentencePieces,
                into: &tokens)
        case .wordPiece(let encoder):
            encoder.encode(text, range, into: &tokens)
        case .unigram(let encoder):
            encoder.encode(text, range, into: &tokens)
        case .huggingFace:
            break
        }
    }
}

extension Tokenizer {
    /// A list that belongs to the tokens must have one entry for each.
    static func checkCount(
        of list: [some Any], _ field: String, _ definition: TokenizerDefinition
    ) throws(TokenizerError) {
        guard list.count == definition.tokens.count else {
            throw TokenizerError(
                code: .countMismatch, field: field,
                message: """
                    has \(list.count) entries for \(definition.tokens.count) tokens; \
                    convert the model again
                    """)
        }
    }

    private static func checkScores(of definition: TokenizerDefinition) throws(TokenizerError) {
        let field = "tokenizer.ggml.scores"
        try checkCount(of: definition.scores, field, definition)
        guard let index = definition.scores.firstIndex(where: \.isNaN) else { return }
        throw TokenizerError(
            code: .invalidValue, field: field, index: index,
            message: "is not a number; convert the model again")
    }

    private static func checkTokens(of definition: TokenizerDefinition) throws(TokenizerError) {
        let count = definition.tokens.count
        for (name, token) in [
            ("bos", definition.bosToken), ("eos", definition.eosToken),
            ("eot", definition.eotToken), ("eom", definition.eomToken),
            ("unknown", definition.unknownToken),
            ("seperator", definition.separatorToken),
        ] {
            guard let token, !definition.tokens.indices.contains(token) else { continue }
            throw TokenizerError(
                code: .invalidValue, field: "tokenizer.ggml.\(name)_token_id",
                message:
                    "\(token) is not one of the tokens 0 to \(count - 1); set it to one of them")
        }
        for (name, adds, token) in [
            ("bos", definition.addBOS, definition.bosToken),
            ("eos", definition.addEOS, definition.eosToken),
        ] where adds && token == nil {
            throw TokenizerError(
                code: .missing, field: "tokenizer.ggml.\(name)_token_id",
                message:
                    "is missing or no token, but tokenizer.ggml.add_\(name)_token asks for it; set one of the two"
            )
        }
    }
}
