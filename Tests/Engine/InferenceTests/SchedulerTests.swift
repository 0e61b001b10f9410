import Inference
import KVCaching
import Tensors
import Testing

@Suite("The scheduler plans steps")
struct SchedulerTests {
    /// Pages of 64 positions, tiny ones: nothing is computed here.
    private func pool(pages: Int) throws -> PagePool {
        let layout = KVPageLayout(layers: 1, heads: 1, headDimension: 16)
        return try PagePool(layout: layout, bytes: pages * layout.byteCount)
    }

    private func scheduler(rows: Int = 100, whileDecoding: Int = 10, sequences: Int = 8)
        -> Scheduler
    {
        Scheduler(
            limits: Scheduler.Limits(
                rowsPerStep: rows, promptRowsWhileDecoding: whileDecoding, sequences: sequences))
    }

    private func sequence(_ id: Int, prompt: Int, generate: Int = 10, end: Set<Int> = [])
        -> Scheduler.Sequence
    {
        Scheduler.Sequence(
            id: id, prompt: Array(0..<prompt), maximumCount: prompt + generate, endTokens: end)
    }

    /// Runs steps, choosing token 7 each time, until nothing is left; returns each sequence's tokens.
    private func runToEnd(_ scheduler: inout Scheduler, _ pool: PagePool, steps: Int = 1000)
        -> [Int: Int]
    {
        var tokens: [Int: Int] = [:]
        for _ in 0..<steps where !scheduler.isIdle {
            let entries = scheduler.plan(pool: pool)
            let chosen = entries.filter(\.samples).map { _ in 7 }
            for outcome in scheduler.apply(entries, chosen: chosen, pool: pool) {
                if case .token(let id, _) = outcome { tokens[id, default: 0] += 1 }
            }
        }
        return tokens
    }

    @Test("A prompt longer than a step is cut into chunks, and only the last one samples")
    func promptIsChunked() throws {
        let pool = try pool(pages: 10)
        var scheduler = scheduler(rows: 100)
        scheduler.submit(sequence(1, prompt: 250))
        var chunks: [(start: Int, count: Int, samples: Bool)] = []
        for _ in 0..<3 {
            let entries = scheduler.plan(pool: pool)
            #expect(entries.count == 1)
            chunks += entries.map { ($0.start, $0.tokens.count, $0.samples) }
            _ = scheduler.apply(
                entries, chosen: entries.filter(\.samples).map { _ in 5 }, pool: pool)
        }
        #expect(chunks.map(\.start) == [0, 100, 200])
        #expect(chunks.map(\.count) == [100, 100, 50])
        #expect(chunks.map(\.samples) == [false, false, true])
    }

    @Test("While an answer is running, a new prompt gets only a few rows of each step")
    func promptYieldsToDecoding() throws {
        let pool = try pool(pages: 20)
        var scheduler = scheduler(rows: 100, whileDecoding: 10)
        scheduler.submit(sequence(1, prompt: 5))
        _ = scheduler.apply(scheduler.plan(pool: pool), chosen: [7], pool: pool)
        scheduler.submit(sequence(2, prompt: 90))
        let entries = scheduler.plan(pool: pool)
        #expect(entries.map(\.id) == [1, 2])
        #expect(entries.map(\.tokens.count) == [1, 10])
        #expect(entries.map(\.samples) == [true, false])
    }

    @Test("Running answers advance together, one token each")
    func decodesInOneBatch() throws {
        let pool = try pool(pages: 20)
        var scheduler = scheduler()
        for id in 1...4 { scheduler.submit(sequence(id, prompt: 3)) }
        let first = scheduler.plan(pool: pool)
        #expect(first.map(\.tokens.count) == [3, 3, 3, 3])
        let outcomes = scheduler.apply(first, chosen: [11, 12, 13, 14], pool: pool)
        #expect(outcomes == (1...4).map { .token(id: $0, token: 10 + $0) })
        let second = scheduler.plan(pool: pool)
        #expect(second.map(\.tokens) == [[11], [12], [13], [14]])
        #expect(second.allSatisfy { $0.start == 3 && $0.samples })
    }

    @Test("An end token ends the answer without being reported, and the pages come back")
    func endToken() throws {
        let pool = try pool(pages: 4)
        var scheduler = scheduler()
        scheduler.submit(sequence(1, prompt: 3, end: [2]))
        let outcomes = scheduler.apply(scheduler.plan(pool: pool), chosen: [2], pool: pool)
        #expect(outcomes == [.finished(id: 1, .endToken)])
        #expect(scheduler.isIdle)
        #expect(pool.available == 4)
    }

    @Test("An answer for which no token could be chosen ends, and the pages come back")
    func noChoice() throws {
        let pool = try pool(pages: 4)
        var scheduler = scheduler()
        for id in 1...2 { scheduler.submit(sequence(id, prompt: 3)) }
        let outcomes = scheduler.apply(
            scheduler.plan(pool: pool), chosen: [nil, 5], pool: pool)
        #expect(outcomes == [.finished(id: 1, .brokenModel), .token(id: 2, token: 5)])
        #expect(scheduler.running.map(\.id) == [2] && pool.available == 3)
    }

    @Test("The token limit ends the answer after its last token")
    func tokenLimit() throws {
        let pool = try pool(pages: 4)
        var scheduler = scheduler()
        scheduler.submit(sequence(1, prompt: 3, generate: 2))
        #expect(
            scheduler.apply(scheduler.plan(pool: pool), chosen: [8], pool: pool)
                == [.token(id: 1, token: 8)])
        #expect(
            scheduler.apply(scheduler.plan(pool: pool), chosen: [9], pool: pool)
                == [.token(id: 1, token: 9), .finished(id: 1, .limit)])
    }

    @Test("No more sequences run at once than the limit allows; the rest wait in order")
    func sequenceLimit() throws {
        let pool = try pool(pages: 20)
        var scheduler = scheduler(sequences: 2)
        for id in 1...3 { scheduler.submit(sequence(id, prompt: 3, generate: 1)) }
        #expect(scheduler.plan(pool: pool).map(\.id) == [1, 2])
        #expect(scheduler.waiting.map(\.id) == [3])
    }

    @Test("A prompt waits until all of its pages are free")
    func admissionByMemory() throws {
        let pool = try pool(pages: 3)
        var scheduler = scheduler(rows: 64, whileDecoding: 64)
        scheduler.submit(sequence(1, prompt: 128, generate: 1))
        scheduler.submit(sequence(2, prompt: 128, generate: 1))
        #expect(scheduler.plan(pool: pool).map(\.id) == [1])
        #expect(scheduler.running.count == 1)
        let tokens = runToEnd(&scheduler, pool)
        #expect(tokens[2] == 1)
    }

    @Test("When pages run out the youngest answer is preempted, computed anew and still completed")
    func preemption() throws {
        let pool = try pool(pages: 3)
        var scheduler = scheduler()
        // Two answers of 60 + 40 positions need two pages each; there are three.
        scheduler.submit(sequence(1, prompt: 60, generate: 40))
        scheduler.submit(sequence(2, prompt: 60, generate: 40))
        var sawPreemption = false
        var tokens: [Int: Int] = [:]
        for _ in 0..<1000 where !scheduler.isIdle {
            let entries = scheduler.plan(pool: pool)
            sawPreemption = sawPreemption || scheduler.waiting.contains { $0.tokens.count > 60 }
            for outcome in scheduler.apply(
                entries, chosen: entries.filter(\.samples).map { _ in 7 }, pool: pool)
            {
                if case .token(let id, _) = outcome { tokens[id, default: 0] += 1 }
            }
        }
        #expect(sawPreemption)
        #expect(tokens == [1: 40, 2: 40])
        #expect(pool.available == 3)
    }

    @Test("Cancelling frees the pages at once, whether the sequence runs or waits")
    func cancelling() throws {
        let pool = try pool(pages: 2)
        var scheduler = scheduler(sequences: 1)
        scheduler.submit(sequence(1, prompt: 100))
        scheduler.submit(sequence(2, prompt: 100))
        _ = scheduler.plan(pool: pool)
        scheduler.cancel(2, pool: pool)
        scheduler.cancel(1, pool: pool)
        scheduler.cancel(99, pool: pool)
        #expect(scheduler.isIdle)
        #expect(pool.available == 2)
    }

    @Test("Any mix of prompts ends with every token generated", arguments: 0..<20)
    func randomMixes(seed: Int) throws {
        var state = UInt64(seed) &* 2_862_933_555_777_941_757 &+ 3_037_000_493
        func random(_ range: ClosedRange<Int>) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return range.lowerBound + Int(state >> 33) % range.count
        }
        let pool = try pool(pages: 8)
        var scheduler = scheduler(
            rows: random(1...80), whileDecoding: random(1...20), sequences: random(1...6))
        var expected: [Int: Int] = [:]
        for id in 1...random(1...12) {
            let prompt = random(1...300)
            let generate = random(1...200)
            expected[id] = generate
            scheduler.submit(sequence(id, prompt: prompt, generate: generate))
        }
        #expect(runToEnd(&scheduler, pool, steps: 100_000) == expected)
        #expect(pool.available == 8)
    }
}
