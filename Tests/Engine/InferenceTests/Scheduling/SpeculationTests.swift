import Inference
import KVCaching
import Testing

@Suite("Drafts are verified")
struct SpeculationTests {
    private func answering(pages: Int = 20, generate: Int = 50, outputs: Int = 64) throws
        -> SchedulerScene
    {
        var scene = try SchedulerScene(pages: pages, outputs: outputs)
        scene.submit(1, prompt: 10, generate: generate, end: [2])
        scene.step(100)
        return scene
    }

    @Test("A draft is computed beside the last token, each row with logits")
    func entry() throws {
        var scene = try answering()
        scene.scheduler.propose([101, 102, 103], id: 1)
        let entries = scene.plan()
        #expect(entries.map(\.tokens) == [[100, 101, 102, 103]])
        #expect(entries.map(\.outputs) == [4] && entries.map(\.drafted) == [3])
    }

    @Test("What was right stays computed, what was wrong is written over", arguments: 0...3)
    func accepting(right: Int) throws {
        var scene = try answering()
        scene.scheduler.propose([101, 102, 103], id: 1)
        let entries = scene.plan()
        let tokens = Array([101, 102, 103].prefix(right)) + [200]
        let outcomes = scene.scheduler.apply(
            entries, choices: [.init(tokens, accepted: right)], cache: scene.cache)
        #expect(outcomes == tokens.map { .token(id: 1, token: $0) })
        let next = scene.plan()
        #expect(next.map(\.tokens) == [[200]])
        #expect(next.map(\.start) == [10 + 1 + right])
        #expect(scene.scheduler.counts.drafted == 3 && scene.scheduler.counts.accepted == right)
    }

    @Test("An end token inside a draft ends the answer there")
    func endInside() throws {
        var scene = try answering()
        scene.scheduler.propose([101, 2, 103], id: 1)
        let outcomes = scene.scheduler.apply(
            scene.plan(), choices: [.init([101, 2], accepted: 2)], cache: scene.cache)
        #expect(outcomes == [.token(id: 1, token: 101), .finished(id: 1, .endToken)])
        #expect(scene.cache.held == 0)
    }

    @Test("A draft never goes past the token limit")
    func limit() throws {
        var scene = try answering(generate: 3)
        scene.scheduler.propose([101, 102, 103], id: 1)
        #expect(scene.plan().map(\.tokens) == [[100, 101]])
    }

    @Test("The next tokens of all answers go before anybody's draft")
    func outputsAreShared() throws {
        // Four rows with logits are left to prompts.
        var scene = try SchedulerScene(pages: 20, outputs: 8)
        for id in 1...3 { scene.submit(id, prompt: 5) }
        for _ in 0..<3 { scene.step(100) }
        scene.scheduler.propose([101, 102, 103], id: 1)
        let entries = scene.plan()
        #expect(entries.map(\.outputs) == [2, 1, 1])
    }

    @Test("Tokens that must follow are appended and computed in the next step")
    func forced() throws {
        var scene = try answering()
        let outcomes = scene.scheduler.apply(
            scene.plan(), choices: [.init([101, 102, 103])], cache: scene.cache)
        #expect(outcomes.count == 3)
        let next = scene.plan()
        #expect(next.map(\.tokens) == [[101, 102, 103]] && next.map(\.outputs) == [1])
    }

    // MARK: Guessing

    @Test("Prompt look-up continues as the text did before, longest match first")
    func lookup() {
        let drafter = PromptLookup(longest: 3, shortest: 2)
        let text = [1, 2, 3, 4, 5, 9, 2, 3, 8, 1, 2, 3]
        #expect(drafter.propose([DraftText(id: 1, tokens: text, most: 3)]) == [[4, 5, 9]])
        #expect(
            drafter.propose([DraftText(id: 2, tokens: [7, 2, 3, 8, 2, 3], most: 2)]) == [[8, 2]])
        #expect(drafter.propose([DraftText(id: 3, tokens: [1, 2, 3], most: 2)]) == [[]])
    }

    @Test("A text that repeats itself is continued past its end")
    func loop() {
        let drafter = PromptLookup(longest: 2, shortest: 2)
        #expect(
            drafter.propose([DraftText(id: 1, tokens: [1, 2, 1, 2], most: 5)]) == [[1, 2, 1, 2, 1]])
    }

    @Test("Growing a text gives the same guesses as looking at it whole", arguments: 0..<10)
    func incremental(seed: Int) {
        var random = SeededNumbers(seed: seed)
        let text = (0..<200).map { _ in Int.random(in: 0...3, using: &random) }
        let growing = PromptLookup()
        for count in 1...text.count {
            let part = Array(text.prefix(count))
            #expect(
                growing.propose([DraftText(id: 1, tokens: part, most: 4)])
                    == PromptLookup().propose([DraftText(id: 1, tokens: part, most: 4)]))
        }
    }

    @Test("Drafts grow where they are right, and stop where they are not")
    func length() {
        // Memory sets the pace up to 8 rows.
        func seconds(_ rows: Int) -> Double? { 0.01 * Double(max(8, rows)) / 8 }
        var lucky = DraftLength(longest: 8)
        var unlucky = DraftLength(longest: 8)
        for _ in 0..<50 {
            lucky.note(drafted: 4, accepted: 4)
            unlucky.note(drafted: 4, accepted: 0)
        }
        #expect(lucky.next(rows: 1, texts: 1, seconds: seconds) == 7)
        let lengths = (0..<64).map { _ in unlucky.next(rows: 8, texts: 8, seconds: seconds) }
        // Now and then it tries again.
        #expect(lengths.count { $0 > 0 } == 2)
        #expect(lucky.next(rows: 64, texts: 64, seconds: { Double($0) }) == 0)
    }
}
