/// Finds special tokens written in a text.
///
/// As llama.cpp does: the longest token takes all its places in the text first, then the next
/// longest in what is left. Costs O(text) where no special token begins, and a few binary
/// searches where one may.
struct SpecialTokenMatcher: Sendable {
    /// A stretch of text, or a special token found between.
    enum Fragment: Equatable {
        case text(Range<Int>)
        case token(Int)
    }

    private struct Match {
        var token: Int
        var range: Range<Int>
    }

    /// In the order of their bytes.
    private let tokens: [(token: Int, text: [UInt8])]
    /// For each byte: the tokens that begin with it.
    private let starts: [Range<Int>]

    init(_ vocabulary: Vocabulary, types: Set<TokenType>) {
        let tokens = (0..<vocabulary.count)
            .filter { types.contains(vocabulary.types[$0]) && !vocabulary.texts[$0].isEmpty }
            .map { (token: $0, text: Array(vocabulary.texts[$0])) }
            .sorted { $0.text.lexicographicallyPrecedes($1.text) }
        var starts = [Range<Int>](repeating: 0..<0, count: 256)
        for (index, token) in tokens.enumerated() {
            let first = Int(token.text[0])
            starts[first] = (starts[first].isEmpty ? index : starts[first].lowerBound)..<index + 1
        }
        self.tokens = tokens
        self.starts = starts
    }

    /// The whole text in order; no stretch of text is empty.
    func fragments(of text: borrowing Span<UInt8>) -> [Fragment] {
        let whole: [Fragment] = text.isEmpty ? [] : [.text(0..<text.count)]
        guard !tokens.isEmpty else { return whole }
        let matches = disjoint(allMatches(in: text), count: text.count)
        guard !matches.isEmpty else { return whole }
        var fragments: [Fragment] = []
        var end = 0
        for match in matches {
            if match.range.lowerBound > end {
                fragments.append(.text(end..<match.range.lowerBound))
            }
            fragments.append(.token(match.token))
            end = match.range.upperBound
        }
        if end < text.count {
            fragments.append(.text(end..<text.count))
        }
        return fragments
    }

    private func allMatches(in text: borrowing Span<UInt8>) -> [Match] {
        var matches: [Match] = []
        for start in 0..<text.count {
            var candidates = starts[Int(text[start])]
            guard !candidates.isEmpty else { continue }
            var length = 1
            while !candidates.isEmpty {
                // All candidates share their first `length` bytes; the one with no more comes first.
                let first = tokens[candidates.lowerBound]
                if first.text.count == length {
                    matches.append(Match(token: first.token, range: start..<start + length))
                    candidates = candidates.dropFirst()
                }
                guard start + length < text.count else { break }
                candidates = narrowed(candidates, at: length, to: text[start + length])
                length += 1
            }
        }
        return matches
    }

    /// The candidates whose byte at `position` is `byte`.
    private func narrowed(_ candidates: Range<Int>, at position: Int, to byte: UInt8) -> Range<Int>
    {
        func firstIndex(where isPast: (UInt8) -> Bool) -> Int {
            var range = candidates
            while !range.isEmpty {
                let middle = range.lowerBound + range.count / 2
                range =
                    isPast(tokens[middle].text[position])
                    ? range.lowerBound..<middle : middle + 1..<range.upperBound
            }
            return range.lowerBound
        }
        return firstIndex { $0 >= byte }..<firstIndex { $0 > byte }
    }

    /// The matches that stay when longer ones go first and none may overlap, by position.
    private func disjoint(_ matches: [Match], count: Int) -> [Match] {
        let overlaps = zip(matches, matches.dropFirst())
            .contains { $0.range.upperBound > $1.range.lowerBound }
        guard overlaps else { return matches }
        let byLength = matches.sorted {
            ($1.range.count, $0.token, $0.range.lowerBound)
                < ($0.range.count, $1.token, $1.range.lowerBound)
        }
        var isTaken = [Bool](repeating: false, count: count)
        // What was taken before is never shorter, so that an overlap shows at one of the two ends.
        return byLength.filter { match in
            guard !isTaken[match.range.lowerBound], !isTaken[match.range.upperBound - 1] else {
                return false
            }
            for position in match.range {
                isTaken[position] = true
            }
            return true
        }.sorted { $0.range.lowerBound < $1.range.lowerBound }
    }
}
