import Inference
import KVCaching
import Testing

@Suite("The scheduler plans steps")
struct SchedulerTests {
    @Test("A prompt longer than a step is cut into chunks, and only the last one samples")
    func promptIsChunked() throws {
        var scene = try SchedulerScene(pages: 10, rows: 60)
        scene.submit(1, prompt: 150)
        var chunks: [Scheduler.Entry] = []
        for _ in 0..<3 { chunks += scene.step().entries }
        #expect(chunks.map(\.start) == [0, 60, 120])
        #expect(chunks.map(\.tokens.count) == [60, 60, 30])
        #expect(chunks.map(\.samples) == [false, false, true])
        #expect(chunks.map(\.outputs) == [0, 0, 1])
    }

    @Test("While an answer is running, a new prompt gets only a few rows of each step")
    func promptYieldsToDecoding() throws {
        var scene = try SchedulerScene(pages: 20, whileAnswering: 10)
        scene.submit(1, prompt: 5)
        scene.step()
        scene.submit(2, prompt: 90)
        let entries = scene.plan()
        #expect(entries.map(\.id) == [1, 2])
        #expect(entries.map(\.tokens.count) == [1, 10])
        #expect(entries.map(\.samples) == [true, false])
    }

    @Test("Running answers advance together, one token each")
    func decodesInOneBatch() throws {
        var scene = try SchedulerScene(pages: 20)
        for id in 1...4 { scene.submit(id, prompt: 3) }
        let first = scene.plan()
        #expect(first.map(\.tokens.count) == [3, 3, 3, 3])
        let outcomes = scene.apply(first, [11, 12, 13, 14])
        #expect(outcomes == (1...4).map { .token(id: $0, token: 10 + $0) })
        let second = scene.plan()
        #expect(second.map(\.tokens) == [[11], [12], [13], [14]])
        #expect(second.allSatisfy { $0.start == 3 && $0.samples })
    }

    @Test("An end token ends the answer without being reported, and the pages come back")
    func endToken() throws {
        var scene = try SchedulerScene(pages: 4)
        scene.submit(1, prompt: 3, end: [2])
        #expect(scene.step(2).outcomes == [.finished(id: 1, .endToken)])
        #expect(scene.scheduler.isIdle)
        #expect(scene.cache.available == 4)
    }

    @Test("An answer for which no token could be chosen ends, and the pages come back")
    func noChoice() throws {
        var scene = try SchedulerScene(pages: 4)
        for id in 1...2 { scene.submit(id, prompt: 3) }
        let outcomes = scene.scheduler.apply(
            scene.plan(), choices: [.init([], end: .brokenModel), .init([5])], cache: scene.cache)
        #expect(outcomes == [.finished(id: 1, .brokenModel), .token(id: 2, token: 5)])
        #expect(scene.scheduler.running.map(\.id) == [2] && scene.cache.available == 3)
    }

    @Test("The token limit ends the answer after its last token")
    func tokenLimit() throws {
        var scene = try SchedulerScene(pages: 4)
        scene.submit(1, prompt: 3, generate: 2)
        #expect(scene.step(8).outcomes == [.token(id: 1, token: 8)])
        #expect(scene.step(9).outcomes == [.token(id: 1, token: 9), .finished(id: 1, .limit)])
    }

    @Test("A prompt without an answer is computed, and ends with no token")
    func promptOnly() throws {
        var scene = try SchedulerScene(pages: 4)
        scene.submit(1, prompt: 3, generate: 0)
        #expect(scene.step().outcomes == [.finished(id: 1, .limit)])
    }

    @Test("No more sequences run at once than the limit allows; the rest wait in order")
    func sequenceLimit() throws {
        var scene = try SchedulerScene(pages: 20, sequences: 2)
        for id in 1...3 { scene.submit(id, prompt: 3, generate: 1) }
        #expect(scene.plan().map(\.id) == [1, 2])
        #expect(scene.scheduler.waiting.map(\.id) == [3])
    }

    @Test("A prompt waits until all of its pages are free")
    func admissionByMemory() throws {
        var scene = try SchedulerScene(pages: 3, rows: 64)
        scene.submit(1, prompt: 128, generate: 1)
        scene.submit(2, prompt: 128, generate: 1)
        #expect(scene.plan().map(\.id) == [1])
        #expect(scene.scheduler.running.count == 1)
        #expect(scene.runToEnd()[2] == 1)
    }

    @Test("When pages run out the youngest answer is preempted, computed anew and still completed")
    func preemption() throws {
        var scene = try SchedulerScene(pages: 3)
        // Two answers of 60 + 40 positions need two pages each; there are three.
        scene.submit(1, prompt: 60, generate: 40)
        scene.submit(2, prompt: 60, generate: 40)
        #expect(scene.runToEnd() == [1: 40, 2: 40])
        #expect(scene.scheduler.counts.preempted > 0)
        #expect(scene.cache.available == 3)
    }

    @Test("Cancelling frees the pages at once, whether the sequence runs or waits")
    func cancelling() throws {
        var scene = try SchedulerScene(pages: 2, sequences: 1)
        scene.submit(1, prompt: 100)
        scene.submit(2, prompt: 100)
        _ = scene.plan()
        for id in [2, 1, 99] { scene.scheduler.cancel(id, cache: scene.cache) }
        #expect(scene.scheduler.isIdle)
        #expect(scene.cache.available == 2)
    }

    @Test("What was planned for a sequence that is cancelled meanwhile is dropped")
    func cancelledDuringStep() throws {
        var scene = try SchedulerScene(pages: 4)
        for id in 1...2 { scene.submit(id, prompt: 3) }
        let entries = scene.plan()
        scene.scheduler.cancel(1, cache: scene.cache)
        #expect(scene.apply(entries, [5, 6]) == [.token(id: 2, token: 6)])
    }

    @Test("An answer whose reader is slow keeps its place and waits; the others go on")
    func pausing() throws {
        var scene = try SchedulerScene(pages: 4)
        for id in 1...2 { scene.submit(id, prompt: 3) }
        scene.step()
        scene.scheduler.setPaused(true, id: 1)
        #expect(scene.step().entries.map(\.id) == [2])
        scene.scheduler.setPaused(false, id: 1)
        #expect(scene.step().entries.map(\.id) == [1, 2])
    }

    @Test("What is past its deadline ends, whether it runs or waits")
    func deadlines() throws {
        var scene = try SchedulerScene(pages: 4, sequences: 1)
        scene.submit(1, prompt: 3, deadline: 10)
        scene.submit(2, prompt: 3, deadline: 20)
        scene.submit(3, prompt: 3)
        scene.step()
        #expect(scene.scheduler.nextDeadline == 10)
        #expect(scene.scheduler.expire(now: 9, cache: scene.cache).isEmpty)
        let outcomes = scene.scheduler.expire(now: 20, cache: scene.cache)
        #expect(outcomes == [.finished(id: 1, .deadline), .finished(id: 2, .deadline)])
        #expect(scene.step().entries.map(\.id) == [3])
        #expect(scene.scheduler.nextDeadline == nil)
    }

    @Test("Rows of a prompt that is reported get logits each, as many as there is room for")
    func reportedPrompt() throws {
        var scene = try SchedulerScene(pages: 4, outputs: 10)
        scene.scheduler.submit(
            ScheduledSequence(
                id: 1, prompt: Array(0..<25), maximumCount: 26, reportsPrompt: true))
        var entries: [Scheduler.Entry] = []
        for _ in 0..<3 { entries += scene.step().entries }
        #expect(entries.map(\.outputs) == [10, 10, 5])
        #expect(entries.map(\.tokens.count) == [10, 10, 5])
    }

    @Test("Any mix of prompts ends with every token generated", arguments: 0..<40)
    func randomMixes(seed: Int) throws {
        var state = UInt64(seed) &* 2_862_933_555_777_941_757 &+ 3_037_000_493
        func random(_ range: ClosedRange<Int>) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return range.lowerBound + Int(state >> 33) % range.count
        }
        var scene = try SchedulerScene(
            pages: 8, rows: random(1...80), whileAnswering: random(1...20),
            sequences: random(1...6), outputs: random(1...64))
        var expected: [Int: Int] = [:]
        for id in 1...random(1...12) {
            let generate = random(1...200)
            expected[id] = generate
            let prompt = random(1...300)
            // Some of them begin alike.
            let shared = random(0...prompt)
            scene.submit(
                id,
                prompt: (0..<prompt).map { $0 < shared ? $0 : 1000 * id + $0 },
                generate: generate, tenant: "\(random(1...3))", weight: Double(random(1...3)),
                urgency: random(-1...1))
        }
        #expect(scene.runToEnd(steps: 100_000) == expected)
        #expect(scene.cache.available == 8 && scene.cache.held == 0)
    }
}
