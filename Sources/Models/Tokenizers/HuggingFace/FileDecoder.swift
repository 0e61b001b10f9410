/// What a tokenizer.json makes of token texts: the kinds of steps, in order.
struct FileDecoder: Sendable {
    enum Step: Sendable {
        case byteLevel
        case byteFallback
        case fuse
        case metaspace(replacement: UInt32, dropsFirst: Bool)
        case wordPiece(prefix: [UInt8], cleansUp: Bool)
        case suffix([UInt8])
        case strip(UInt32, start: Int, stop: Int)
        case replace(TextPattern, with: [UInt8])
        case ctc(padding: [UInt8], delimiter: [UInt8], cleansUp: Bool)
        /// A file without a decoder: a space between any two tokens.
        case spaces
    }

    let steps: [Step]

    private static let known = [
        "BPEDecoder", "ByteFallback", "ByteLevel", "CTC", "Fuse", "Metaspace", "Replace",
        "Sequence", "Strip", "WordPiece",
    ]

    init(_ field: ComponentField?) throws(TokenizerError) {
        guard let field else {
            steps = [.spaces]
            return
        }
        steps = try Self.steps(field, depth: 0)
    }

    private static func steps(
        _ field: ComponentField, depth: Int
    ) throws(TokenizerError) -> [Step] {
        guard depth < 16 else { throw field.invalid("is nested too deeply") }
        func bytes(_ name: String) throws(TokenizerError) -> [UInt8] {
            Array(try field[name].string().utf8)
        }
        switch try field.type() {
        case "Sequence":
            var steps: [Step] = []
            for part in try field["decoders"].array() {
                steps += try self.steps(part, depth: depth + 1)
            }
            return steps
        case "ByteLevel": return [.byteLevel]
        case "ByteFallback": return [.byteFallback]
        case "Fuse": return [.fuse]
        case "Metaspace":
            let (_, prefix) = try PieceStep.metaspace(field)
            return [
                .metaspace(
                    replacement: try field["replacement"].scalar(), dropsFirst: prefix != .never)
            ]
        case "WordPiece":
            return [
                .wordPiece(prefix: try bytes("prefix"), cleansUp: try field["cleanup"].bool())
            ]
        case "BPEDecoder": return [.suffix(try bytes("suffix"))]
        case "Strip":
            return [
                .strip(
                    try field["content"].scalar(), start: try field["start"].int(),
                    stop: try field["stop"].int())
            ]
        case "Replace":
            return [.replace(try TextPattern(field["pattern"]), with: try bytes("content"))]
        case "CTC":
            return [
                .ctc(
                    padding: try bytes("pad_token"), delimiter: try bytes("word_delimiter_token"),
                    cleansUp: try field["cleanup"].bool())
            ]
        case let type: throw field["type"].unknown(type, known: known)
        }
    }

    /// `text` with the spaces before punctuation and English contractions taken out.
    static func cleanedUp(_ text: [UInt8]) -> [UInt8] {
        guard text.contains(0x20) else { return text }
        var text = text
        for (pattern, content) in cleanups {
            TextNormalizer.replace(&text, .text(pattern), content)
        }
        return text
    }

    private static let cleanups: [([UInt8], [UInt8])] = [
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"),
        (" 'm", "'m"), (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ].map { (Array($0.0.utf8), Array($0.1.utf8)) }
}
