/// WordPiece (BERT): words, punctuation and Chinese characters apart, each cut into the longest tokens
/// from the left.
///
/// As llama.cpp does it: tokens that begin a word have U+2581 before them, and a word that cannot be cut
/// is the unknown token as a whole. Accents come off in that a scalar gives way to the first of its
/// canonical decomposition, and marks go.
struct WordPieceEncoder: Sendable {
    private let trie: ByteTrie
    private let unknownToken: Int?
    private let lowercase: Bool
    private let stripAccents: Bool
    private let kinds = ScalarKinds.unicode15
    private let lowercaseTable = LowercaseTable.table
    private let forms = NormalForms.unicode15

    init(_ definition: TokenizerDefinition, vocabulary: ByteStringTable) {
        trie = ByteTrie((0..<vocabulary.count).map { (vocabulary[$0], $0) })
        unknownToken = definition.unknownToken
        lowercase = definition.lowercase
        stripAccents = definition.stripAccents
    }

    /// What becomes of a character.
    private enum Role {
        case space
        case dropped
        /// A word of its own.
        case alone
        case partOfWord
    }

    /// Appends the tokens of `text[range]`.
    func encode(_ text: borrowing Span<UInt8>, _ range: Range<Int>, into tokens: inout [Int]) {
        var word = SpaceEscaping.space
        func endWord() {
            guard word.count > SpaceEscaping.space.count else { return }
            append(word, to: &tokens)
            word.removeLast(word.count - SpaceEscaping.space.count)
        }
        var position = range.lowerBound
        while position < range.upperBound {
            let (scalar, length) = UTF8Text.scalar(in: text, at: position)
            position += length
            let base = stripAccents && scalar >= 0x80 ? forms.canonicalBase(of: scalar) : scalar
            switch role(of: base) {
            case .space:
                endWord()
            case .dropped:
                break
            case .alone:
                endWord()
                append(base, to: &word)
                endWord()
            case .partOfWord:
                append(base, to: &word)
            }
        }
        endWord()
    }

    @inline(__always)
    private func append(_ scalar: UInt32, to word: inout [UInt8]) {
        let letter = lowercase ? lowercaseTable.lowercase(scalar) : scalar
        if letter < 0x80 {
            word.append(UInt8(letter))
        } else {
            UTF8Text.append(letter, to: &word)
        }
    }

    @inline(__always)
    private func role(of scalar: UInt32) -> Role {
        let kind = kinds.kind(of: scalar)
        if !kind.isDisjoint(with: .letter) {
            return Self.isChinese(scalar) ? .alone : .partOfWord
        }
        if !kind.isDisjoint(with: .whitespace) {
            return .space
        }
        if scalar == 0xFFFD || !kind.isDisjoint(with: .other)
            || stripAccents && !kind.isDisjoint(with: .mark)
        {
            return .dropped
        }
        let isAlone =
            !kind.isDisjoint(with: .punctuation)
            || scalar < 0x7F && !kind.isDisjoint(with: .symbol) || Self.isChinese(scalar)
        return isAlone ? .alone : .partOfWord
    }

    private func append(_ word: [UInt8], to tokens: inout [Int]) {
        let span = word.span
        let count = tokens.count
        var position = 0
        while position < span.count {
            guard let match = trie.longestMatch(in: span, from: position) else {
                tokens.removeLast(tokens.count - count)
                if let unknownToken {
                    tokens.append(unknownToken)
                }
                return
            }
            tokens.append(match.value)
            position = match.end
        }
    }

    /// The blocks that BERT splits; of the fifth extension all but its first 256 characters, as the
    /// `tokenizers` package has it.
    private static func isChinese(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B81F,
            0x2B920...0x2CEAF, 0xF900...0xFAFF, 0x2F800...0x2FA1F:
            true
        default:
            false
        }
    }
}
