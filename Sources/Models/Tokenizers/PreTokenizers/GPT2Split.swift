extension ScalarScanner {
    /// Where the piece that begins at `start` ends, after GPT-2's expression.
    ///
    /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
    func gpt2PieceEnd(_ text: borrowing Span<UInt8>, from start: Int) -> Int {
        let first = text[start]
        if first == UInt8(ascii: "'"),
            let end = contractionEnd(text, from: start, ignoringCase: false)
        {
            return end
        }
        let wordStart = first == UInt8(ascii: " ") ? start + 1 : start
        let (kind, next) = kind(text, at: wordStart)
        if !kind.isDisjoint(with: .letter) {
            return runEnd(of: .letter, text, from: next)
        }
        if !kind.isDisjoint(with: .number) {
            return runEnd(of: .number, text, from: next)
        }
        if !kind.isEmpty, kind.isDisjoint(with: .whitespace) {
            return runEnd(outside: .wordOrSpace, text, from: next)
        }
        return spaceEnd(text, from: start)
    }
}

/// llama.cpp's rule for byte-level files that name none: four expressions, each splitting the
/// pieces of the one before.
///
/// 1. `[\p{P}\$\+<=>\^~\|]+`
/// 2. GPT-2's
/// 3. `\p{N}+`
/// 4. `[0-9][0-9][0-9]`
enum GenericSplit {
    static func forEachPiece(
        of text: borrowing Span<UInt8>, _ range: Range<Int>,
        _ body: (borrowing Span<UInt8>, Range<Int>) -> Void
    ) {
        let scanner = ScalarScanner(end: range.upperBound)
        var start = range.lowerBound
        while start < range.upperBound {
            let isPunctuation = isPunctuation(scanner, text, start)
            var end = start
            while end < range.upperBound, Self.isPunctuation(scanner, text, end) == isPunctuation {
                end += UTF8Text.length(lead: text[end])
            }
            splitWords(of: text, start..<end, body)
            start = end
        }
    }

    private static func isPunctuation(
        _ scanner: ScalarScanner, _ text: borrowing Span<UInt8>, _ position: Int
    ) -> Bool {
        switch text[position] {
        case UInt8(ascii: "$"), UInt8(ascii: "+"), UInt8(ascii: "<"), UInt8(ascii: "="),
            UInt8(ascii: ">"), UInt8(ascii: "^"), UInt8(ascii: "~"), UInt8(ascii: "|"):
            return true
        default:
            return !scanner.kind(text, at: position).kind.isDisjoint(with: .punctuation)
        }
    }

    private static func splitWords(
        of text: borrowing Span<UInt8>, _ range: Range<Int>,
        _ body: (borrowing Span<UInt8>, Range<Int>) -> Void
    ) {
        let scanner = ScalarScanner(end: range.upperBound)
        var start = range.lowerBound
        while start < range.upperBound {
            let end = scanner.gpt2PieceEnd(text, from: start)
            splitNumbers(of: text, start..<end, body)
            start = end
        }
    }

    /// A piece of numbers has at most a space before them.
    private static func splitNumbers(
        of text: borrowing Span<UInt8>, _ range: Range<Int>,
        _ body: (borrowing Span<UInt8>, Range<Int>) -> Void
    ) {
        let scanner = ScalarScanner(end: range.upperBound)
        var start = range.lowerBound
        if text[start] == UInt8(ascii: " "), range.count > 1,
            !scanner.kind(text, at: start + 1).kind.isDisjoint(with: .number)
        {
            body(text, start..<start + 1)
            start += 1
        }
        splitTriples(of: text, start..<range.upperBound, body)
    }

    private static func splitTriples(
        of text: borrowing Span<UInt8>, _ range: Range<Int>,
        _ body: (borrowing Span<UInt8>, Range<Int>) -> Void
    ) {
        var start = range.lowerBound
        var digits = 0
        for position in range {
            let isDigit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(text[position])
            digits = isDigit ? digits + 1 : 0
            guard digits == 3 else { continue }
            if start < position - 2 {
                body(text, start..<position - 2)
            }
            body(text, position - 2..<position + 1)
            start = position + 1
            digits = 0
        }
        if start < range.upperBound {
            body(text, start..<range.upperBound)
        }
    }
}
