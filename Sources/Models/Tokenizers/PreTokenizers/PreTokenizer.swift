/// Splits text into the pieces that byte-pair merges do not cross.
///
/// Each rule is a hand-written scanner with the exact meaning of the model's regular expression,
/// one pass over the text and no backtracking.
enum PreTokenizer: Sendable {
    case gpt2
    case qwen2
    /// What llama.cpp does for files that name no rule.
    case generic

    /// The rule that `tokenizer.ggml.pre` names.
    init(name: String) throws(TokenizerError) {
        switch name {
        case "gpt-2", "phi-2": self = .gpt2
        case "qwen2", "deepseek-r1-qwen", "stablelm2": self = .qwen2
        case "default": self = .generic
        default:
            throw TokenizerError(
                code: .unsupportedPreTokenizer, field: "tokenizer.ggml.pre",
                message: """
                    the split rule \(String(name.prefix(40)).debugDescription) is not built; \
                    use a model with "gpt-2", "qwen2" or "default"
                    """)
        }
    }

    /// Calls `body` with each piece of `text[range]`, in order and without gaps.
    func forEachPiece(
        of text: borrowing Span<UInt8>, _ range: Range<Int>,
        _ body: (borrowing Span<UInt8>, Range<Int>) -> Void
    ) {
        let scanner = ScalarScanner(end: range.upperBound)
        switch self {
        case .gpt2:
            var start = range.lowerBound
            while start < range.upperBound {
                let end = scanner.gpt2PieceEnd(text, from: start)
                body(text, start..<end)
                start = end
            }
        case .qwen2:
            var start = range.lowerBound
            while start < range.upperBound {
                let end = scanner.qwen2PieceEnd(text, from: start)
                body(text, start..<end)
                start = end
            }
        case .generic:
            GenericSplit.forEachPiece(of: text, range, body)
        }
    }
}

/// Reads scalars and their kinds from well-formed UTF-8 that ends at `end`.
struct ScalarScanner {
    let end: Int
    private let kinds = ScalarKinds.table

    init(end: Int) {
        self.end = end
    }

    /// The kind of the scalar at `position` and where the next one begins; nothing is in no set at the end.
    @inline(__always)
    func kind(_ text: borrowing Span<UInt8>, at position: Int) -> (kind: ScalarSet, next: Int) {
        guard position < end else { return ([], position) }
        let (scalar, length) = UTF8Text.scalar(in: text, at: position)
        return (kinds.kind(of: scalar), position + length)
    }

    /// Where the run of scalars in `set` that begins at `position` ends.
    @inline(__always)
    func runEnd(
        of set: ScalarSet, _ text: borrowing Span<UInt8>, from position: Int
    ) -> Int {
        var position = position
        while position < end {
            let (kind, next) = kind(text, at: position)
            guard !kind.isDisjoint(with: set) else { break }
            position = next
        }
        return position
    }

    /// Where the run of scalars that are not in `set` ends.
    @inline(__always)
    func runEnd(
        outside set: ScalarSet, _ text: borrowing Span<UInt8>, from position: Int
    ) -> Int {
        var position = position
        while position < end {
            let (kind, next) = kind(text, at: position)
            guard kind.isDisjoint(with: set) else { break }
            position = next
        }
        return position
    }

    /// `\s+(?!\S)|\s+` where a scalar of white space stands at `position`.
    ///
    /// A run leaves its last scalar to the word that follows, unless it has no other.
    @inline(__always)
    func spaceEnd(_ text: borrowing Span<UInt8>, from position: Int) -> Int {
        var last = position
        var next = position
        while next < end {
            let (kind, following) = kind(text, at: next)
            guard !kind.isDisjoint(with: .whitespace) else { break }
            (last, next) = (next, following)
        }
        return next == end || last == position ? next : last
    }

    /// `'s|'t|'re|'ve|'m|'ll|'d` where an apostrophe stands at `position`; case is that of ASCII.
    @inline(__always)
    func contractionEnd(
        _ text: borrowing Span<UInt8>, from position: Int, ignoringCase: Bool
    ) -> Int? {
        func letter(_ index: Int) -> UInt8 {
            guard position + index < end else { return 0 }
            let byte = text[position + index]
            let isUppercase = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
            return ignoringCase && isUppercase ? byte | 0x20 : byte
        }
        switch letter(1) {
        case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"):
            return position + 2
        case UInt8(ascii: "r"), UInt8(ascii: "v"):
            return letter(2) == UInt8(ascii: "e") ? position + 3 : nil
        case UInt8(ascii: "l"):
            return letter(2) == UInt8(ascii: "l") ? position + 3 : nil
        default:
            return nil
        }
    }
}
