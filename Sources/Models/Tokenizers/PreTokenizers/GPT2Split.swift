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
