import KVCaching

/// Who goes first, who is let in, and who gives way.
extension Scheduler {
    /// Whose prompt is computed first, as numbers that are compared one after the other, the smaller first.
    private struct Precedence: Comparable {
        let urgency: Int
        let served: Double
        let holding: Double
        let due: Double
        let arrival: Int

        static func < (one: Precedence, other: Precedence) -> Bool {
            if one.urgency != other.urgency { return one.urgency > other.urgency }
            return (one.served, one.holding, one.due, one.arrival)
                < (other.served, other.holding, other.due, other.arrival)
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
                due: sequence.due, arrival: sequence.arrival)
        }
        return sequences.indices.sorted { keys[$0] < keys[$1] }
    }

    func isOlder(_ one: ScheduledSequence, _ other: ScheduledSequence) -> Bool {
        (one.due, one.arrival) < (other.due, other.arrival)
    }

    /// Whose answer is planned first.
    func isMoreUrgent(_ one: ScheduledSequence, _ other: ScheduledSequence) -> Bool {
        one.urgency == other.urgency ? isOlder(one, other) : one.urgency > other.urgency
    }

    /// Most sequences that are looked at for admission in a step: each may need its prompt compared with others.
    private static let mostCandidates = 64

    /// Lets those in whose prompts the next step has rows for.
    mutating func admit(cache: KVCache) {
        var rows = min(
            limits.rowsPerStep,
            promptRows(besides: running.count { $0.isAnswering && !$0.isPaused }))
        guard !waiting.isEmpty else { return }
        let candidates = (running.filter { !$0.isAnswering } + waiting).filter { !$0.isPaused }
        var blocked: Set<String> = []
        for candidate in ordered(candidates).prefix(Self.mostCandidates).lazy.map({ candidates[$0] }
        )
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
            let victims = victims(for: next, cache: cache)
            // Nobody is sent away where that cannot help.
            let freed = victims.reduce(cache.available) { $0 + $1.pages.pages.count }
            guard let victim = victims.min(by: goesFirst),
                freed * cache.pageLength >= next.tokens.count
            else { return nil }
            preempt(victim.id, cache: cache)
        }
        return nil
    }

    /// Makes room for a running answer's next tokens, by preempting others if need be; those that are in the step
    /// already keep their pages.
    ///
    /// - Returns: `false` when this one must go itself, or wait for the others.
    mutating func makeRoom(for id: Int, besides planned: [Int], cache: KVCache) -> Bool {
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
    /// Answers are planned in order of class and age and keep their pages in their step. So whoever needs a page finds one
    /// unless those before it hold all, and these go on.
    private func leastDeserving(sparing planned: [Int]) -> Int? {
        running.filter { !planned.contains($0.id) }.min(by: goesFirst)?.id
    }

    private func goesFirst(_ one: ScheduledSequence, _ other: ScheduledSequence) -> Bool {
        if one.isPaused != other.isPaused { return one.isPaused }
        if one.urgency != other.urgency { return one.urgency < other.urgency }
        if one.tenant != other.tenant {
            let (first, second) = (holding(one.tenant), holding(other.tenant))
            if first != second { return first > second }
        }
        return one.arrival > other.arrival
    }

    /// Who may have to give way to a newcomer: whoever waits for its reader, a lower class, and those of a tenant that would
    /// still hold more for its weight than the newcomer's; so nobody is sent back and forth.
    private func victims(for newcomer: ScheduledSequence, cache: KVCache) -> [ScheduledSequence] {
        let length = cache.pageLength
        let need = Double((newcomer.tokens.count + length - 1) / length)
        let newcomerHolding = holding(newcomer.tenant) + need / shares.weight(newcomer.tenant)
        return running.filter { other in
            if other.isPaused { return true }
            if other.urgency != newcomer.urgency { return other.urgency < newcomer.urgency }
            guard other.tenant != newcomer.tenant else { return false }
            let rest =
                holding(other.tenant)
                - Double(other.pages.pages.count) / shares.weight(other.tenant)
            return rest >= newcomerHolding
        }
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
