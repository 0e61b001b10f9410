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
        guard !range.isEmpty, let last = steps.last else { return }
        // One step after another, so that each sets up once and not for every piece.
        var pieces = SplitPieces(range)
        for step in steps.dropLast() {
            var ends: [Int] = []
            ends.reserveCapacity(max(pieces.ends.count, range.count / 4))
            step.forEachPiece(of: text, pieces, kinds) { _, piece in
                ends.append(piece.upperBound)
            }
            pieces.ends = ends
        }
        last.forEachPiece(of: text, pieces, kinds, body)
    }
}

/// Pieces of a text side by side.
struct SplitPieces {
    /// Where the first begins.
    let start: Int
    /// Where each ends, and the next begins.
    var ends: [Int]

    /// One piece.
    init(_ range: Range<Int>) {
        start = range.lowerBound
        ends = [range.upperBound]
    }
}
