/// What `Split` and `Replace` look for: a text, or a regular expression.
enum TextPattern: Sendable {
    case text([UInt8])
    case expression(RegularExpression)
    /// GPT-2's expression, which matches all of any text, by hand.
    case gpt2

    private static let gpt2Pattern =
        #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

    /// Reads `{"String": ...}` or `{"Regex": ...}`.
    init(_ field: ComponentField) throws(TokenizerError) {
        if let text = try field["String"].ifPresent?.string(), !text.isEmpty {
            self = .text(Array(text.utf8))
            return
        }
        let isText = field["String"].ifPresent != nil
        let pattern = isText ? "" : try field["Regex"].string()
        guard pattern != Self.gpt2Pattern else {
            self = .gpt2
            return
        }
        do throws(TokenizerError) {
            self = .expression(try RegularExpression(pattern))
        } catch {
            throw field["Regex"].invalid(error.message)
        }
    }

    /// Calls `body` with each match in `text[range]`, in order.
    func forEachMatch(
        in text: borrowing Span<UInt8>, _ range: Range<Int>,
        _ body: (borrowing Span<UInt8>, Range<Int>) -> Void
    ) {
        switch self {
        case .expression(let expression):
            expression.forEachMatch(in: text, range, body)
        case .gpt2:
            let scanner = ScalarScanner(end: range.upperBound, kinds: .table)
            var start = range.lowerBound
            while start < range.upperBound {
                let end = scanner.gpt2PieceEnd(text, from: start)
                body(text, start..<end)
                start = end
            }
        case .text(let pattern):
            var position = range.lowerBound
            while position + pattern.count <= range.upperBound {
                var length = 0
                while length < pattern.count, text[position + length] == pattern[length] {
                    length += 1
                }
                if length == pattern.count {
                    body(text, position..<position + length)
                    position += length
                } else {
                    position += 1
                }
            }
        }
    }
}

/// What becomes of matches when a text is split at them.
enum SplitBehavior: Sendable {
    case removed
    case isolated
    case mergedWithPrevious
    case mergedWithNext
    case contiguous

    static let choices: KeyValuePairs<String, SplitBehavior> = [
        "Removed": .removed, "Isolated": .isolated, "MergedWithPrevious": .mergedWithPrevious,
        "MergedWithNext": .mergedWithNext, "Contiguous": .contiguous,
    ]
}

/// Makes pieces of matches and what is between them.
struct PieceSplitter {
    private let behavior: SplitBehavior
    private let isInverted: Bool
    private let end: Int
    /// Where the last match ended.
    private var position: Int
    /// A piece that what follows may still join.
    private var pending: Range<Int>?
    private var pendingIsMatch = false
    private var previousIsMatch = false

    init(_ range: Range<Int>, _ behavior: SplitBehavior, isInverted: Bool = false) {
        self.behavior = behavior
        self.isInverted = isInverted
        position = range.lowerBound
        end = range.upperBound
    }

    /// Takes the next match.
    mutating func append(_ match: Range<Int>, to pieces: inout [Range<Int>]) {
        if position < match.lowerBound {
            add(position..<match.lowerBound, isMatch: isInverted, &pieces)
        }
        add(match, isMatch: !isInverted, &pieces)
        position = match.upperBound
    }

    /// Takes what is left.
    mutating func finish(_ pieces: inout [Range<Int>]) {
        if position < end {
            add(position..<end, isMatch: isInverted, &pieces)
        }
        flush(&pieces)
    }

    private mutating func flush(_ pieces: inout [Range<Int>]) {
        if let pending, !pending.isEmpty { pieces.append(pending) }
        pending = nil
    }

    private mutating func add(
        _ range: Range<Int>, isMatch: Bool, _ pieces: inout [Range<Int>]
    ) {
        switch behavior {
        case .isolated:
            if !range.isEmpty { pieces.append(range) }
            return
        case .removed:
            if !isMatch, !range.isEmpty { pieces.append(range) }
            return
        case .contiguous where isMatch == previousIsMatch && pending != nil,
            .mergedWithPrevious where isMatch && !previousIsMatch && pending != nil,
            .mergedWithNext where !isMatch && pendingIsMatch && pending != nil:
            pending = (pending?.lowerBound ?? range.lowerBound)..<range.upperBound
        default:
            flush(&pieces)
            pending = range
        }
        pendingIsMatch = isMatch
        previousIsMatch = isMatch
    }
}
