import KVCaching

/// Who goes first, who is let in, and who gives way.
extension Scheduler {
    /// Whose prompt is computed first, as numbers that are compared one after the other, the smaller first.
    private struct Precedence: Comparable {
        let urgency: Int
        let served: Double
        let holding: Double
        let deadline: Double
        let arrival: Int

        static func < (one: Precedence, other: Precedence) -> Bool {
            if one.urgency != other.urgency { return one.urgency > other.urgency }
            return (one.served, one.holding, one.deadline, one.arrival)
                < (other.served, other.holding, other.deadline, other.arrival)
        }
    }

    /// What stands in order of precedence, and where it stood.
    func ordered(_ sequences: [ScheduledSequence]) -> [Int] {
        var tenants: [String: (served: Double, holding: Double)] = [:]
        let keys = sequences.map { sequence in
            let tenant =
                tenants[sequence.tenant] ?? (
                    shares.served(sequence.tenant), holding(sequence.tenant)
                )
            tenants[sequence.tenant] = tenant
            return Precedence(
                urgency: sequence.urgency, served: tenant.served, holding: tenant.holding,
                deadline: sequence.deadline ?? .infinity, arrival: sequence.arrival)
        }
        return sequences.indices.sorted { keys[$0] < keys[$1] }
    }

    func isOlder(_ one: ScheduledSequence, _ other: ScheduledSequence) -> Bool {
        let (first, second) = (one.deadline ?? .infinity, other.deadline ?? .infinity)
        return (first, one.arrival) < (second, other.arrival)
    }

    /// Lets those in whose prompts the next step has rows for.
    mutating func admit(cache: KVCache) {
        var rows = min(
            limits.rowsPerStep,
            promptRows(besides: running.count { $0.isAnswering && !$0.isPaused }))
        guard !waiting.isEmpty else { return }
        let candidates = (running.filter { !$0.isAnswering } + waiting).filter { !$0.isPaused }
        var blocked: Set<String> = []
        for candidate in ordered(candidates).lazy.map({ candidates[$0] })
        where rows > 0 && !blocked.contains(candidate.tenant) {
            if running.contains(where: { $0.id == candidate.id }) {
                rows -= candidate.pending
            } else if !sharesWork(candidate, cache: cache) {
                if let admitted = admit(candidate.id, cache: cache) {
                    rows -= admitted.pending
                } else if running.count < limits.sequences {
                    // Who waits for pages is not overtaken, or a long prompt might wait for ever.
                    return
                } else {
                    blocked.insert(candidate.tenant)
                }
            }
        }
    }

    /// Lets a waiting sequence in, with the pages of everything it must compute; the first of them may be shared.
    ///
    /// All pages at once: two half-admitted prompts could wait for each other for ever.
    private mutating func admit(_ id: Int, cache: KVCache) -> ScheduledSequence? {
        // Preempted sequences join those that wait, so places change.
        while let place = waiting.firstIndex(where: { $0.id == id }) {
            var next = waiting[place]
            if running.count < limits.sequences {
                let found =
                    next.reportsPrompt
                    ? 0 : cache.attach(&next.pages, to: next.tokens, scope: next.scope)
                if cache.grow(&next.pages, to: next.tokens.count) {
                    next.computed = found
                    if next.cachedCount == nil {
                        next.cachedCount = found
                        counts.cached += found
                    }
                    waiting.remove(at: place)
                    running.append(next)
                    return next
                }
                cache.release(&next.pages)
            }
            guard let victim = victim(for: next, cache: cache) else { return nil }
            preempt(victim, cache: cache)
        }
        return nil
    }

    /// Makes room for a running answer's next tokens, by preempting others if need be; those that are in the step
    /// already keep their pages.
    ///
    /// - Returns: `false` when this one must go itself, or wait for the others.
    mutating func makeRoom(for id: Int, besides entries: [Entry], cache: KVCache) -> Bool {
        let planned = Set(entries.map(\.id))
        while let index = running.firstIndex(where: { $0.id == id }) {
            if cache.grow(&running[index].pages, to: running[index].tokens.count) { return true }
            guard let victim = leastDeserving(sparing: planned) else { return false }
            preempt(victim, cache: cache)
        }
        return false
    }

    /// Who gives its pages back when an answer cannot go on: one that waits for its reader, then of the lowest class,
    /// of the tenant that holds most for its weight, the youngest.
    ///
    /// Answers are planned oldest first and keep their pages in their step, so the oldest one always goes on.
    private func leastDeserving(sparing planned: Set<Int>) -> Int? {
        running.filter { !planned.contains($0.id) }.min { one, other in
            if one.isPaused != other.isPaused { return one.isPaused }
            return goesFirst(one, other)
        }?.id
    }

    private func goesFirst(_ one: ScheduledSequence, _ other: ScheduledSequence) -> Bool {
        if one.urgency != other.urgency { return one.urgency < other.urgency }
        if one.tenant != other.tenant {
            let (first, second) = (holding(one.tenant), holding(other.tenant))
            if first != second { return first > second }
        }
        return one.arrival > other.arrival
    }

    /// Who gives way to a newcomer: a lower class, or the youngest of a tenant that would still hold more
    /// for its weight than the newcomer's; so nobody is sent back and forth.
    private func victim(for newcomer: ScheduledSequence, cache: KVCache) -> Int? {
        let length = cache.pageLength
        let need = Double((newcomer.tokens.count + length - 1) / length)
        let newcomerHolding = holding(newcomer.tenant) + need / shares.weight(newcomer.tenant)
        return running.filter { other in
            if other.urgency != newcomer.urgency { return other.urgency < newcomer.urgency }
            guard other.tenant != newcomer.tenant else { return false }
            let rest =
                holding(other.tenant)
                - Double(other.pages.pages.count) / shares.weight(other.tenant)
            return rest >= newcomerHolding
        }.min(by: goesFirst)?.id
    }

    /// Pages that a tenant's sequences hold, for each unit of its weight.
    private func holding(_ tenant: String) -> Double {
        let pages = running.reduce(0) { $0 + ($1.tenant == tenant ? $1.pages.pages.count : 0) }
        return Double(pages) / shares.weight(tenant)
    }

    private mutating func preempt(_ id: Int, cache: KVCache) {
        guard let index = running.firstIndex(where: { $0.id == id }) else { return }
        var sequence = running.remove(at: index)
        cache.release(&sequence.pages)
        sequence.computed = 0
        sequence.draft = []
        sequence.isAnswering = false
        counts.preempted += 1
        waiting.insert(sequence, at: 0)
    }
}
