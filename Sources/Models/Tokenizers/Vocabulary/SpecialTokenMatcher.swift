/// Finds special tokens written in a text.
///
/// As llama.cpp does: the longest token takes all its places in the text first, then the next
/// longest in what is left; a token that swallows white space takes what is left beside it.
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

    private let trie: ByteTrie
    private let maximumLength: Int
    /// Tokens that swallow the white space before and after them.
    private let strippingBefore: Set<Int>
    private let strippingAfter: Set<Int>

    init(_ vocabulary: Vocabulary, types: Set<TokenType>, stripped: StrippedWhitespace) {
        let tokens = (0..<vocabulary.count).filter { types.contains(vocabulary.types[$0]) }
        let texts = tokens.map { (text: vocabulary.texts[$0], value: $0) }
        trie = ByteTrie(texts)
        maximumLength = texts.map(\.text.count).max() ?? 0
        func token(_ text: String) -> Int? { vocabulary.texts.find(Array(text.utf8)) }
        switch stripped {
        case .none:
            (strippingBefore, strippingAfter) = ([], [])
        case .before(let text):
            (strippingBefore, strippingAfter) = (Set([token(text)].compactMap(\.self)), [])
        case .afterSpecialTokens:
            let plain = ["<unk>", "<s>", "<|endoftext|>"].compactMap(token)
            (strippingBefore, strippingAfter) = ([], Set(tokens).subtracting(plain))
        }
    }

    /// The whole text in order; no stretch of text is empty.
    func fragments(of text: borrowing Span<UInt8>) -> [Fragment] {
        let whole: [Fragment] = text.isEmpty ? [] : [.text(0..<text.count)]
        guard !trie.isEmpty else { return whole }
        let matches = disjoint(longestMatches(in: text), text)
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

    /// At each place, the longest token that stands there.
    private func longestMatches(in text: borrowing Span<UInt8>) -> [Match] {
        var matches: [Match] = []
        for start in 0..<text.count
        where trie.child(of: ByteTrie.root, text[start]) != ByteTrie.none {
            if let match = trie.longestMatch(in: text, from: start) {
                matches.append(Match(token: match.value, range: start..<match.end))
            }
        }
        return matches
    }

    /// The matches that stay when longer ones go first and none may overlap, by position; with the white
    /// space that they swallow.
    private func disjoint(_ matches: [Match], _ text: borrowing Span<UInt8>) -> [Match] {
        let overlaps = zip(matches, matches.dropFirst())
            .contains { $0.range.upperBound > $1.range.lowerBound }
        guard overlaps || !strippingBefore.isEmpty || !strippingAfter.isEmpty else {
            return matches
        }
        var byLength = [[Match]](repeating: [], count: maximumLength + 1)
        for match in matches {
            byLength[match.range.count].append(match)
        }
        var isTaken = [Bool](repeating: false, count: text.count)
        var taken: [Match] = []
        for length in stride(from: maximumLength, to: 0, by: -1) {
            let candidates = byLength[length].sorted {
                ($0.token, $0.range.lowerBound) < ($1.token, $1.range.lowerBound)
            }
            byLength[length] = []
            // What was taken before is never shorter, and white space lies beside it, so that an overlap
            // shows at one of the two ends.
            for candidate in candidates where !isTaken[candidate.range.lowerBound] {
                guard isTaken[candidate.range.upperBound - 1] else {
                    taken.append(take(candidate, text, &isTaken))
                    continue
                }
                let start = candidate.range.lowerBound
                if let next = trie.longestMatch(in: text, from: start, limit: length - 1) {
                    byLength[next.end - start].append(
                        Match(token: next.value, range: start..<next.end))
                }
            }
        }
        return taken.sorted { $0.range.lowerBound < $1.range.lowerBound }
    }

    private func take(
        _ match: Match, _ text: borrowing Span<UInt8>, _ isTaken: inout [Bool]
    ) -> Match {
        var range = match.range
        if strippingBefore.contains(match.token) {
            while let position = range.lowerBound > 0 ? range.lowerBound - 1 : nil,
                !isTaken[position], Self.isSpace(text[position])
            {
                range = position..<range.upperBound
            }
        }
        if strippingAfter.contains(match.token) {
            while range.upperBound < text.count, !isTaken[range.upperBound],
                Self.isSpace(text[range.upperBound])
            {
                range = range.lowerBound..<range.upperBound + 1
            }
        }
        for position in range {
            isTaken[position] = true
        }
        return Match(token: match.token, range: range)
    }

    /// C's `isspace`.
    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || (0x09...0x0D).contains(byte)
    }
}
