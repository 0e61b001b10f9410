/// Which texts are computed next: a pure state machine.
///
/// Every turn takes one text of each request in a ring, until the next one would not fit the step. So a request of
/// thousands of texts and one of a single text get on equally fast, and small texts of many requests share a step.
package struct EmbeddingQueue {
    package struct Item: Equatable {
        package let request: Int
        /// Which of the request's texts.
        package let index: Int
    }

    private struct Waiting {
        let id: Int
        /// Tokens of every text.
        let lengths: [Int]
        var next = 0
    }

    private var ring: [Waiting] = []
    /// Tokens of texts that no step has taken yet.
    package private(set) var waitingTokens = 0

    package init() {}

    /// Requests of which some text waits.
    package var count: Int {
        ring.count
    }

    /// - `lengths`: tokens of every text; not empty.
    package mutating func submit(_ id: Int, lengths: [Int]) {
        ring.append(Waiting(id: id, lengths: lengths))
        waitingTokens += lengths.reduce(0, +)
    }

    /// Forgets what still waits of a request.
    package mutating func cancel(_ id: Int) {
        guard let place = ring.firstIndex(where: { $0.id == id }) else { return }
        let gone = ring.remove(at: place)
        waitingTokens -= gone.lengths[gone.next...].reduce(0, +)
    }

    /// The next step's texts: at most `rows` tokens and `texts` texts, but always at least one text.
    package mutating func plan(rows: Int, texts: Int) -> [Item] {
        var items: [Item] = []
        var used = 0
        while let waiting = ring.first {
            let length = waiting.lengths[waiting.next]
            guard items.isEmpty || (used + length <= rows && items.count < texts) else { break }
            items.append(Item(request: waiting.id, index: waiting.next))
            used += length
            waitingTokens -= length
            ring.removeFirst()
            if waiting.next + 1 < waiting.lengths.count {
                var rest = waiting
                rest.next += 1
                ring.append(rest)
            }
        }
        return items
    }
}
