import Architectures
import Checkpoints
import Foundation
import Inference
import KVCaching
import Sampling
import Synchronization
import Tensors
import Testing

@Suite("Pages are kept from one start to the next")
struct PrefixStoreTests {
    private let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("prefixes-\(UUID().uuidString)").path

    private func store(_ name: String = "a", fingerprint: UInt64 = 7, limit: Int = 1 << 30)
        -> PrefixStore
    {
        PrefixStore(path: "\(folder)/\(name).prefixes", fingerprint: fingerprint, limit: limit)
    }

    private func cache(pages: Int = 8) throws -> KVCache {
        let layout = KVPageLayout(layers: 1, heads: 1, headDimension: 16)
        return KVCache(pool: try PagePool(layout: layout, bytes: pages * layout.byteCount))
    }

    /// Two texts of two pages that share the first, filled with numbers.
    private func filled() throws -> KVCache {
        let cache = try cache()
        for text in [0, 1] {
            let tokens = (0..<128).map { $0 < 64 ? $0 : 1000 * text + $0 }
            var pages = SequencePages()
            _ = cache.attach(&pages, to: tokens + [1], scope: 0)
            let hasRoom = cache.grow(&pages, to: 128)
            #expect(hasRoom)
            for page in pages.pages {
                unsafe cache.pool.address(of: page).initializeMemory(
                    as: UInt8.self, repeating: UInt8(10 + page.index),
                    count: cache.pool.layout.byteCount)
            }
            cache.share(&pages, holding: tokens[...], scope: 0)
            cache.release(&pages)
        }
        return cache
    }

    private func contents(of pages: SequencePages, in pool: PagePool) -> [Data] {
        pages.pages.map { page in
            unsafe Data(bytes: pool.address(of: page), count: pool.layout.byteCount)
        }
    }

    @Test("What was written is read, page by page")
    func roundTrip() throws {
        let before = try filled()
        #expect(try store().save(before) == 3)
        let after = try cache()
        #expect(try store().load(into: after, pages: 8) == 3)
        #expect(after.tree.unused == 3 && after.held == 0)
        for text in [0, 1] {
            let tokens = (0..<128).map { $0 < 64 ? $0 : 1000 * text + $0 } + [1]
            var (old, new) = (SequencePages(), SequencePages())
            #expect(before.attach(&old, to: tokens, scope: 0) == 128)
            #expect(after.attach(&new, to: tokens, scope: 0) == 128)
            #expect(contents(of: old, in: before.pool) == contents(of: new, in: after.pool))
            after.release(&new)
        }
        after.evictAll()
        #expect(after.pool.available == 8)
        try FileManager.default.removeItem(atPath: folder)
    }

    @Test("No more than the limit is written, whole texts' beginnings first", arguments: [0, 1, 2])
    func limits(pages: Int) throws {
        let before = try filled()
        let record = before.pool.layout.byteCount + 66 * 8
        #expect(try store(limit: 40 + pages * record).save(before) == pages)
        let after = try cache()
        #expect(try store(limit: 40 + pages * record).load(into: after, pages: 8) == pages)
        try FileManager.default.removeItem(atPath: folder)
    }

    @Test("Another model's file is passed over, a missing one too")
    func others() throws {
        #expect(try store("missing").load(into: cache(), pages: 8) == 0)
        _ = try store().save(filled())
        #expect(try store(fingerprint: 8).load(into: cache(), pages: 8) == 0)
        try FileManager.default.removeItem(atPath: folder)
    }

    @Test("A damaged file is an error, whatever is damaged, and its sound pages may stay")
    func damage() throws {
        _ = try store().save(filled())
        let path = store().path
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        for place in stride(from: 0, to: bytes.count, by: 97) {
            var damaged = bytes
            damaged[place] ^= 0x55
            try damaged.write(to: URL(fileURLWithPath: path))
            let cache = try cache()
            do {
                // What is another model's is passed over.
                let isForeign = 8..<32
                #expect(try store().load(into: cache, pages: 8) == 0 && isForeign.contains(place))
            } catch {
                #expect(error.message.contains(path))
            }
            #expect(cache.pool.available + cache.tree.unused == 8)
        }
        for count in stride(from: 0, to: bytes.count - 1, by: 211) {
            try bytes.prefix(count).write(to: URL(fileURLWithPath: path))
            #expect(throws: PrefixStore.Failure.self) { try store().load(into: cache(), pages: 8) }
        }
        try FileManager.default.removeItem(atPath: folder)
    }

    @Test("A disk that takes no more keeps the file before, and says so")
    func fullDisk() throws {
        // The one file that is always full.
        let store = PrefixStore(path: "/dev/full/a.prefixes", fingerprint: 1, limit: 1 << 30)
        let error = #expect(throws: PrefixStore.Failure.self) { try store.save(filled()) }
        #expect(error?.message.contains("answers are not affected") == true)
    }

    @Test("An engine finds after a restart what the one before computed, and answers the same")
    func restart() async throws {
        let file = try Checkpoint.open(path: ParityFixtures.model("qwen3-small-Q4_K_M"))
        let compute = Compute(threads: 2)
        let model = try ModelFamilies.load(file, on: compute)
        var options = InferenceEngine.Options(
            cacheBytes: 32 * model.layout.byteCount, contextLength: 512)
        options.prefixStore = store("engine")
        options.notify = { Issue.record("\($0)") }
        var answers: [[Int]] = []
        var cached: [Int] = []
        for _ in 0..<2 {
            let engine = try InferenceEngine(model: model, compute: compute, options: options)
            var answer: [Int] = []
            let request = GenerationRequest(
                prompt: (0..<200).map { $0 % 90 }, sampling: SamplingParameters(temperature: 0),
                maximumTokens: 5)
            for await event in try engine.generate(request) {
                switch event {
                case .token(let token, _, _): answer.append(token)
                case .finished(_, let summary): cached.append(summary.cachedTokens)
                case .prompt: break
                }
            }
            answers.append(answer)
            await engine.stop()
        }
        #expect(answers[0] == answers[1] && answers[0].count == 5)
        #expect(cached == [0, 192])
        try FileManager.default.removeItem(atPath: folder)
    }
}
