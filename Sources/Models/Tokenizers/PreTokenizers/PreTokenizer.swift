/// Splits text into the pieces that byte-pair merges do not cross.
struct PreTokenizer: Sendable {
    /// Each splits the pieces of the one before.
    let steps: [SplitStep]
    /// What each scalar is.
    let kinds: ScalarKinds

    init(_ steps: [SplitStep], kinds: ScalarKinds) {
        self.steps = steps
        self.kinds = kinds
    }

    /// Calls `body` with each piece of `text[range]`, in order and without gaps.
    func forEachPiece(
        of text: borrowing Span<UInt8>, _ range: Range<Int>,
        _ body: (borrowing Span<UInt8>, Range<Int>) -> Void
    ) {
        split(text, range, from: 0, body)
    }

    private func split(
        _ text: borrowing Span<UInt8>, _ range: Range<Int>, from index: Int,
        _ body: (borrowing Span<UInt8>, Range<Int>) -> Void
    ) {
        // A single byte is a piece whatever the rule says.
        guard index < steps.count, range.count > 1 else {
            if !range.isEmpty {
                body(text, range)
            }
            return
        }
        guard index + 1 < steps.count else {
            steps[index].forEachPiece(of: text, range, kinds, body)
            return
        }
        steps[index].forEachPiece(of: text, range, kinds) { text, piece in
            split(text, piece, from: index + 1, body)
        }
    }
}
