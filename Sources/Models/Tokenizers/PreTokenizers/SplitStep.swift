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

    func forEachPiece(
        of text: borrowing Span<UInt8>, _ range: Range<Int>, _ kinds: ScalarKinds,
        _ body: (borrowing Span<UInt8>, Range<Int>) -> Void
    ) {
        switch self {
        case .gpt2:
            let scanner = ScalarScanner(end: range.upperBound, kinds: kinds)
            var start = range.lowerBound
            while start < range.upperBound {
                let end = scanner.gpt2PieceEnd(text, from: start)
                body(text, start..<end)
                start = end
            }
        case .words(let pattern):
            pattern.forEachPiece(of: text, range, kinds, body)
        case .matches(let match):
            match.forEachPiece(of: text, range, kinds, body)
        case .lines:
            Self.splitLines(text, range, body)
        case .numberGroups:
            Self.splitNumbers(text, range, kinds, body)
        case .digitGroups:
            Self.splitDigits(text, range, body)
        }
    }

    private static func splitLines(
        _ text: borrowing Span<UInt8>, _ range: Range<Int>,
        _ body: (borrowing Span<UInt8>, Range<Int>) -> Void
    ) {
        var start = range.lowerBound
        while start < range.upperBound {
            let isBreak = text[start] == UInt8(ascii: "\n")
            var end = start + 1
            while end < range.upperBound, (text[end] == UInt8(ascii: "\n")) == isBreak {
                end += 1
            }
            body(text, start..<end)
            start = end
        }
    }

    private static func splitNumbers(
        _ text: borrowing Span<UInt8>, _ range: Range<Int>, _ kinds: ScalarKinds,
        _ body: (borrowing Span<UInt8>, Range<Int>) -> Void
    ) {
        let scanner = ScalarScanner(end: range.upperBound, kinds: kinds)
        var start = range.lowerBound
        var position = start
        while position < range.upperBound {
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
        if start < range.upperBound {
            body(text, start..<range.upperBound)
        }
    }

    private static func splitDigits(
        _ text: borrowing Span<UInt8>, _ range: Range<Int>,
        _ body: (borrowing Span<UInt8>, Range<Int>) -> Void
    ) {
        func isDigit(_ byte: UInt8) -> Bool {
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
        var start = range.lowerBound
        var position = start
        while position < range.upperBound {
            guard isDigit(text[position]) else {
                position += 1
                continue
            }
            var end = position
            while end < range.upperBound, isDigit(text[end]) {
                end += 1
            }
            for cut in position..<end where (end - cut) % 3 == 0 && cut > start {
                body(text, start..<cut)
                start = cut
            }
            position = end
        }
        if start < range.upperBound {
            body(text, start..<range.upperBound)
        }
    }
}
