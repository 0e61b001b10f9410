/// Turns tokens into text one by one: a pure state machine that never gives half a character.
///
/// Bytes that may still become a character wait; what can no longer become one is U+FFFD at once,
/// one for each maximal ill-formed part. The pieces together are exactly
/// ``Tokenizer/decode(_:skipSpecial:)`` of the tokens together.
package struct StreamingDecoder: Sendable {
    private let tokenizer: Tokenizer
    private let skipSpecial: Bool
    /// Special tokens that are text all the same.
    private let shown: Set<Int>
    /// Whether the next text loses the space that SentencePiece puts before the first word.
    private var dropsSpace: Bool
    /// Decodes instead where the tokenizer is a tokenizer.json's.
    private var stream: FileDecoderStream?
    /// The beginning of a character: at most 3 bytes.
    private var pending: [UInt8] = []

    /// A decoder at the start of a text.
    ///
    /// - Parameters:
    ///   - tokenizer: the model's.
    ///   - skipSpecial: leave out control and unknown tokens.
    ///   - shown: those that are not left out: markers that somebody wants to read.
    ///   - continuesText: the tokens go on after other text, so that a leading space is the model's own.
    package init(
        _ tokenizer: Tokenizer, skipSpecial: Bool = true, showing shown: Set<Int> = [],
        continuesText: Bool = false
    ) {
        self.tokenizer = tokenizer
        self.skipSpecial = skipSpecial
        self.shown = shown
        dropsSpace = tokenizer.addsSpacePrefix && !continuesText
        stream = tokenizer.huggingFace.map {
            FileDecoderStream($0.decoder, continuesText: continuesText)
        }
    }

    /// The text that `token` completes; often empty.
    package mutating func append(_ token: Int) -> String {
        if let file = tokenizer.huggingFace {
            guard !skipSpecial || !file.isSpecial(token) || shown.contains(token),
                let text = file.text(of: token)
            else { return "" }
            return String(decoding: stream?.append(Array(text)) ?? [], as: UTF8.self)
        }
        pending.append(contentsOf: bytes(of: token))
        let incomplete = UTF8Text.incompleteSuffixLength(pending)
        let text = String(decoding: pending.dropLast(incomplete), as: UTF8.self)
        pending.removeFirst(pending.count - incomplete)
        return text
    }

    /// The end of the text: U+FFFD where a character stays incomplete.
    package mutating func finish() -> String {
        if stream != nil { return String(decoding: stream?.finish() ?? [], as: UTF8.self) }
        defer { pending = [] }
        return String(decoding: pending, as: UTF8.self)
    }

    /// What `token` adds to the text.
    mutating func bytes(of token: Int) -> ArraySlice<UInt8> {
        let type = tokenizer.type(of: token)
        if skipSpecial, type == .control || type == .unknown, !shown.contains(token) {
            return []
        }
        let bytes = tokenizer.piece(of: token)
        guard dropsSpace else { return bytes }
        dropsSpace = false
        return bytes.first == UInt8(ascii: " ") ? bytes.dropFirst() : bytes
    }
}
