/// A unigram tokenizer as llama.cpp runs it: normalizes a text and gives its best cut, with runs of unknown
/// characters as one token.
struct UnigramEncoder: Sendable {
    private let model: UnigramModel
    private let map: CharacterMap?
    private let userDefined: ByteTrie
    private let unknownToken: Int
    private let addSpacePrefix: Bool
    private let removeExtraWhitespaces: Bool

    /// How much less likely an unknown character is than the least likely token.
    private static let unknownPenalty: Float = 10

    /// Builds the tries; `types` are those of the file.
    ///
    /// - Throws: a normalization map that cannot be read, or no unknown token.
    init(
        _ definition: TokenizerDefinition, vocabulary: ByteStringTable, types: [TokenType]
    ) throws(TokenizerError) {
        guard let unknownToken = definition.unknownToken else {
            throw TokenizerError(
                code: .missing, field: "tokenizer.ggml.unknown_token_id",
                message: "is missing, and a unigram model needs it; convert the model again")
        }
        func pieces(_ wanted: Set<TokenType>) -> [(text: ArraySlice<UInt8>, value: Int)] {
            types.indices.filter { wanted.contains(types[$0]) }.map { (vocabulary[$0], $0) }
        }
        let scores = definition.scores
        let lowest = types.indices.filter { types[$0] == .normal }.map { scores[$0] }.min() ?? 0
        model = UnigramModel(
            pieces: pieces([.normal, .userDefined, .unused]),
            scores: types.indices.map { types[$0] == .userDefined ? 0 : Double(scores[$0]) },
            unknownToken: unknownToken, unknownScore: Double(lowest - Self.unknownPenalty))
        userDefined = ByteTrie(pieces([.userDefined]))
        map =
            definition.normalizationMap.isEmpty
            ? nil : try CharacterMap(definition.normalizationMap)
        self.unknownToken = unknownToken
        addSpacePrefix = definition.addSpacePrefix
        removeExtraWhitespaces = definition.removeExtraWhitespaces
    }

    /// Appends the tokens of `text[range]`.
    func encode(_ text: borrowing Span<UInt8>, _ range: Range<Int>, into tokens: inout [Int]) {
        let normalized = normalized(text, range)
        var isUnknown = false
        for piece in model.pieces(of: normalized.span) {
            if !(isUnknown && piece.token == unknownToken) {
                tokens.append(piece.token)
            }
            isUnknown = piece.token == unknownToken
        }
    }

    /// The text after the map, with spaces as U+2581: one at the front if the model wants it, and each run
    /// as one if extra ones go.
    private func normalized(_ text: borrowing Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(range.count + range.count / 2 + 3)
        var isPrefixed = false
        var isInWord = false
        func append(_ byte: UInt8) {
            guard byte != UInt8(ascii: " ") else {
                isInWord = false
                if !removeExtraWhitespaces {
                    result.append(contentsOf: SpaceEscaping.space)
                }
                return
            }
            if !isInWord {
                isInWord = true
                if removeExtraWhitespaces || addSpacePrefix && !isPrefixed {
                    result.append(contentsOf: SpaceEscaping.space)
                    isPrefixed = true
                }
            }
            result.append(byte)
        }
        var position = range.lowerBound
        while position < range.upperBound {
            let userLength = min(
                userDefined.depth(in: text, from: position), range.upperBound - position)
            if userLength == 0,
                let match = map?.match(text, from: position, to: range.upperBound),
                let bytes = map?.bytes(match.replacement)
            {
                for byte in bytes {
                    append(byte)
                }
                position = match.end
                continue
            }
            let length =
                userLength > 0
                ? userLength : UTF8Text.structuralLength(text, at: position, end: range.upperBound)
            if length == 0 {
                for byte in UTF8Text.replacement {
                    append(byte)
                }
                position += 1
            }
            for _ in 0..<length {
                append(text[position])
                position += 1
            }
        }
        return result
    }
}
