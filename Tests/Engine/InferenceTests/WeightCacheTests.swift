import Architectures
import Checkpoints
import Foundation
import Synchronization
import Tensors
import Testing

@Suite("Packed weights that an earlier start left", .serialized)
struct WeightCacheTests {
    /// A model in a folder of its own, and a cache beside it.
    private final class Setting: Sendable {
        let folder: URL
        let model: String
        let cacheFolder: String
        private let lines = Mutex<[String]>([])

        var reports: [String] { lines.withLock { $0 } }
        var cache: WeightCache {
            WeightCache(folder: cacheFolder) { line in self.lines.withLock { $0.append(line) } }
        }
        /// The files in the cache's folder.
        var files: [String] {
            get throws {
                try FileManager.default.contentsOfDirectory(atPath: cacheFolder).sorted()
                    .map { "\(cacheFolder)/\($0)" }
            }
        }

        init(_ name: String = "qwen3-small-Q4_K_M") throws {
            folder = FileManager.default.temporaryDirectory.appending(
                path: "berth-cache-\(UUID().uuidString)")
            model = folder.appending(path: "model.gguf").path
            cacheFolder = folder.appending(path: "packed/deeper").path
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try FileManager.default.copyItem(atPath: ParityFixtures.model(name), toPath: model)
        }

        deinit {
            do {
                try FileManager.default.removeItem(at: folder)
            } catch {
                print("\(folder.path) stays behind: \(error)")
            }
        }

        /// Logits of some tokens by the model as it starts with the cache; its packed weights are on the disk afterwards.
        func start(_ path: String? = nil) throws -> [[Float]] {
            let file = try Checkpoint.open(path: path ?? model)
            let logits = try ParityTests.logits(
                of: file, tokens: [1, 5, 9, 2], step: 4,
                place: cache.place(for: file, as: .stored, leastBytes: 0))
            WeightCache.waitForSaving()
            return logits
        }

        func fresh() throws -> [[Float]] {
            try ParityTests.logits(
                of: Checkpoint.open(path: model), tokens: [1, 5, 9, 2], step: 4)
        }

        func write(_ bytes: Data) throws {
            // As whoever replaces a file does it: a process may have the old one mapped.
            try bytes.write(to: URL(fileURLWithPath: files[0]), options: .atomic)
        }

        /// The matrices in which the packed copy differs from the model.
        func differences() throws -> [String] {
            let comparison = PackedComparison(with: try PackedFile(path: files[0]))
            _ = try ModelFamilies.load(
                Checkpoint.open(path: model), on: Compute(threads: 2), place: comparison)
            return comparison.differences
        }
    }

    private static func inode(_ path: String) throws -> UInt64 {
        try #require(
            FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? UInt64)
    }

    @Test(
        "A second start has the same bits, and maps what the first one left",
        arguments: [
            "qwen3-small-Q4_K_M", "llama-small-Q8_0", "llama-mini-Q2_K", "qwen3-narrow-BF16",
        ])
    func secondStart(name: String) throws {
        let setting = try Setting(name)
        let expected = try setting.fresh()
        #expect(try setting.start() == expected)
        let files = try setting.files
        #expect(files.count == 1)
        let inode = try Self.inode(files[0])
        #expect(try setting.start() == expected)
        #expect(try setting.files == files)
        #expect(try Self.inode(files[0]) == inode)
        #expect(try setting.differences() == [])
        #expect(try PackedFile(path: files[0]).damagedMatrices() == [])
        #expect(setting.reports == [])
    }

    /// How a file can be damaged so that a start must see it.
    enum Damage: CustomTestStringConvertible {
        case cut(at: Position)
        case flipped(byte: Position)
        case longer
        case version
        case foreign

        /// From the start, from the table's start, or from the end.
        enum Position {
            case start(Int)
            case table(Int)
            case end(Int)

            func offset(in bytes: Data) -> Int {
                switch self {
                case .start(let offset): offset
                case .end(let offset): bytes.count - offset
                case .table(let offset):
                    offset + (0..<8).reduce(0) { $0 | Int(bytes[32 + $1]) << (8 * $1) }
                }
            }
        }

        static let all: [Damage] =
            [0, 1, 7, 8, 63, 64, 4095, 4096, 4097, 100_000].map { .cut(at: .start($0)) }
            + [-1, 0, 1].map { .cut(at: .table($0)) } + [1, 2, 64].map { .cut(at: .end($0)) }
            + stride(from: 0, to: 64, by: 3).map { .flipped(byte: .start($0)) }
            + [0, 10, 200].map { .flipped(byte: .table($0)) }
            + [1, 50].map { .flipped(byte: .end($0)) } + [.longer, .version, .foreign]

        var testDescription: String { "\(self)" }

        func applied(to bytes: Data) -> Data {
            var bytes = bytes
            switch self {
            case .cut(let position): return bytes.prefix(position.offset(in: bytes))
            case .flipped(let position): bytes[position.offset(in: bytes)] ^= 0x10
            case .longer: bytes.append(0)
            case .version: bytes[8] += 1
            case .foreign: return Data("GGUF".utf8) + Data(count: 10_000)
            }
            return bytes
        }
    }

    @Test("A damaged copy is told, not used, and replaced", arguments: Damage.all)
    func damage(_ damage: Damage) throws {
        let setting = try Setting()
        let expected = try setting.start()
        let whole = try Data(contentsOf: URL(fileURLWithPath: setting.files[0]))
        try setting.write(damage.applied(to: whole))
        #expect(try setting.start() == expected)
        #expect(setting.reports.count == 1)
        #expect(try Data(contentsOf: URL(fileURLWithPath: setting.files[0])) == whole)
        #expect(try setting.start() == expected)
        #expect(setting.reports.count == 1)
    }

    @Test(
        "Damage among the weights is found when somebody asks", arguments: [4096, 50_000, 400_000])
    func damagedWeights(offset: Int) throws {
        let setting = try Setting()
        _ = try setting.start()
        var bytes = try Data(contentsOf: URL(fileURLWithPath: setting.files[0]))
        bytes[offset] ^= 1
        try setting.write(bytes)
        #expect(try PackedFile(path: setting.files[0]).damagedMatrices().count == 1)
        #expect(try setting.differences().count == 1)
    }

    @Test("A changed model is packed anew, and its old copy goes", arguments: [0, 1, 2])
    func changedModel(how: Int) throws {
        let setting = try Setting()
        _ = try setting.start()
        let before = try setting.files
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: setting.model))
        let time = try FileManager.default.attributesOfItem(atPath: setting.model)[
            .modificationDate]
        switch how {
        case 0:
            // Only newer.
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: 1_000_000)],
                ofItemAtPath: setting.model)
        case 1:
            // Only longer.
            try file.seekToEnd()
            try file.write(contentsOf: Data(count: 32))
        default:
            // Other weights, of the same second.
            let checkpoint = try Checkpoint.open(path: setting.model)
            let offset = try #require(checkpoint.tensors.first { $0.name == "blk.0.attn_q.weight" })
                .byteOffset
            try file.seek(toOffset: UInt64(offset))
            try file.write(contentsOf: Data([1, 2, 3]))
        }
        try file.close()
        if how > 0, let time {
            try FileManager.default.setAttributes(
                [.modificationDate: time], ofItemAtPath: setting.model)
        }
        #expect(try setting.start() == setting.fresh())
        #expect(try setting.files.count == 1)
        #expect(try setting.files != before)
        #expect(setting.reports == [])
    }

    @Test("A copied or renamed model finds its packed weights")
    func renamedModel() throws {
        let setting = try Setting()
        _ = try setting.start()
        let file = try Checkpoint.open(path: setting.model)
        let digest = PackedSource(file, as: .stored)?.digest
        let link = setting.folder.appending(path: "other.gguf").path
        try FileManager.default.linkItem(atPath: setting.model, toPath: link)
        let before = try Self.inode(setting.files[0])
        #expect(try setting.start(link) == setting.fresh())
        #expect(try setting.files.map(Self.inode) == [before])
        #expect(PackedSource(try Checkpoint.open(path: link), as: .stored)?.digest == digest)
        #expect(PackedSource(file, as: .rounded)?.digest != digest)
    }

    @Test("Starts at the same time do not hurt each other")
    func concurrentStarts() async throws {
        let setting = try Setting()
        let expected = try setting.fresh()
        try await withThrowingTaskGroup(of: [[Float]].self) { group in
            for _ in 0..<6 {
                group.addTask { try setting.start() }
            }
            for try await logits in group {
                #expect(logits == expected)
            }
        }
        #expect(try setting.files.count == 1)
        #expect(try setting.differences() == [])
        #expect(setting.reports == [])
    }

    @Test("What another start left half written is taken over")
    func unfinishedFile() throws {
        let setting = try Setting()
        let expected = try setting.start()
        let name = try setting.files[0]
        try FileManager.default.moveItem(atPath: name, toPath: name + ".partial")
        #expect(setting.cache.entries().map(\.isUsable) == [false])
        #expect(try setting.start() == expected)
        #expect(try setting.files == [name])
        #expect(setting.cache.entries().map(\.isUsable) == [true])
    }

    @Test("Without a folder to write to, a start says so and goes on")
    func noFolder() throws {
        let setting = try Setting()
        let expected = try setting.fresh()
        // Below a file there is no folder, whoever asks.
        try Data().write(to: setting.folder.appending(path: "packed"))
        #expect(try setting.start() == expected)
        #expect(setting.reports.count == 1)
    }

    @Test("A copy that lacks a matrix serves the others, and is packed anew by the start after")
    func otherStacking() throws {
        let setting = try Setting()
        let expected = try setting.start()
        let file = try Checkpoint.open(path: setting.model)
        let place = setting.cache.place(for: file, as: .stored, leastBytes: 0)
        unsafe [Float](repeating: 1, count: 32).withUnsafeBytes { bytes in
            let part = WeightPart(type: .f32, rows: 1, bytes: bytes)
            _ = WeightMatrix(
                parts: [part], columns: 32, compute: Compute(threads: 1), at: place,
                named: "another")
        }
        #expect(try setting.files.count == 1)
        place.finish()
        #expect(try setting.files.isEmpty)
        #expect(try setting.start() == expected)
        #expect(try setting.files.count == 1)
    }

    @Test("Clearing removes what is there, by model or all")
    func clearing() throws {
        let setting = try Setting()
        _ = try setting.start()
        let cache = setting.cache
        #expect(cache.entries(ofModelsIn: "/nowhere").isEmpty)
        #expect(cache.entries(ofModelsIn: setting.folder.path).count == 1)
        #expect(cache.entries(for: try Checkpoint.open(path: setting.model)).count == 1)
        #expect(try cache.remove(cache.entries()) > 0)
        #expect(try setting.files.isEmpty)
    }

    @Test("Small models are left alone")
    func smallModel() throws {
        let setting = try Setting()
        let file = try Checkpoint.open(path: setting.model)
        #expect(setting.cache.place(for: file, as: .stored) is WeightMemory)
        #expect(!FileManager.default.fileExists(atPath: setting.cacheFolder))
    }

    @Test("A folder of shards has one copy, which knows all its files")
    func shards() throws {
        let file = try Checkpoint.open(path: TransformersFixture.folder("llama-sharded"))
        let source = try #require(PackedSource(file, as: .stored))
        #expect(source.files.count == 3)
        #expect(source.isPresent)
    }
}
