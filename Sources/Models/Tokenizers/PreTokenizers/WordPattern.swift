/// The expressions of most models since GPT-4: one shape, told apart by a few choices.
///
/// `contraction|[^\r\n\p{L}\p{N}]?letters+|\p{N}{1,n}| ?[^\s letters \p{N}]+ tail|\s*[\r\n]+|\s+(?!\S)|\s+`
///
/// A contraction is one of `'s 't 're 've 'm 'll 'd` in either case. What llama.cpp reads as a letter,
/// a number or white space is what the expression says here.
struct WordPattern: Sendable {
    enum Contractions: Sendable {
        case none
        /// A piece of its own.
        case first
        /// The end of the word before it.
        case afterWord
    }

    /// What a word is.
    enum Letters: Sendable {
        /// `\p{L}+`
        case letters
        /// `[\p{L}\p{M}]+`
        case lettersAndMarks
        /// Uppercase before lowercase: `U*L+|U+L*`. U is every letter but `a` to `z`, L every letter but
        /// `A` to `Z`, which is what llama.cpp makes of the categories of case.
        case cased
        /// The same with marks, which count as letters of both.
        case casedWithMarks
        /// `\p{L}+` of other scripts; Chinese characters are pieces of their own, in runs.
        case apartFromHan
        /// Letters, each with its marks, one space allowed between two:
        /// `(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+`
        case joinedBySpaces
    }

    /// What may follow symbols in their piece.
    enum SymbolTail: Sendable {
        case none
        /// `[\r\n]*`
        case lineBreaks
        /// `[\r\n/]*`
        case lineBreaksAndSlashes
        /// `[\r\n/]?`
        case oneLineBreakOrSlash
    }

    var contractions = Contractions.first
    var letters = Letters.letters
    /// Most numbers in a piece.
    var numbers = 1
    /// Whether marks are kept out of the pieces of symbols too.
    var marksAreNoSymbols = false
    var tail = SymbolTail.lineBreaks
    /// White space in pieces of 512, 256, ..., 4, 2 and 1 instead of runs.
    var halvesSpaces = false

    func forEachPiece(
        of text: borrowing Span<UInt8>, _ pieces: SplitPieces, _ kinds: ScalarKinds,
        _ body: (borrowing Span<UInt8>, Range<Int>) -> Void
    ) {
        var scanner = ScalarScanner(end: 0, kinds: kinds)
        var start = pieces.start
        for pieceEnd in pieces.ends {
            scanner.end = pieceEnd
            // White space before this is known to hold no line break.
            var breaklessEnd = start
            while start < pieceEnd {
                let end =
                    wordEnd(scanner, text, from: start)
                    ?? spaceEnd(scanner, text, from: start, breaklessEnd: &breaklessEnd)
                body(text, start..<end)
                start = end
            }
        }
    }

    /// The end of a piece that is not of white space only.
    @inline(__always)
    private func wordEnd(
        _ scanner: ScalarScanner, _ text: borrowing Span<UInt8>, from start: Int
    ) -> Int? {
        let first = text[start]
        if contractions == .first, first == UInt8(ascii: "'"),
            let end = scanner.contractionEnd(text, from: start, ignoringCase: true)
        {
            return end
        }
        let (kind, next) = scanner.kind(text, at: start)
        if letters == .apartFromHan, let end = scanner.hanEnd(text, from: start) {
            return end
        }
        if !kind.isDisjoint(with: wordStart) {
            return lettersEnd(scanner, text, from: start)
        }
        if !kind.isDisjoint(with: .number) {
            return numbersEnd(scanner, text, from: next)
        }
        let (nextKind, afterNext) = scanner.kind(text, at: next)
        if !scanner.isLineBreak(first), !nextKind.isDisjoint(with: wordStart),
            letters != .apartFromHan || scanner.hanEnd(text, from: next) == nil
        {
            return lettersEnd(scanner, text, from: next)
        }
        if kind.isDisjoint(with: noSymbols) {
            return symbolsEnd(scanner, text, from: next)
        }
        if first == UInt8(ascii: " "), !nextKind.isEmpty, nextKind.isDisjoint(with: noSymbols) {
            return symbolsEnd(scanner, text, from: afterNext)
        }
        return nil
    }

    private var wordStart: ScalarSet {
        switch letters {
        case .letters, .cased, .apartFromHan, .joinedBySpaces: .letter
        case .lettersAndMarks, .casedWithMarks: .letterOrMark
        }
    }

    private var noSymbols: ScalarSet {
        marksAreNoSymbols ? [.wordOrSpace, .mark] : .wordOrSpace
    }

    private func lettersEnd(
        _ scanner: ScalarScanner, _ text: borrowing Span<UInt8>, from start: Int
    ) -> Int {
        let end =
            switch letters {
            case .letters: scanner.runEnd(of: .letter, text, from: start)
            case .lettersAndMarks: scanner.runEnd(of: .letterOrMark, text, from: start)
            case .cased, .casedWithMarks: scanner.casedWordEnd(text, wordStart, from: start)
            case .apartFromHan: scanner.lettersEndBeforeHan(text, from: start)
            case .joinedBySpaces: scanner.joinedLettersEnd(text, from: start)
            }
        guard contractions == .afterWord, end < scanner.end, text[end] == UInt8(ascii: "'") else {
            return end
        }
        return scanner.contractionEnd(text, from: end, ignoringCase: true) ?? end
    }

    /// The first number ends at `position`.
    @inline(__always)
    private func numbersEnd(
        _ scanner: ScalarScanner, _ text: borrowing Span<UInt8>, from position: Int
    ) -> Int {
        var position = position
        var count = 1
        while count < numbers {
            let (kind, next) = scanner.kind(text, at: position)
            guard !kind.isDisjoint(with: .number) else { break }
            position = next
            count += 1
        }
        return position
    }

    private func symbolsEnd(
        _ scanner: ScalarScanner, _ text: borrowing Span<UInt8>, from start: Int
    ) -> Int {
        var position = scanner.runEnd(outside: noSymbols, text, from: start)
        guard tail != .none else { return position }
        let takesSlashes = tail != .lineBreaks
        while position < scanner.end,
            scanner.isLineBreak(text[position])
                || takesSlashes && text[position] == UInt8(ascii: "/")
        {
            position += 1
            if tail == .oneLineBreakOrSlash { break }
        }
        return position
    }

    private func spaceEnd(
        _ scanner: ScalarScanner, _ text: borrowing Span<UInt8>, from start: Int,
        breaklessEnd: inout Int
    ) -> Int {
        guard halvesSpaces else {
            return scanner.lineBreaksEnd(text, from: start) ?? scanner.spaceEnd(text, from: start)
        }
        if start >= breaklessEnd {
            if let end = scanner.lineBreaksEnd(text, from: start) {
                return end
            }
            breaklessEnd = scanner.runEnd(of: .whitespace, text, from: start)
        }
        return scanner.halvedSpaceEnd(text, from: start)
    }
}

extension ScalarScanner {
    /// `U*L+|U+L*` where a letter stands at `start`; see ``WordPattern/Letters/cased``.
    ///
    /// After the longest U*, L+ goes on if it can. Else the expression steps back to the last letter that
    /// is both, and where there is none, the second alternative takes the run.
    func casedWordEnd(
        _ text: borrowing Span<UInt8>, _ letters: ScalarSet, from start: Int
    ) -> Int {
        var position = start
        var lastOfBothEnd: Int?
        while position < end, !isLowercase(text[position]) {
            let (kind, next) = kind(text, at: position)
            guard !kind.isDisjoint(with: letters) else { return lastOfBothEnd ?? position }
            if text[position] >= 0x80 {
                lastOfBothEnd = next
            }
            position = next
        }
        guard position < end else { return lastOfBothEnd ?? position }
        while position < end, !isUppercase(text[position]) {
            let (kind, next) = kind(text, at: position)
            guard !kind.isDisjoint(with: letters) else { break }
            position = next
        }
        return position
    }

    /// `(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+` where a letter stands at `start`.
    func joinedLettersEnd(_ text: borrowing Span<UInt8>, from start: Int) -> Int {
        var position = start
        while true {
            let isSpace = position < end && text[position] == UInt8(ascii: " ")
            let (kind, next) = kind(text, at: isSpace ? position + 1 : position)
            guard !kind.isDisjoint(with: .letter) else { return position }
            position = runEnd(of: .mark, text, from: next)
        }
    }

    /// The end of the run of Chinese characters at `start`, if one begins there.
    func hanEnd(_ text: borrowing Span<UInt8>, from start: Int) -> Int? {
        var position = start
        while position < end, text[position] >= 0xE3 {
            let (scalar, length) = UTF8Text.scalar(in: text, at: position)
            guard HanCharacters.contains(scalar) else { break }
            position += length
        }
        return position > start ? position : nil
    }

    func lettersEndBeforeHan(_ text: borrowing Span<UInt8>, from start: Int) -> Int {
        var position = start
        while position < end {
            let (scalar, length) = UTF8Text.scalar(in: text, at: position)
            guard !kind(text, at: position).kind.isDisjoint(with: .letter),
                !HanCharacters.contains(scalar)
            else { break }
            position += length
        }
        return position
    }

    /// `\s{512}(?!\S)|\s{256}(?!\S)|...|\s{4}(?!\S)|\s{1,2}(?!\S)|\s{1}` where white space stands.
    func halvedSpaceEnd(_ text: borrowing Span<UInt8>, from start: Int) -> Int {
        var position = start
        var count = 0
        var best = start
        var wanted = 1
        while true {
            let (kind, next) = kind(text, at: position)
            let isSpace = !kind.isDisjoint(with: .whitespace)
            if count == wanted {
                if isSpace || kind.isEmpty || count == 1 && best == start {
                    best = position
                }
                guard isSpace, count < 512 else { return best }
                wanted *= 2
            }
            guard isSpace else { return best }
            position = next
            count += 1
        }
    }

    @inline(__always)
    private func isLowercase(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
    }

    @inline(__always)
    private func isUppercase(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }
}

/// The blocks that llama.cpp takes for `\p{Han}`.
enum HanCharacters {
    @inline(__always)
    static func contains(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2EBEF,
            0xF900...0xFAFF, 0x2F800...0x2FA1F:
            true
        default:
            false
        }
    }
}
