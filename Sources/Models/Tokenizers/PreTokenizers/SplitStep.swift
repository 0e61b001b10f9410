/// One pass of a split rule over the pieces of the pass before.
///
/// Each is a hand-written scanner with the exact meaning of a regular expression: one way through the
/// text and no backtracking.
enum SplitStep: Sendable {
    case gpt2
    case words(WordPattern)
    case matches(SplitMatch)
    /// `[^\n]+|[\n]+`
    case lines
    /// Numbers in groups of three counted from the right; what stands before them goes with the first group.
    case numberGroups
    /// `(?=(\d{3})+(?!\d))`: cuts ASCII digits into groups of three counted from the right.
    case digitGroups

    /// Calls `body` with each part of each of `pieces`, in order and without gaps.
    func forEachPiece(
        of text: borrowing Span<UInt8>, _ pieces: SplitPieces, _ kinds: ScalarKinds,
        _ body: (borrowing Span<UInt8>, Range<Int>) -> Void
    ) {
        switch self {
        case .gpt2:
            var scanner = ScalarScanner(end: 0, kinds: kinds)
            var start = pieces.start
            for pieceEnd in pieces.ends {
                scanner.end = pieceEnd
                while start < pieceEnd {
                    let end = scanner.gpt2PieceEnd(text, from: start)
                    body(text, start..<end)
                    start = end
                }
            }
        case .words(let pattern):
            pattern.forEachPiece(of: text, pieces, kinds, body)
        case .matches(let match):
            match.forEachPiece(of: text, pieces, kinds, body)
        case .lines:
            Self.splitLines(text, pieces, body)
        case .numberGroups:
            Self.splitNumbers(text, pieces, kinds, body)
        case .digitGroups:
            Self.splitDigits(text, pieces, body)
        }
    }

    private static func splitLines(
        _ text: borrowing Span<UInt8>, _ pieces: SplitPieces,
        _ body: (borrowing Span<UInt8>, Range<Int>) -> Void
    ) {
        var start = pieces.start
        for pieceEnd in pieces.ends {
            while start < pieceEnd {
                let isBreak = text[start] == UInt8(ascii: "\n")
                var end = start + 1
                while end < pieceEnd, (text[end] == UInt8(ascii: "\n")) == isBreak {
                    end += 1
                }
                body(text, start..<end)
                start = end
            }
        }
    }

    private static func splitNumbers(
        _ text: borrowing Span<UInt8>, _ pieces: SplitPieces, _ kinds: ScalarKinds,
        _ body: (borrowing Span<UInt8>, Range<Int>) -> Void
    ) {
        var scanner = ScalarScanner(end: 0, kinds: kinds)
        var start = pieces.start
        for pieceEnd in pieces.ends {
            scanner.end = pieceEnd
            var position = start
            while position < pieceEnd {
                position = scanner.runEnd(outside: .number, text, from: position)
                let numbers = position..<scanner.runEnd(of: .number, text, from: position)
                var left = 0
                while position < numbers.upperBound {
                    position += UTF8Text.length(lead: text[position])
                    left += 1
                }
                position = numbers.lowerBound
                while left > 0 {
                    position += UTF8Text.length(lead: text[position])
                    left -= 1
                    guard left % 3 == 0 else { continue }
                    body(text, start..<position)
                    start = position
                }
            }
            if start < pieceEnd {
                body(text, start..<pieceEnd)
            }
            start = pieceEnd
        }
    }

    private static func splitDigits(
        _ text: borrowing Span<UInt8>, _ pieces: SplitPieces,
        _ body: (borrowing Span<UInt8>, Range<Int>) -> Void
    ) {
        func isDigit(_ byte: UInt8) -> Bool {
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
        var start = pieces.start
        for pieceEnd in pieces.ends {
            var position = start
            while position < pieceEnd {
                guard isDigit(text[position]) else {
                    position += 1
                    continue
                }
                var end = position
                while end < pieceEnd, isDigit(text[end]) {
                    end += 1
                }
                for cut in position..<end where (end - cut) % 3 == 0 && cut > start {
                    body(text, start..<cut)
                    start = cut
                }
                position = end
            }
            if start < pieceEnd {
                body(text, start..<pieceEnd)
            }
            start = pieceEnd
        }
    }
}
