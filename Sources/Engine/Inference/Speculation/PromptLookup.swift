/// Guesses that a text goes on as it did where its last tokens stood before (Saxena 2023, prompt lookup decoding).
///
/// Costs no model. Pays where answers repeat their prompt: extraction, editing, code, quotations.
package final class PromptLookup: Drafter {
    /// The places of one text's n-grams: each of `length` tokens, with the position after its last occurrence.
    private struct Index {
        var places: [[Int]: Int] = [:]
        var indexed = 0
    }

    private let longest: Int
    private let shortest: Int
    private var indexes: [Int: [Index]] = [:]

    /// - Parameters:
    ///   - longest: most tokens that must have stood before; longer ones are tried first.
    ///   - shortest: fewest.
    package init(longest: Int = 4, shortest: Int = 2) {
        precondition(1 <= shortest && shortest <= longest, "n-grams have at least one token")
        self.longest = longest
        self.shortest = shortest
    }

    package func propose(_ texts: [DraftText]) -> [[Int]] {
        texts.map { text in
            guard text.most > 0 else { return [] }
            update(text)
            return guess(text)
        }
    }

    package func forget(_ id: Int) {
        indexes[id] = nil
    }

    /// Enters the n-grams that end before the text's last token; that one's are what will be looked up.
    private func update(_ text: DraftText) {
        var lengths = indexes[text.id] ?? (shortest...longest).map { _ in Index() }
        // Taken out, so that the dictionaries grow in place.
        indexes[text.id] = nil
        for (offset, length) in (shortest...longest).enumerated() {
            var end = max(lengths[offset].indexed, length)
            while end < text.tokens.count {
                lengths[offset].places[Array(text.tokens[end - length..<end])] = end
                end += 1
            }
            lengths[offset].indexed = end
        }
        indexes[text.id] = lengths
    }

    private func guess(_ text: DraftText) -> [Int] {
        guard let lengths = indexes[text.id] else { return [] }
        for length in (shortest...longest).reversed() where text.tokens.count > length {
            let last = Array(text.tokens.suffix(length))
            guard let place = lengths[length - shortest].places[last] else { continue }
            return continuation(of: text, from: place)
        }
        return []
    }

    /// What followed there; where that reaches the text's end it goes on with what it has guessed, as a loop would.
    private func continuation(of text: DraftText, from place: Int) -> [Int] {
        var draft: [Int] = []
        while draft.count < text.most {
            let source = place + draft.count
            draft.append(
                source < text.tokens.count
                    ? text.tokens[source] : draft[source - text.tokens.count])
        }
        return draft
    }
}
