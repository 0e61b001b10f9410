import Inference
import KVCaching
import Testing

@Suite("The scheduler is fair")
struct FairnessTests {
    /// A step's time: 10 ms, and 1 ms for each row.
    private func seconds(_ entries: [Scheduler.Entry]) -> Double {
        0.01 + 0.001 * Double(entries.reduce(0) { $0 + $1.tokens.count })
    }

    @Test("A tenant with one short prompt does not wait for another's hundred long ones")
    func manyLongPrompts() throws {
        var scene = try SchedulerScene(pages: 400, rows: 512, sequences: 64)
        for id in 1...100 { scene.submit(id, prompt: 900, generate: 50, tenant: "greedy") }
        for _ in 0..<50 { scene.step(seconds: seconds) }
        scene.submit(500, prompt: 100, generate: 5, tenant: "modest")
        var waited = 0.0
        var hasToken = false
        for _ in 0..<200 where !hasToken {
            let (entries, outcomes) = scene.step(seconds: seconds)
            waited += seconds(entries)
            hasToken = outcomes.contains(.token(id: 500, token: 7))
        }
        #expect(hasToken)
        // Alone it takes 0.11 s.
        #expect(waited < 3 * 0.11)
    }

    @Test("Where all places are taken, a tenant that has none gets one of the largest holder's")
    func fullPlaces() throws {
        var scene = try SchedulerScene(pages: 100, rows: 64, sequences: 4)
        for id in 1...8 { scene.submit(id, prompt: 10, generate: 1000, tenant: "greedy") }
        scene.step()
        #expect(scene.scheduler.running.count == 4)
        scene.submit(9, prompt: 10, tenant: "modest")
        #expect(scene.step().entries.map(\.id).contains(9))
        #expect(scene.scheduler.running.count == 4)
        #expect(scene.scheduler.counts.preempted == 1)
        // The youngest went.
        #expect(Set(scene.scheduler.running.map(\.id)) == [1, 2, 3, 9])
    }

    @Test("Nobody is sent back and forth: equal holders wait for each other")
    func noThrashing() throws {
        var scene = try SchedulerScene(pages: 100, rows: 64, sequences: 2)
        for id in 1...2 { scene.submit(id, prompt: 10, generate: 20, tenant: "\(id)") }
        scene.step()
        for id in 3...4 { scene.submit(id, prompt: 10, generate: 20, tenant: "\(id)") }
        #expect(scene.runToEnd().values.reduce(0, +) == 4 * 20 - 2)
        #expect(scene.scheduler.counts.preempted == 0)
    }

    @Test("Prompt rows are shared by weight", arguments: [1.0, 2, 4])
    func weights(weight: Double) throws {
        var scene = try SchedulerScene(pages: 4000, rows: 16, sequences: 64)
        for id in 1...40 {
            scene.submit(id, prompt: 1000, generate: 1, tenant: "light")
            scene.submit(100 + id, prompt: 1000, generate: 1, tenant: "heavy", weight: weight)
        }
        var rows = ["light": 0, "heavy": 0]
        for _ in 0..<600 {
            for entry in scene.step().entries {
                rows[entry.id > 100 ? "heavy" : "light", default: 0] += entry.tokens.count
            }
        }
        let ratio = Double(rows["heavy"] ?? 0) / Double(rows["light"] ?? 1)
        #expect(abs(ratio / weight - 1) < 0.1, "\(rows)")
    }

    @Test("A higher class goes first and takes the place of a lower one")
    func classes() throws {
        var scene = try SchedulerScene(pages: 100, rows: 64, sequences: 2)
        for id in 1...3 { scene.submit(id, prompt: 10, generate: 100, urgency: -1) }
        scene.step()
        scene.submit(4, prompt: 4, urgency: 0)
        scene.submit(5, prompt: 4, urgency: 1)
        let entries = scene.plan()
        #expect(entries.map(\.id) == [5, 4])
    }

    @Test("Of one tenant's prompts the one with the earliest deadline goes first")
    func earliestDeadline() throws {
        var scene = try SchedulerScene(pages: 100, sequences: 1)
        scene.submit(1, prompt: 3)
        scene.submit(2, prompt: 3, deadline: 9)
        scene.submit(3, prompt: 3, deadline: 5)
        #expect(scene.plan().map(\.id) == [3])
    }

    @Test("A running answer never waits longer than two of its normal steps")
    func latencyBudget() throws {
        var scene = try SchedulerScene(pages: 1000, rows: 512, sequences: 64)
        for id in 1...4 { scene.submit(id, prompt: 20, generate: 2000) }
        // Memory sets the pace of few rows: 30 ms whatever they are up to 8, then 1 ms a row.
        func seconds(_ entries: [Scheduler.Entry]) -> Double {
            0.03 + 0.001 * Double(max(0, entries.reduce(0) { $0 + $1.tokens.count } - 8))
        }
        for _ in 0..<30 { scene.step(seconds: seconds) }
        for id in 5...8 { scene.submit(id, prompt: 2000, generate: 2) }
        var longest = 0.0
        var rows = 0
        for step in 0..<100 {
            let (entries, _) = scene.step(seconds: seconds)
            // The first few are measurements.
            if step >= 10 {
                longest = max(longest, seconds(entries))
                rows += entries.reduce(0) { $0 + $1.tokens.count }
            }
        }
        #expect(longest <= 2 * 0.03 * 1.05)
        // And the prompts use what there is.
        #expect(Double(rows) / 90 > 25)
    }

    @Test("Neither a pause nor a trickle saves anything up")
    func noSaving() {
        var shares = FairShare()
        shares.join("busy", weight: 1, besides: [])
        shares.join("trickle", weight: 1, besides: ["busy"])
        shares.charge("busy", rows: 1000)
        // While the busy one's prompts wait, the other starts beside it; also after a pause.
        shares.join("trickle", weight: 1, besides: ["busy"])
        #expect(shares.served("trickle") == 1000)
        shares.charge("busy", rows: 500)
        // And beside the most served where nobody waits.
        shares.join("trickle", weight: 1, besides: [])
        #expect(shares.served("trickle") == 1500)
        shares.join("new", weight: 1, besides: ["trickle"])
        #expect(shares.served("new") == 1500)
    }

    @Test("Whoever waits for its reader gives its place to anybody", arguments: ["same", "other"])
    func pausedGiveWay(tenant: String) throws {
        var scene = try SchedulerScene(pages: 20, sequences: 2)
        for id in 1...2 { scene.submit(id, prompt: 10, generate: 100, tenant: "same") }
        scene.step()
        for id in 1...2 { scene.scheduler.setPaused(true, id: id) }
        scene.submit(3, prompt: 10, tenant: tenant)
        #expect(scene.step().entries.map(\.id) == [3])
        // It goes on when its reader does.
        for id in 1...2 { scene.scheduler.setPaused(false, id: id) }
        #expect(scene.runToEnd() == [1: 99, 2: 99, 3: 9])
    }

    @Test("Nobody is sent away where that makes no room")
    func noUselessPreemption() throws {
        var scene = try SchedulerScene(pages: 10, rows: 1000)
        scene.submit(1, prompt: 64 * 7, generate: 60, tenant: "a")
        scene.submit(2, prompt: 64, generate: 60, urgency: -1)
        for _ in 0..<20 { scene.step() }
        scene.submit(3, prompt: 64 * 5, tenant: "b")
        scene.step()
        #expect(scene.scheduler.counts.preempted == 0)
        #expect(scene.scheduler.running.count == 2)
    }

    @Test("Far deadlines do not overtake those who came before them for ever")
    func farDeadlines() throws {
        var scene = try SchedulerScene(pages: 100, sequences: 1)
        scene.scheduler.submit(ScheduledSequence(id: 1, prompt: [1], maximumCount: 9, due: 30))
        scene.scheduler.submit(
            ScheduledSequence(id: 2, prompt: [2], maximumCount: 9, deadline: 86_400, due: 31))
        scene.scheduler.submit(
            ScheduledSequence(id: 3, prompt: [3], maximumCount: 9, deadline: 5, due: 32))
        #expect(scene.plan().map(\.id) == [3])
        #expect(scene.scheduler.waiting.map(\.id) == [1, 2])
    }

    @Test(
        "What a grammar forces stays within the step's time, and nobody's next token waits for it")
    func forcedRows() throws {
        var scene = try SchedulerScene(pages: 100, rows: 64, whileAnswering: 10, sequences: 8)
        for id in 1...4 { scene.submit(id, prompt: 4, generate: 500) }
        scene.step()
        let entries = scene.plan()
        let forced = Scheduler.Choice(Array(repeating: 9, count: 200))
        _ = scene.scheduler.apply(
            entries, choices: [forced, forced, .init([7]), .init([7])], cache: scene.cache)
        let next = scene.plan()
        #expect(next.map(\.id) == [1, 2, 3, 4])
        #expect(next.reduce(0) { $0 + $1.tokens.count } <= 4 + 10)
        #expect(next[2].samples && next[3].samples && !next[0].samples)
    }
}
