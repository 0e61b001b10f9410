/// A regular expression whose matches become pieces of their own; so does what stands between two.
enum SplitMatch: Sendable {
    /// What may stand before a run and belongs to it.
    enum Lead: Sendable {
        case none
        /// ` ?`
        case space
        /// `\s?`
        case whitespace
    }

    /// `[class]{minimum,maximum}`, with a lead.
    case run(ScalarClass, Lead = .none, minimum: Int = 1, maximum: Int = .max)
    /// `[class]+|[class]+|...`
    case anyRun([ScalarClass])
    /// `\s+$`
    case trailingSpace
    /// `<sentinel:[0-9]+>`
    case sentinel
    /// `IMGIMG[A-I]{1,4}Z`
    case image
    /// `[\t\n]|    |  `
    case indentation
    /// What DeepSeek V3 and its like split last; `isolatingLineBreaks` says whether each is a piece.
    ///
    /// `[ASCII punctuation][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*`
    /// `|\s*[\r\n]+|\s+(?!\S)|\s+`
    case deepSeekWords(isolatingLineBreaks: Bool)

    /// Calls `body` with each part of each of `pieces`, in order and without gaps.
    func forEachPiece(
        of text: borrowing Span<UInt8>, _ pieces: SplitPieces, _ kinds: ScalarKinds,
        _ body: (borrowing Span<UInt8>, Range<Int>) -> Void
    ) {
        switch self {
        case .run(let set, let lead, let minimum, let maximum):
            Self.split(text, pieces, kinds, body) { scanner, text, position in
                let start = lead.end(scanner, text, at: position)
                return Self.runEnd(scanner, set, text, start, minimum, maximum)
            }
        case .anyRun(let sets):
            Self.split(text, pieces, kinds, body) { scanner, text, position in
                for set in sets {
                    if let end = Self.runEnd(scanner, set, text, position, 1, .max) {
                        return end
                    }
                }
                return nil
            }
        case .trailingSpace:
            Self.splitTrailingSpace(text, pieces, kinds, body)
        case .sentinel:
            Self.split(text, pieces, kinds, body) { scanner, text, position in
                scanner.sentinelEnd(text, from: position)
            }
        case .image:
            Self.split(text, pieces, kinds, body) { scanner, text, position in
                scanner.imageEnd(text, from: position)
            }
        case .indentation:
            Self.split(text, pieces, kinds, body) { scanner, text, position in
                scanner.indentationEnd(text, from: position)
            }
        case .deepSeekWords(let isolatingLineBreaks):
            Self.split(text, pieces, kinds, body) { scanner, text, position in
                scanner.deepSeekWordEnd(
                    text, from: position, isolatingLineBreaks: isolatingLineBreaks)
            }
        }
    }

    @inline(__always)
    private static func split(
        _ text: borrowing Span<UInt8>, _ pieces: SplitPieces, _ kinds: ScalarKinds,
        _ body: (borrowing Span<UInt8>, Range<Int>) -> Void,
        matchEnd: (ScalarScanner, borrowing Span<UInt8>, Int) -> Int?
    ) {
        var scanner = ScalarScanner(end: 0, kinds: kinds)
        var start = pieces.start
        for pieceEnd in pieces.ends {
            scanner.end = pieceEnd
            // A single byte is a piece whatever the expression says.
            var position = pieceEnd - start == 1 ? pieceEnd : start
            while position < pieceEnd {
                guard let end = matchEnd(scanner, text, position) else {
                    position += UTF8Text.length(lead: text[position])
                    continue
                }
                if start < position {
                    body(text, start..<position)
                }
                body(text, position..<end)
                (start, position) = (end, end)
            }
            if start < pieceEnd {
                body(text, start..<pieceEnd)
            }
            start = pieceEnd
        }
    }

    private static func splitTrailingSpace(
        _ text: borrowing Span<UInt8>, _ pieces: SplitPieces, _ kinds: ScalarKinds,
        _ body: (borrowing Span<UInt8>, Range<Int>) -> Void
    ) {
        var scanner = ScalarScanner(end: 0, kinds: kinds)
        var start = pieces.start
        for pieceEnd in pieces.ends {
            scanner.end = pieceEnd
            let spaceStart = trailingSpaceStart(scanner, text, start..<pieceEnd)
            if spaceStart > start {
                body(text, start..<spaceStart)
            }
            if spaceStart < pieceEnd {
                body(text, spaceStart..<pieceEnd)
            }
            start = pieceEnd
        }
    }

    @inline(__always)
    private static func runEnd(
        _ scanner: ScalarScanner, _ set: ScalarClass, _ text: borrowing Span<UInt8>, _ start: Int,
        _ minimum: Int, _ maximum: Int
    ) -> Int? {
        var position = start
        var count = 0
        while count < maximum, let end = set.end(scanner, text, at: position) {
            position = end
            count += 1
        }
        return count >= minimum ? position : nil
    }

    private static func trailingSpaceStart(
        _ scanner: ScalarScanner, _ text: borrowing Span<UInt8>, _ range: Range<Int>
    ) -> Int {
        var start = range.upperBound
        while start > range.lowerBound {
            var previous = start - 1
            while previous > range.lowerBound, text[previous] & 0xC0 == 0x80 {
                previous -= 1
            }
            guard !scanner.kind(text, at: previous).kind.isDisjoint(with: .whitespace) else {
                break
            }
            start = previous
        }
        return start
    }
}

extension SplitMatch.Lead {
    /// Where a run begins whose lead may stand at `position`.
    @inline(__always)
    fileprivate func end(
        _ scanner: ScalarScanner, _ text: borrowing Span<UInt8>, at position: Int
    ) -> Int {
        switch self {
        case .none:
            return position
        case .space:
            return text[position] == UInt8(ascii: " ") ? position + 1 : position
        case .whitespace:
            let (kind, next) = scanner.kind(text, at: position)
            return kind.isDisjoint(with: .whitespace) ? position : next
        }
    }
}

extension ScalarScanner {
    /// See ``SplitMatch/deepSeekWords(isolatingLineBreaks:)``; nothing for numbers and what has no shape.
    func deepSeekWordEnd(
        _ text: borrowing Span<UInt8>, from start: Int, isolatingLineBreaks: Bool
    ) -> Int? {
        let first = text[start]
        let (kind, next) = kind(text, at: start)
        let isMark = !kind.isDisjoint(with: .punctuationOrSymbol)
        if first < 0x80, isMark, next < end, isASCIILetter(text[next]) {
            var position = next
            while position < end, isASCIILetter(text[position]) {
                position += 1
            }
            return position
        }
        if !kind.isDisjoint(with: .letterOrMark) {
            return runEnd(of: .letterOrMark, text, from: next)
        }
        let (nextKind, afterNext) = self.kind(text, at: next)
        if !isMark, !isLineBreak(first), !nextKind.isDisjoint(with: .letterOrMark) {
            return runEnd(of: .letterOrMark, text, from: afterNext)
        }
        if isMark || first == UInt8(ascii: " ") && !nextKind.isDisjoint(with: .punctuationOrSymbol)
        {
            var position = runEnd(of: .punctuationOrSymbol, text, from: next)
            while !isolatingLineBreaks, position < end, isLineBreak(text[position]) {
                position += 1
            }
            return position
        }
        guard !kind.isDisjoint(with: .whitespace) else { return nil }
        if isolatingLineBreaks {
            return isLineBreak(first) ? next : spaceEnd(text, from: start)
        }
        return lineBreaksEnd(text, from: start) ?? spaceEnd(text, from: start)
    }

    /// `<sentinel:[0-9]+>`.
    func sentinelEnd(_ text: borrowing Span<UInt8>, from start: Int) -> Int? {
        guard var position = literalEnd("<sentinel:", text, from: start) else { return nil }
        let digits = position
        while position < end, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(text[position]) {
            position += 1
        }
        guard position > digits, position < end, text[position] == UInt8(ascii: ">") else {
            return nil
        }
        return position + 1
    }

    /// `IMGIMG[A-I]{1,4}Z`.
    func imageEnd(_ text: borrowing Span<UInt8>, from start: Int) -> Int? {
        guard var position = literalEnd("IMGIMG", text, from: start) else { return nil }
        let letters = position
        while position < end, position < letters + 4,
            (UInt8(ascii: "A")...UInt8(ascii: "I")).contains(text[position])
        {
            position += 1
        }
        guard position > letters, position < end, text[position] == UInt8(ascii: "Z") else {
            return nil
        }
        return position + 1
    }

    /// `[\t\n]|    |  `.
    func indentationEnd(_ text: borrowing Span<UInt8>, from start: Int) -> Int? {
        if text[start] == UInt8(ascii: "\t") || text[start] == UInt8(ascii: "\n") {
            return start + 1
        }
        return literalEnd("    ", text, from: start) ?? literalEnd("  ", text, from: start)
    }

    @inline(__always)
    private func literalEnd(
        _ literal: String, _ text: borrowing Span<UInt8>, from start: Int
    ) -> Int? {
        var position = start
        for byte in literal.utf8 {
            guard position < end, text[position] == byte else { return nil }
            position += 1
        }
        return position
    }

    @inline(__always)
    private func isASCIILetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
}
