package import KVCaching

/// Decides what the next step computes: a pure state machine, no clock, no model, no thread.
///
/// Every sequence is a list of tokens of which the first ones are in the cache. A step computes some of the rest:
/// that is a prompt's chunk, the one token of a decode, a draft to be verified, or a preempted sequence's second
/// prefill, all by the same rule. A sequence whose last token was computed gets a next one.
///
/// Who goes first: a higher class, then the tenant that was served least (``FairShare``), then the earlier deadline,
/// then the earlier arrival. Running answers all advance in every step; prompts get what is left, as long as the
/// step stays within its time (``StepCosts``). When pages or places run out, whoever holds more than a fair share
/// gives one sequence's back, which is computed anew later, with the same result.
package struct Scheduler {
    package struct Limits: Sendable {
        /// Most rows of one step.
        package var rowsPerStep: Int
        /// Most rows of one step that get logits.
        package var outputRows: Int
        /// Most sequences that hold pages at once.
        package var sequences: Int
        /// How many times as long as without prompts a step with running answers may take.
        package var slowdown: Double
        /// Rows of prompt beside running answers while nothing was measured.
        package var firstPromptRows: Int
        /// Seconds that a step of prompts only should take, so that others need not wait long.
        package var promptStepSeconds: Double

        package init(
            rowsPerStep: Int, outputRows: Int, sequences: Int, slowdown: Double = 2,
            firstPromptRows: Int = 32, promptStepSeconds: Double = 0.5
        ) {
            self.rowsPerStep = rowsPerStep
            self.outputRows = outputRows
            self.sequences = sequences
            self.slowdown = slowdown
            self.firstPromptRows = firstPromptRows
            self.promptStepSeconds = promptStepSeconds
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
        /// How many of the last rows get logits.
        package let outputs: Int
        /// How many of the last tokens are a draft.
        package let drafted: Int
        /// Whether the logits choose a next token.
        package let samples: Bool
    }

    /// What a step found for one entry that samples.
    package struct Choice: Equatable {
        /// The tokens that follow: those of the draft that were chosen as well, one more, and what must follow it.
        package var tokens: [Int]
        /// How many tokens of the draft were chosen: their keys and values are right.
        package var accepted: Int
        /// Why nothing can follow these tokens.
        package var end: GenerationEnd?

        package init(_ tokens: [Int], accepted: Int = 0, end: GenerationEnd? = nil) {
            self.tokens = tokens
            self.accepted = accepted
            self.end = end
        }
    }

    package enum Outcome: Equatable {
        case token(id: Int, token: Int)
        case finished(id: Int, GenerationEnd)
    }

    /// What happened so far, for statistics.
    package struct Counts: Sendable, Equatable {
        package var preempted = 0
        package var expired = 0
        package var drafted = 0
        package var accepted = 0
        /// Rows computed that were no answer's next token: prompts, and what was preempted once more; and prompt tokens
        /// found in the cache.
        package var prefilled = 0
        package var cached = 0
    }

    package let limits: Limits
    package internal(set) var running: [ScheduledSequence] = []
    package internal(set) var waiting: [ScheduledSequence] = []
    package internal(set) var counts = Counts()
    var shares = FairShare()
    var costs = StepCosts()
    private var arrivals = 0

    package init(limits: Limits) {
        self.limits = limits
    }

    package var isIdle: Bool {
        running.isEmpty && waiting.isEmpty
    }

    /// The earliest deadline of all sequences.
    package var nextDeadline: Double? {
        (running + waiting).compactMap(\.deadline).min()
    }

    /// A sequence that is computed or waits; `nil` where it has ended.
    package func sequence(_ id: Int) -> ScheduledSequence? {
        running.first { $0.id == id } ?? waiting.first { $0.id == id }
    }

    /// Answers that can be given a draft now.
    package var draftable: [ScheduledSequence] {
        running.filter { $0.isAnswering && !$0.isPaused && $0.pending == 1 }
    }

    /// Seconds of a step with so many rows of answers; `nil` while nothing was measured.
    package func stepSeconds(rows: Int) -> Double? {
        costs.decodingSeconds(rows: rows)
    }

    /// Puts a sequence among those that wait.
    package mutating func submit(_ sequence: ScheduledSequence) {
        var sequence = sequence
        arrivals += 1
        sequence.arrival = arrivals
        let prompts = waiting + running.filter { !$0.isAnswering }
        shares.join(
            sequence.tenant, weight: sequence.weight, besides: Set(prompts.map(\.tenant)))
        waiting.append(sequence)
    }

    /// Forgets a sequence; unknown ids (already finished) are ignored.
    package mutating func cancel(_ id: Int, cache: KVCache) {
        if let index = running.firstIndex(where: { $0.id == id }) {
            remove(index, cache: cache)
        } else if let index = waiting.firstIndex(where: { $0.id == id }) {
            shares.leave(waiting.remove(at: index).tenant)
        }
    }

    /// Ends what is past its deadline.
    package mutating func expire(now: Double, cache: KVCache) -> [Outcome] {
        let isLate = { (sequence: ScheduledSequence) in sequence.deadline.map { $0 <= now } ?? false
        }
        let late = running.filter(isLate) + waiting.filter(isLate)
        for sequence in late { cancel(sequence.id, cache: cache) }
        counts.expired += late.count
        return late.map { .finished(id: $0.id, .deadline) }
    }

    /// Notes whether a sequence's reader keeps up.
    package mutating func setPaused(_ isPaused: Bool, id: Int) {
        if let index = running.firstIndex(where: { $0.id == id }) {
            running[index].isPaused = isPaused
        } else if let index = waiting.firstIndex(where: { $0.id == id }) {
            waiting[index].isPaused = isPaused
        }
    }

    /// Proposes what may follow a sequence's last token; the next step verifies it, as far as there is room.
    package mutating func propose(_ draft: [Int], id: Int) {
        if let index = running.firstIndex(where: { $0.id == id }), running[index].pending == 1 {
            let most = running[index].maximumCount - running[index].tokens.count - 1
            running[index].draft = Array(draft.prefix(max(0, most)))
        }
    }

    // MARK: Planning

    /// Chooses the next step's rows and takes the pages they need.
    package mutating func plan(cache: KVCache) -> [Entry] {
        admit(cache: cache)
        var room = Room(rows: limits.rowsPerStep, outputs: limits.outputRows)
        var entries = planAnswers(&room, cache: cache)
        let rows = entries.reduce(0) { $0 + $1.tokens.count }
        room.rows = min(room.rows, promptRows(besides: rows))
        planPrompts(&room, into: &entries)
        return entries
    }

    /// Rows of prompt that keep the step within its time.
    func promptRows(besides answers: Int) -> Int {
        guard answers > 0 else {
            // Without a measurement: few enough for a slow machine, enough to measure.
            return max(16, costs.promptRows(in: limits.promptStepSeconds) ?? 64)
        }
        let most = costs.promptRows(besides: answers, factor: limits.slowdown)
        return max(1, most ?? limits.firstPromptRows)
    }

    /// What is left of a step.
    private struct Room {
        var rows: Int
        var outputs: Int

        var isUsedUp: Bool { rows <= 0 || outputs <= 0 }
    }

    /// All running answers whose readers keep up, each with its next token, what else must be computed of it, and its draft.
    private mutating func planAnswers(_ room: inout Room, cache: KVCache) -> [Entry] {
        var ids: [Int] = []
        for id in running.filter({ $0.isAnswering && !$0.isPaused }).sorted(by: isMoreUrgent).map(
            \.id)
        where ids.count < min(room.rows, room.outputs) {
            if makeRoom(for: id, besides: ids, cache: cache) { ids.append(id) }
        }
        // A row each first; then what is forced, within the step's time; drafts last, from what nobody else needs.
        var spareRows = min(room.rows - ids.count, promptRows(besides: ids.count))
        var spareOutputs = room.outputs - ids.count - Self.outputsForPrompts
        return ids.compactMap { id in
            guard let index = running.firstIndex(where: { $0.id == id }) else { return nil }
            let rows = 1 + min(max(0, spareRows), running[index].pending - 1)
            var draft: [Int] = []
            if rows == running[index].pending {
                draft = Array(running[index].draft.prefix(max(0, min(spareRows, spareOutputs))))
                let end = running[index].tokens.count + draft.count
                let missing = running[index].pages.missing(for: end, in: cache.pool)
                let hasRoom =
                    missing <= cache.pool.available && cache.grow(&running[index].pages, to: end)
                if !hasRoom { draft = [] }
            }
            running[index].draft = draft
            let entry = entry(for: index, rows: rows)
            spareRows -= entry.tokens.count - 1
            spareOutputs -= draft.count
            room.rows -= entry.tokens.count
            room.outputs -= entry.outputs
            return entry
        }
    }

    /// Rows with logits that drafts leave to prompts.
    private static let outputsForPrompts = 4

    /// Chunks of prompts in order of precedence.
    ///
    /// Whose prompt is complete waits for the step's end: other tenants' rows then make it at most twice as long.
    private func planPrompts(_ room: inout Room, into entries: inout [Entry]) {
        var finishing: String?
        for index in ordered(running) where !running[index].isAnswering && !running[index].isPaused
        {
            if let finishing, finishing != running[index].tenant {
                let soFar = entries.reduce(0) { $0 + $1.tokens.count }
                room.rows = min(room.rows, max(limits.firstPromptRows, soFar))
            }
            guard !room.isUsedUp else { return }
            var rows = min(room.rows, running[index].pending)
            if running[index].reportsPrompt { rows = min(rows, room.outputs) }
            let entry = entry(for: index, rows: rows)
            entries.append(entry)
            room.rows -= rows
            room.outputs -= entry.outputs
            if entry.samples, finishing == nil { finishing = running[index].tenant }
        }
    }

    /// Whether somebody is computing a page now that this one could share: then waiting is faster.
    func sharesWork(_ sequence: ScheduledSequence, cache: KVCache) -> Bool {
        guard !sequence.reportsPrompt else { return false }
        let length = cache.pageLength
        let known = cache.cachedCount(of: sequence.tokens, scope: sequence.scope)
        let next = known + length
        guard next < sequence.tokens.count else { return false }
        return running.contains { other in
            // Not for one that itself may have to wait longer.
            other.urgency >= sequence.urgency
                && (other.tenant == sequence.tenant
                    || shares.served(other.tenant) <= shares.served(sequence.tenant))
                && other.scope == sequence.scope && !other.isAnswering && !other.isPaused
                && other.computed < next && other.tokens.count >= next
                && other.tokens[..<next] == sequence.tokens[..<next]
        }
    }

    private func entry(for index: Int, rows: Int) -> Entry {
        let sequence = running[index]
        let start = sequence.computed
        let samples = rows == sequence.pending
        let draft = samples ? sequence.draft : []
        var outputs = samples ? 1 + draft.count : 0
        if sequence.reportsPrompt, start < sequence.promptCount { outputs = rows }
        return Entry(
            id: sequence.id, tokens: Array(sequence.tokens[start..<start + rows]) + draft,
            start: start, pages: sequence.pages.pages, outputs: outputs, drafted: draft.count,
            samples: samples)
    }

    // MARK: Applying

    /// Takes the results of a step that took so many `seconds`: `choices` holds one for every entry that samples, in
    /// order.
    package mutating func apply(
        _ entries: [Entry], choices: [Choice], seconds: Double = 0, cache: KVCache
    ) -> [Outcome] {
        note(entries, seconds: seconds)
        var outcomes: [Outcome] = []
        var next = choices.makeIterator()
        for entry in entries {
            let choice = entry.samples ? next.next() : nil
            guard let index = running.firstIndex(where: { $0.id == entry.id }) else { continue }
            // What was guessed wrong is nobody's use.
            let rows = entry.tokens.count - entry.drafted + (choice?.accepted ?? 0)
            shares.charge(running[index].tenant, rows: rows)
            running[index].draft = []
            running[index].computed += entry.tokens.count - entry.drafted
            if let choice {
                take(choice, of: entry, index, into: &outcomes)
            }
            cache.share(
                &running[index].pages,
                holding: running[index].tokens[..<running[index].computed],
                scope: running[index].scope)
            if let end = ending(after: choice, index) {
                remove(index, cache: cache)
                outcomes.append(.finished(id: entry.id, end))
            }
        }
        return outcomes
    }

    private mutating func take(
        _ choice: Choice, of entry: Entry, _ index: Int, into outcomes: inout [Outcome]
    ) {
        counts.drafted += entry.drafted
        counts.accepted += choice.accepted
        running[index].isAnswering = true
        for (place, token) in choice.tokens.enumerated() {
            guard !running[index].endTokens.contains(token),
                running[index].tokens.count < running[index].maximumCount
            else { break }
            running[index].tokens.append(token)
            // The last token of a step is never in the cache, a draft's accepted ones are.
            if place < choice.accepted { running[index].computed += 1 }
            outcomes.append(.token(id: entry.id, token: token))
        }
    }

    private func ending(after choice: Choice?, _ index: Int) -> GenerationEnd? {
        guard let choice else { return nil }
        if choice.tokens.contains(where: running[index].endTokens.contains) { return .endToken }
        return running[index].tokens.count >= running[index].maximumCount ? .limit : choice.end
    }

    private mutating func note(_ entries: [Entry], seconds: Double) {
        var decoding = 0
        var prompts = 0
        for entry in entries {
            let isAnswering = running.first { $0.id == entry.id }?.isAnswering ?? false
            if isAnswering { decoding += entry.tokens.count } else { prompts += entry.tokens.count }
        }
        counts.prefilled += prompts
        costs.note(decodingRows: decoding, promptRows: prompts, seconds: seconds)
    }

    private mutating func remove(_ index: Int, cache: KVCache) {
        cache.release(&running[index].pages)
        shares.leave(running.remove(at: index).tenant)
    }
}
