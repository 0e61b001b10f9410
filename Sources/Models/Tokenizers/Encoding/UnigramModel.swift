/// The unigram model of SentencePiece (Kudo 2018): of all ways to cut a text into tokens, the one whose
/// scores add up highest.
struct UnigramModel: Sendable {
    /// A token of the best cut and the bytes it covers.
    struct Piece: Equatable {
        var token: Int
        var range: Range<Int>
    }

    private let trie: ByteTrie
    /// By token.
    private let scores: [Double]
    private let unknownToken: Int
    /// Score of a character that is no token.
    private let unknownScore: Double

    /// The best cut of the text before a place.
    private struct Best {
        var score: Double
        var token: Int32
        /// Where its last token begins.
        var start: Int32
    }

    /// A model of `pieces`.
    ///
    /// - Parameters:
    ///   - pieces: texts and their tokens, those that may be chosen.
    ///   - scores: of all tokens.
    ///   - unknownToken: stands for characters that are no token.
    ///   - unknownScore: the score of each of them.
    init(
        pieces: [(text: ArraySlice<UInt8>, value: Int)], scores: [Double], unknownToken: Int,
        unknownScore: Double
    ) {
        trie = ByteTrie(pieces)
        self.scores = scores
        self.unknownToken = unknownToken
        self.unknownScore = unknownScore
    }

    /// The best cut of `text`; among equals, the one found first from the left.
    ///
    /// Viterbi's algorithm: O(text times the longest token), which real texts come nowhere near.
    func pieces(of text: borrowing Span<UInt8>) -> [Piece] {
        let count = text.count
        var best = [Best](
            repeating: Best(
                score: -.greatestFiniteMagnitude, token: Int32(unknownToken), start: 0),
            count: count + 1)
        best[0].score = 0
        var position = 0
        while position < count {
            let length = min(UTF8Text.length(lead: text[position]), count - position)
            let score = best[position].score
            var isCovered = false
            var node = ByteTrie.root
            var end = position
            while end < count {
                node = trie.child(of: node, text[end])
                guard node != ByteTrie.none else { break }
                end += 1
                guard let token = trie.value(at: node) else { continue }
                isCovered = isCovered || end - position == length
                let challenger = score + scores[token]
                if challenger > best[end].score {
                    best[end] = Best(
                        score: challenger, token: Int32(token), start: Int32(position))
                }
            }
            if !isCovered {
                let challenger = score + unknownScore
                if challenger > best[position + length].score {
                    best[position + length] = Best(
                        score: challenger, token: Int32(unknownToken), start: Int32(position))
                }
            }
            position += length
        }
        var pieces: [Piece] = []
        var end = count
        while end > 0 {
            let start = Int(best[end].start)
            pieces.append(Piece(token: Int(best[end].token), range: start..<end))
            end = start
        }
        pieces.reverse()
        return pieces
    }
}
