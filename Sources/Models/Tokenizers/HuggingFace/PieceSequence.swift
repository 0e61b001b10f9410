/// A text on its way to a model: bytes, and the pieces of them that are tokenized apart.
struct PieceSequence {
    var text: [UInt8]
    var pieces: [Range<Int>]
    /// Whether the text begins where the user's text begins.
    var startsAtOrigin: Bool

    init(_ text: [UInt8], startsAtOrigin: Bool) {
        self.text = text
        self.startsAtOrigin = startsAtOrigin
        pieces = text.isEmpty ? [] : [0..<text.count]
    }

    /// Splits every piece at the matches that `find` gives to its last argument.
    mutating func split(
        _ behavior: SplitBehavior, isInverted: Bool = false,
        _ find: (borrowing Span<UInt8>, Range<Int>, (borrowing Span<UInt8>, Range<Int>) -> Void)
            -> Void
    ) {
        var result: [Range<Int>] = []
        result.reserveCapacity(max(pieces.count, text.count / 4))
        for piece in pieces {
            var splitter = PieceSplitter(piece, behavior, isInverted: isInverted)
            find(text.span, piece) { _, match in
                splitter.append(match, to: &result)
            }
            splitter.finish(&result)
        }
        pieces = result
    }

    /// Splits every piece at the scalars of `set`.
    mutating func split(at set: ScalarTable, _ behavior: SplitBehavior) {
        split(behavior) { text, range, body in
            var position = range.lowerBound
            while position < range.upperBound {
                let (scalar, length) = UTF8Text.scalar(in: text, at: position)
                if set.contains(scalar) {
                    body(text, position..<position + length)
                }
                position += length
            }
        }
    }

    /// Cuts pieces where `isBoundary` of the scalars before and after says so.
    mutating func cut(_ isBoundary: (_ before: UInt32, _ after: UInt32) -> Bool) {
        var result: [Range<Int>] = []
        let bytes = text
        let span = bytes.span
        for piece in pieces {
            var start = piece.lowerBound
            var position = start
            var last: UInt32?
            while position < piece.upperBound {
                let (scalar, length) = UTF8Text.scalar(in: span, at: position)
                if let last, isBoundary(last, scalar) {
                    result.append(start..<position)
                    start = position
                }
                last = scalar
                position += length
            }
            result.append(start..<piece.upperBound)
        }
        pieces = result
    }

    /// Cuts pieces into such of `length` scalars.
    mutating func cut(everyScalars length: Int) {
        var result: [Range<Int>] = []
        for piece in pieces {
            var start = piece.lowerBound
            var position = start
            var count = 0
            while position < piece.upperBound {
                position += UTF8Text.length(lead: text[position])
                count += 1
                if count % length == 0 || position == piece.upperBound {
                    result.append(start..<position)
                    start = position
                }
            }
        }
        pieces = result
    }

    /// Rewrites every piece; what `append` adds is the new piece.
    mutating func rewrite(
        _ append: (borrowing Span<UInt8>, Range<Int>, _ isFirst: Bool, inout [UInt8]) -> Void
    ) {
        var result: [UInt8] = []
        result.reserveCapacity(text.count + text.count / 4)
        var ranges: [Range<Int>] = []
        ranges.reserveCapacity(pieces.count)
        for piece in pieces {
            let start = result.count
            append(text.span, piece, startsAtOrigin && piece.lowerBound == 0, &result)
            if result.count > start { ranges.append(start..<result.count) }
        }
        if pieces.first?.lowerBound != 0 { startsAtOrigin = false }
        text = result
        pieces = ranges
    }
}
