extension ScalarScanner {
    /// Where the piece that begins at `start` ends, after Qwen 2's expression as llama.cpp reads it.
    ///
    /// `'(?:[sStTmMdD]|[rR][eE]|[vV][eE]|[lL][lL])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}`
    /// `| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
    func qwen2PieceEnd(_ text: borrowing Span<UInt8>, from start: Int) -> Int {
        let first = text[start]
        if first == UInt8(ascii: "'"),
            let end = contractionEnd(text, from: start, ignoringCase: true)
        {
            return end
        }
        let (kind, next) = kind(text, at: start)
        if !kind.isDisjoint(with: .letter) {
            return runEnd(of: .letter, text, from: next)
        }
        if !kind.isDisjoint(with: .number) {
            return next
        }
        let (nextKind, afterNext) = self.kind(text, at: next)
        if !isLineBreak(first), !nextKind.isDisjoint(with: .letter) {
            return runEnd(of: .letter, text, from: afterNext)
        }
        if kind.isDisjoint(with: .whitespace) {
            return symbolsEnd(text, from: next)
        }
        if first == UInt8(ascii: " "), !nextKind.isEmpty, nextKind.isDisjoint(with: .wordOrSpace) {
            return symbolsEnd(text, from: afterNext)
        }
        return lineBreaksEnd(text, from: start) ?? spaceEnd(text, from: start)
    }

    /// Reads `[^\s\p{L}\p{N}]*[\r\n]*`.
    private func symbolsEnd(_ text: borrowing Span<UInt8>, from start: Int) -> Int {
        var position = runEnd(outside: .wordOrSpace, text, from: start)
        while position < end, isLineBreak(text[position]) {
            position += 1
        }
        return position
    }

    /// `\s*[\r\n]+`: the run of white space up to its last line break, if it has one.
    private func lineBreaksEnd(_ text: borrowing Span<UInt8>, from start: Int) -> Int? {
        var lastBreakEnd: Int?
        var position = start
        while position < end {
            let (kind, next) = kind(text, at: position)
            guard !kind.isDisjoint(with: .whitespace) else { break }
            if isLineBreak(text[position]) {
                lastBreakEnd = next
            }
            position = next
        }
        return lastBreakEnd
    }

    private func isLineBreak(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
    }
}
