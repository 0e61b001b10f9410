/// The tokens: their texts, what they are for, and the bytes they stand for.
struct Vocabulary: Sendable {
    /// Token texts as the definition writes them, by id.
    private(set) var texts: ByteStringTable
    private(set) var types: [TokenType]
    /// The types that the definition states, before tokens known by their text became control tokens.
    let statedTypes: [TokenType]

    /// What every token stands for, one after another.
    private let pieces: [UInt8]
    /// Where the bytes of token i end.
    private let pieceEnds: [UInt32]

    /// Checks the tokens; `isByteLevel` says that they are written in GPT-2's alphabet.
    init(_ definition: TokenizerDefinition, isByteLevel: Bool) throws(TokenizerError) {
        texts = try Self.checkedTexts(definition.tokens)
        types = try Self.checkedTypes(definition)
        statedTypes = types
        for token in EndOfGeneration.controlTokens(in: texts) {
            types[token] = .control
        }
        var pieces: [UInt8] = []
        var ends: [UInt32] = []
        for token in 0..<texts.count {
            switch types[token] {
            case .normal where isByteLevel:
                // Added tokens are written plainly; what is not in the alphabet shows that.
                if !ByteLevelAlphabet.decode(texts[token], into: &pieces) {
                    pieces.append(contentsOf: texts[token])
                }
            case .normal:
                Self.appendUnescaped(texts[token], to: &pieces)
            case .byte:
                if let byte = ByteToken.byte(of: texts[token]) {
                    pieces.append(byte)
                }
            case .control, .unknown, .userDefined:
                pieces.append(contentsOf: texts[token])
            case .undefined, .unused:
                break
            }
            ends.append(UInt32(pieces.count))
        }
        self.pieces = pieces
        pieceEnds = ends
    }

    /// The tokens of a tokenizer.json; each has a text, a type, and what it stands for.
    init(_ tokens: some Collection<(text: ArraySlice<UInt8>, type: TokenType, bytes: [UInt8])>) {
        var texts = ByteStringTable(minimumCapacity: tokens.count)
        var types: [TokenType] = []
        var pieces: [UInt8] = []
        var ends: [UInt32] = []
        for token in tokens {
            // An id without a token, or a text that an earlier one has.
            if token.text.isEmpty || !texts.insert(Array(token.text)).isNew {
                texts.appendUnnamed()
            }
            types.append(token.type)
            pieces.append(contentsOf: token.bytes)
            ends.append(UInt32(pieces.count))
        }
        self.texts = texts
        self.types = types
        statedTypes = types
        self.pieces = pieces
        pieceEnds = ends
    }

    var count: Int { types.count }

    /// What `token` stands for; nothing when it is no token.
    func bytes(of token: Int) -> ArraySlice<UInt8> {
        guard types.indices.contains(token) else { return [] }
        let start = token == 0 ? 0 : Int(pieceEnds[token - 1])
        return pieces[start..<Int(pieceEnds[token])]
    }

    private static func checkedTexts(_ tokens: [String]) throws(TokenizerError) -> ByteStringTable {
        let field = "tokenizer.ggml.tokens"
        guard !tokens.isEmpty else {
            throw TokenizerError(
                code: .missing, field: field,
                message: "the vocabulary is empty; use a file that holds its tokenizer")
        }
        var texts = ByteStringTable(minimumCapacity: tokens.count)
        var bytes: [UInt8] = []
        for (token, text) in tokens.enumerated() {
            guard !text.isEmpty else {
                texts.appendUnnamed()
                continue
            }
            bytes.removeAll(keepingCapacity: true)
            bytes.append(contentsOf: text.utf8)
            let (index, isNew) = texts.insert(bytes)
            guard isNew else {
                throw TokenizerError(
                    code: .duplicateToken, field: field, index: token,
                    message:
                        "\(String(text.prefix(40)).debugDescription) is token \(index) already; convert the model again"
                )
            }
        }
        return texts
    }

    private static func checkedTypes(
        _ definition: TokenizerDefinition
    ) throws(TokenizerError) -> [TokenType] {
        let field = "tokenizer.ggml.token_type"
        guard !definition.types.isEmpty else {
            return Array(repeating: .normal, count: definition.tokens.count)
        }
        try Tokenizer.checkCount(of: definition.types, field, definition)
        var types: [TokenType] = []
        types.reserveCapacity(definition.types.count)
        for (token, value) in definition.types.enumerated() {
            guard let type = TokenType(rawValue: value) else {
                throw TokenizerError(
                    code: .invalidValue, field: field, index: token,
                    message: "\(value) is no token type (0 to 6); convert the model again")
            }
            types.append(type)
        }
        return types
    }

    /// Appends `text` with U+2581 written as a space.
    private static func appendUnescaped(_ text: ArraySlice<UInt8>, to pieces: inout [UInt8]) {
        var position = text.startIndex
        while position < text.endIndex {
            if text[position...].starts(with: [0xE2, 0x96, 0x81]) {
                pieces.append(UInt8(ascii: " "))
                position += 3
            } else {
                pieces.append(text[position])
                position += 1
            }
        }
    }
}
