package import KVCaching

/// Decides what the next step computes: a pure state machine, no clock, no model, no thread.
///
/// Every sequence is a list of tokens of which the first `computed` are in the cache. A step computes some of
/// the rest: that is a prompt's chunk, the one token of a decode, or a preempted sequence's second
/// prefill, all by the same rule. A sequence whose last token was computed gets a next one.
package struct Scheduler {
    package struct Limits {
        /// Most rows of one step.
        package var rowsPerStep: Int
        /// Most rows of prompt in a step in which others wait for their next token.
        package var promptRowsWhileDecoding: Int
        /// Most sequences that hold pages at once.
        package var sequences: Int

        package init(rowsPerStep: Int, promptRowsWhileDecoding: Int, sequences: Int) {
            self.rowsPerStep = rowsPerStep
            self.promptRowsWhileDecoding = promptRowsWhileDecoding
            self.sequences = sequences
        }
    }

    /// One sequence's part of a step.
    package struct Entry: Equatable {
        package let id: Int
        /// Tokens to compute, at the positions from `start` on.
        package let tokens: [Int]
        package let start: Int
        /// The sequence's pages, room for these tokens included.
        package let pages: [PageID]
        /// Whether the last row's logits choose the next token.
        package let samples: Bool
    }

    package enum Outcome: Equatable {
        case token(id: Int, token: Int)
        case finished(id: Int, GenerationEnd)
    }

    package let limits: Limits
    package private(set) var running: [Sequence] = []
    package private(set) var waiting: [Sequence] = []

    package init(limits: Limits) {
        self.limits = limits
    }

    package var isIdle: Bool {
        running.isEmpty && waiting.isEmpty
    }

    /// Puts a sequence at the end of the queue.
    package mutating func submit(_ sequence: Sequence) {
        waiting.append(sequence)
    }

    /// Forgets a sequence; unknown ids (already finished) are ignored.
    package mutating func cancel(_ id: Int, pool: PagePool) {
        waiting.removeAll { $0.id == id }
        if let index = running.firstIndex(where: { $0.id == id }) {
            running[index].pages.release(to: pool)
            running.remove(at: index)
        }
    }

    /// Chooses the next step's rows and takes the pages they need.
    ///
    /// Sequences that wait for one token come first, oldest first; what is left of the step goes to prompts. When
    /// pages run out, the youngest sequence gives its own back and is computed anew later.
    package mutating func plan(pool: PagePool) -> [Entry] {
        var entries: [Entry] = []
        var rowsLeft = limits.rowsPerStep

        var index = 0
        while index < running.count, rowsLeft > 0 {
            if running[index].pending == 1 {
                guard makeRoom(for: index, pool: pool) else { break }
                entries.append(entry(for: index, rows: 1))
                rowsLeft -= 1
            }
            index += 1
        }
        if !entries.isEmpty {
            rowsLeft = min(rowsLeft, limits.promptRowsWhileDecoding)
        }
        for index in running.indices where running[index].pending > 1 && rowsLeft > 0 {
            let rows = min(rowsLeft, running[index].pending)
            entries.append(entry(for: index, rows: rows))
            rowsLeft -= rows
        }
        while rowsLeft > 0, running.count < limits.sequences, var next = waiting.first {
            // All pages of the prompt at once: two half-admitted prompts could wait for each other for ever.
            guard next.pages.grow(to: next.tokens.count, from: pool) else { break }
            waiting.removeFirst()
            running.append(next)
            let rows = min(rowsLeft, next.pending)
            entries.append(entry(for: running.count - 1, rows: rows))
            rowsLeft -= rows
        }
        return entries
    }

    /// Takes a step's results: `chosen` holds the next token of every entry that samples, in order, and `nil` where
    /// there was none to choose.
    package mutating func apply(_ entries: [Entry], chosen: [Int?], pool: PagePool) -> [Outcome] {
        var outcomes: [Outcome] = []
        var next = chosen.makeIterator()
        for entry in entries {
            guard let index = running.firstIndex(where: { $0.id == entry.id }) else { continue }
            running[index].computed += entry.tokens.count
            guard entry.samples, let choice = next.next() else { continue }
            guard let token = choice else {
                outcomes.append(finish(index, .brokenModel, pool: pool))
                continue
            }
            if running[index].endTokens.contains(token) {
                outcomes.append(finish(index, .endToken, pool: pool))
                continue
            }
            running[index].tokens.append(token)
            outcomes.append(.token(id: entry.id, token: token))
            if running[index].tokens.count >= running[index].maximumCount {
                outcomes.append(finish(index, .limit, pool: pool))
            }
        }
        return outcomes
    }

    private mutating func finish(_ index: Int, _ reason: GenerationEnd, pool: PagePool) -> Outcome {
        let id = running[index].id
        running[index].pages.release(to: pool)
        running.remove(at: index)
        return .finished(id: id, reason)
    }

    /// Makes room for a sequence's next token, by preempting younger ones if need be.
    ///
    /// - Returns: `false` when this one had to go itself.
    private mutating func makeRoom(for index: Int, pool: PagePool) -> Bool {
        while !running[index].pages.grow(to: running[index].tokens.count, from: pool) {
            var youngest = running.removeLast()
            youngest.pages.release(to: pool)
            youngest.computed = 0
            waiting.insert(youngest, at: 0)
            if running.count == index {
                return false
            }
        }
        return true
    }

    private func entry(for index: Int, rows: Int) -> Entry {
        let sequence = running[index]
        let start = sequence.computed
        return Entry(
            id: sequence.id, tokens: Array(sequence.tokens[start..<start + rows]), start: start,
            pages: sequence.pages.pages, samples: rows == sequence.pending)
    }
}

extension Scheduler {
    /// One sequence in the scheduler's books.
    package struct Sequence: Equatable {
        package let id: Int
        /// Prompt and answer so far.
        package var tokens: [Int]
        /// How many of `tokens` are in the cache.
        package var computed = 0
        /// Length of `tokens` at which the generation ends.
        package let maximumCount: Int
        package let endTokens: Set<Int>
        package var pages = SequencePages()

        package init(id: Int, prompt: [Int], maximumCount: Int, endTokens: Set<Int>) {
            self.id = id
            tokens = prompt
            self.maximumCount = maximumCount
            self.endTokens = endTokens
        }

        /// Tokens that are not in the cache yet; never 0.
        package var pending: Int {
            tokens.count - computed
        }
    }
}
