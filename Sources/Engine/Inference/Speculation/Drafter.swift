/// Guesses how texts go on, so that a step can verify several tokens of each at once (Leviathan 2023).
///
/// A guess changes no answer: the model's own choice is drawn for every token, with the same random numbers as without a
/// draft, and a draft's tokens count only as long as they are what was drawn. So the text is the same, bit for bit,
/// at every temperature, which is more than the usual acceptance rule promises (it keeps the distribution only).
///
/// Owned by the decoding thread.
package protocol Drafter {
    /// For each text up to `most` tokens that may follow; fewer, or none, where there is no good guess.
    func propose(_ texts: [DraftText]) -> [[Int]]

    /// Frees what is kept for a text.
    func forget(_ id: Int)
}

/// A text that a ``Drafter`` is to continue.
package struct DraftText {
    package let id: Int
    package let tokens: [Int]
    package let most: Int

    package init(id: Int, tokens: [Int], most: Int) {
        self.id = id
        self.tokens = tokens
        self.most = most
    }
}
