/// Text to token ids and back, for one model.
///
/// Immutable, so that any number of threads may use one. A text's cost grows in proportion to its
/// length, pathological ones within a logarithm of it.
package final class Tokenizer: Sendable {
    private enum Encoder {
        case bytePair(BytePairEncoder)
        case sentencePiece(SentencePieceEncoder)
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
    private let specialTokens: SpecialTokenMatcher
    private let userDefinedTokens: SpecialTokenMatcher

    /// Checks the definition and builds the tables: about a tenth of a second for 150,000 tokens.
    package init(_ definition: TokenizerDefinition) throws(TokenizerError) {
        vocabulary = try Vocabulary(definition)
        try Self.checkTokens(of: definition)
        switch definition.model {
        case .gpt2:
            encoder = .bytePair(try BytePairEncoder(definition, tokens: vocabulary.texts))
        case .llama:
            try Self.checkScores(of: definition)
            encoder = .sentencePiece(
                SentencePieceEncoder(definition, vocabulary: vocabulary.texts))
        }
        bosToken = definition.bosToken
        eosToken = definition.eosToken
        eotToken = definition.eotToken
        unknownToken = definition.unknownToken
        paddingToken = definition.paddingToken.flatMap {
            definition.tokens.indices.contains($0) ? $0 : nil
        }
        addsBOS = definition.addBOS
        addsEOS = definition.addEOS
        addsSpacePrefix = definition.model == .llama && definition.addSpacePrefix
        endOfGeneration = EndOfGeneration.tokens(of: vocabulary, definition)
        specialTokens = SpecialTokenMatcher(
            vocabulary, types: [.control, .userDefined, .unknown])
        userDefinedTokens = SpecialTokenMatcher(vocabulary, types: [.userDefined])
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
        encode(wellFormed: Array(text.utf8), addSpecial: addSpecial, parseSpecial: parseSpecial)
    }

    /// The token ids of text that may be broken UTF-8.
    ///
    /// Each maximal ill-formed part counts as one U+FFFD, as in Python's `errors="replace"`.
    package func encode(bytes: [UInt8], addSpecial: Bool, parseSpecial: Bool) -> [Int] {
        encode(
            wellFormed: UTF8Text.repaired(bytes), addSpecial: addSpecial,
            parseSpecial: parseSpecial)
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
        var bytes: [UInt8] = []
        for token in tokens {
            bytes.append(contentsOf: decoder.bytes(of: token))
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func encode(wellFormed text: [UInt8], addSpecial: Bool, parseSpecial: Bool) -> [Int] {
        var tokens: [Int] = []
        if addSpecial, addsBOS, let bosToken {
            tokens.append(bosToken)
        }
        let matcher = parseSpecial ? specialTokens : userDefinedTokens
        append(matcher.fragments(of: text.span), of: text.span, to: &tokens)
        if addSpecial, addsEOS, let eosToken {
            tokens.append(eosToken)
        }
        return tokens
    }

    private func append(
        _ fragments: [SpecialTokenMatcher.Fragment], of text: borrowing Span<UInt8>,
        to tokens: inout [Int]
    ) {
        switch encoder {
        case .bytePair(let encoder):
            var merger = BytePairEncoder.Merger()
            for fragment in fragments {
                switch fragment {
                case .token(let token): tokens.append(token)
                case .text(let range):
                    encoder.encode(text, range, with: &merger, into: &tokens)
                }
            }
        case .sentencePiece(let encoder):
            var merger = SentencePieceEncoder.Merger()
            var followsSpecial = true
            for fragment in fragments {
                switch fragment {
                case .token(let token):
                    tokens.append(token)
                    followsSpecial = true
                case .text(let range):
                    encoder.encode(
                        text, range, followsSpecial: followsSpecial, with: &merger, into: &tokens)
                    followsSpecial = false
                }
            }
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
            ("eot", definition.eotToken), ("unknown", definition.unknownToken),
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
                    "is missing, but tokenizer.ggml.add_\(name)_token asks for it; set one of the two"
            )
        }
    }
}
