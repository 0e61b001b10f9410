import Inference
import KVCaching
import Tensors

/// A scheduler with pages that nothing is computed in, and a model whose every token is given.
struct SchedulerScene {
    let cache: KVCache
    var scheduler: Scheduler

    /// Pages of 64 positions.
    init(
        pages: Int, rows: Int = 100, whileAnswering: Int = 10, sequences: Int = 8, outputs: Int = 64
    ) throws {
        let layout = KVPageLayout(layers: 1, heads: 1, headDimension: 16)
        cache = KVCache(pool: try PagePool(layout: layout, bytes: pages * layout.byteCount))
        scheduler = Scheduler(
            limits: Scheduler.Limits(
                rowsPerStep: rows, outputRows: outputs, sequences: sequences,
                firstPromptRows: whileAnswering))
    }

    mutating func submit(
        _ id: Int, prompt: [Int], generate: Int = 10, end: Set<Int> = [], scope: Int = 0,
        tenant: String = "", weight: Double = 1, urgency: Int = 0, deadline: Double? = nil
    ) {
        scheduler.submit(
            ScheduledSequence(
                id: id, prompt: prompt, maximumCount: prompt.count + generate, endTokens: end,
                scope: scope, tenant: tenant, weight: weight, urgency: urgency, deadline: deadline))
    }

    /// A prompt that no other id's has a page in common with.
    mutating func submit(
        _ id: Int, prompt: Int, generate: Int = 10, end: Set<Int> = [], tenant: String = "",
        weight: Double = 1, urgency: Int = 0, deadline: Double? = nil
    ) {
        submit(
            id, prompt: (0..<prompt).map { 1000 * id + $0 }, generate: generate, end: end,
            tenant: tenant, weight: weight, urgency: urgency, deadline: deadline)
    }

    mutating func plan() -> [Scheduler.Entry] {
        scheduler.plan(cache: cache)
    }

    mutating func apply(_ entries: [Scheduler.Entry], _ tokens: [Int], seconds: Double = 0)
        -> [Scheduler.Outcome]
    {
        scheduler.apply(
            entries, choices: tokens.map { Scheduler.Choice([$0]) }, seconds: seconds, cache: cache)
    }

    /// Plans and applies a step in which every choice is `token`.
    @discardableResult
    mutating func step(_ token: Int = 7, seconds: ([Scheduler.Entry]) -> Double = { _ in 0 })
        -> (entries: [Scheduler.Entry], outcomes: [Scheduler.Outcome])
    {
        let entries = plan()
        let choices = entries.filter(\.samples).map { _ in token }
        return (entries, apply(entries, choices, seconds: seconds(entries)))
    }

    /// Runs until nothing is left; returns how many tokens each sequence got.
    mutating func runToEnd(steps: Int = 1000) -> [Int: Int] {
        var tokens: [Int: Int] = [:]
        for _ in 0..<steps where !scheduler.isIdle {
            for case .token(let id, _) in step().outcomes { tokens[id, default: 0] += 1 }
        }
        return tokens
    }
}
