import Inference
import KVCaching
import Testing

@Suite("Texts that begin alike share pages")
struct PrefixSharingTests {
    private let beginning = Array(0..<128)

    @Test("The second request computes only what the first did not")
    func hit() throws {
        var scene = try SchedulerScene(pages: 20, rows: 500)
        scene.submit(1, prompt: beginning + [500, 501], generate: 1)
        _ = scene.runToEnd()
        scene.submit(2, prompt: beginning + [600], generate: 1)
        let entries = scene.plan()
        #expect(entries.map(\.start) == [128] && entries.map(\.tokens) == [[600]])
        #expect(scene.scheduler.sequence(2)?.cachedCount == 128)
    }

    @Test("A prompt that is there completely still computes its last token, for its logits")
    func wholePrompt() throws {
        var scene = try SchedulerScene(pages: 20, rows: 500)
        for id in 1...2 {
            scene.submit(id, prompt: beginning, generate: 1)
            _ = scene.runToEnd()
        }
        #expect(scene.scheduler.counts.cached == 64)
    }

    @Test("An answer is shared as well: the next turn begins with it")
    func turns() throws {
        var scene = try SchedulerScene(pages: 20, rows: 500)
        scene.submit(1, prompt: Array(0..<60), generate: 10)
        _ = scene.runToEnd()
        scene.submit(2, prompt: Array(0..<60) + Array(repeating: 7, count: 10) + [1], generate: 1)
        #expect(scene.plan().map(\.start) == [64])
    }

    @Test("Requests that come together compute their common beginning once")
    func together() throws {
        var scene = try SchedulerScene(pages: 20, rows: 100)
        for id in 1...4 { scene.submit(id, prompt: beginning + [500 + id], generate: 1) }
        var rows = 0
        while !scene.scheduler.isIdle {
            rows += scene.step().entries.reduce(0) { $0 + $1.tokens.count }
        }
        #expect(rows == 128 + 4)
    }

    @Test("Adapters share nothing")
    func scopes() throws {
        var scene = try SchedulerScene(pages: 20, rows: 500)
        scene.submit(1, prompt: beginning + [1], generate: 1, scope: 0)
        _ = scene.runToEnd()
        scene.submit(2, prompt: beginning + [1], generate: 1, scope: 1)
        #expect(scene.plan().map(\.start) == [0])
    }

    @Test("A preempted answer finds what is left of its pages")
    func preempted() throws {
        var scene = try SchedulerScene(pages: 6, rows: 500)
        scene.submit(1, prompt: 130, generate: 100)
        scene.submit(2, prompt: 130, generate: 100)
        #expect(scene.runToEnd() == [1: 100, 2: 100])
        #expect(scene.scheduler.counts.preempted == 1)
        #expect(scene.scheduler.counts.prefilled < 2 * 130 + 130)
    }

    // MARK: The tree

    private func page(_ tokens: Int, _ first: Int) -> [Int] { (0..<tokens).map { first + $0 } }

    @Test("Unused pages go least recently used first, later parts of a text before earlier ones")
    func eviction() throws {
        let scene = try SchedulerScene(pages: 6)
        let pool = scene.cache.pool
        let pages = try (0..<4).map { _ in try #require(pool.take()) }
        var tree = PrefixTree(pageLength: 2)
        let (a, _) = tree.insert([1, 2], page: pages[0], below: nil, scope: 0)
        let (b, _) = tree.insert([3, 4], page: pages[1], below: a, scope: 0)
        let (c, _) = tree.insert([5, 6], page: pages[2], below: nil, scope: 0)
        #expect(tree.evict() == nil)
        tree.release([a, b])
        tree.release([c])
        #expect(tree.unused == 3)
        // Using the first text again makes the other one the oldest.
        tree.release(tree.acquire([1, 2, 3, 4], scope: 0, limit: 4).map(\.0))
        #expect((0..<3).map { _ in tree.evict() } == [pages[2], pages[1], pages[0]])
        #expect(tree.evict() == nil && tree.count == 0)
        #expect(tree.match([1, 2], scope: 0, limit: 2) == 0)
    }

    @Test("Of two equal pages the first is kept")
    func duplicates() throws {
        let scene = try SchedulerScene(pages: 6)
        let first = try #require(scene.cache.pool.take())
        let second = try #require(scene.cache.pool.take())
        var tree = PrefixTree(pageLength: 2)
        let (one, _) = tree.insert([1, 2], page: first, below: nil, scope: 0)
        let (other, page) = tree.insert([1, 2], page: second, below: nil, scope: 0)
        #expect(one == other && page == first)
        tree.release([one])
        #expect(tree.unused == 0)
        tree.release([other])
        #expect(tree.unused == 1)
    }

    @Test("Only full pages match, and no more than the limit", arguments: 0...7)
    func limits(limit: Int) throws {
        let scene = try SchedulerScene(pages: 6)
        var tree = PrefixTree(pageLength: 2)
        var node: PrefixTree.NodeID?
        for part in [[1, 2], [3, 4], [5, 6]] {
            let page = try #require(scene.cache.pool.take())
            node = tree.insert(part, page: page, below: node, scope: 3).node
        }
        #expect(tree.match([1, 2, 3, 4, 5, 6, 7], scope: 3, limit: limit) == limit / 2 * 2)
        #expect(tree.match([1, 2, 3, 9, 5, 6], scope: 3, limit: 6) == 2)
        #expect(tree.match([1, 2, 3], scope: 3, limit: 9) == 2)
        #expect(tree.match([1, 2], scope: 4, limit: 9) == 0)
    }

    @Test("Whatever sequences do, every page is free, held or kept", arguments: 0..<20)
    func accounting(seed: Int) throws {
        var random = SeededNumbers(seed: seed)
        let scene = try SchedulerScene(pages: 12)
        let cache = scene.cache
        var texts: [(tokens: [Int], pages: SequencePages)] = []
        for _ in 0..<300 {
            if texts.count < 4, Bool.random(using: &random) {
                let length = Int.random(in: 1...260, using: &random)
                let kind = Int.random(in: 0...2, using: &random)
                let tokens = (0..<length).map { $0 < 100 ? $0 : 1000 * kind + $0 }
                var pages = SequencePages()
                _ = cache.attach(&pages, to: tokens, scope: 0)
                if cache.grow(&pages, to: length) {
                    texts.append((tokens, pages))
                } else {
                    cache.release(&pages)
                }
            } else if let index = texts.indices.randomElement(using: &random) {
                if Bool.random(using: &random) {
                    cache.share(
                        &texts[index].pages, holding: texts[index].tokens[...], scope: 0)
                } else {
                    cache.release(&texts[index].pages)
                    texts.remove(at: index)
                }
            }
            let held = Set(texts.flatMap(\.pages.pages))
            #expect(cache.held == held.count)
            #expect(cache.pool.available + cache.tree.unused + held.count == 12)
        }
        for index in texts.indices { cache.release(&texts[index].pages) }
        cache.evictAll()
        #expect(cache.pool.available == 12 && cache.tree.count == 0)
    }
}

/// Numbers that are the same in every run (Knuth's MMIX).
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: Int) {
        state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 &+ 1
    }

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 32 | state << 32
    }
}
