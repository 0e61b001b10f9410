import Checkpoints
import Foundation
import OrderedCollections
import Testing

@Suite("Split GGUF files")
struct GGUFPartsTests {
    @Test("Any part opens all, in the order of their numbers", arguments: 0..<3)
    func opens(part: Int) throws {
        try Self.withParts { folder in
            let file = try Checkpoint.open(path: folder.path(part))
            #expect(file.path == folder.path(part))
            #expect(try file.string("general.architecture") == "llama")
            #expect(file.tensors.map(\.name) == ["t0", "t1", "t2"])
            #expect(file.fileSize == (0..<3).reduce(0) { $0 + folder.size($1) })
            for (index, tensor) in file.tensors.enumerated() {
                #expect(file.file(of: tensor) == folder.path(index))
                let first = file.withBytes(of: tensor) { $0.unsafeByte(0) }
                #expect(first == UInt8(index + 1))
            }
        }
    }

    @Test("A part that says it is the only one is a whole model, whatever its name")
    func single() throws {
        let whole = Self.part(0, of: 1, tensors: 1)
        try withFile(whole.bytes) { path in
            let file = try Checkpoint.open(path: path)
            #expect(file.tensors.count == 1)
        }
    }

    @Test("A missing part is an error that names it")
    func missing() throws {
        try Self.withParts { folder in
            try FileManager.default.removeItem(atPath: folder.path(1))
            let error = #expect(throws: CheckpointError.self) {
                try Checkpoint.open(path: folder.path(2))
            }
            #expect(error?.code == .unreadable)
            #expect(error?.file == folder.path(1))
        }
    }

    @Test("A damaged part is an error that names it")
    func damaged() throws {
        try Self.withParts { folder in
            try folder.write(Array(Self.part(2).bytes.dropLast(40)), 2)
            try Self.expect(.truncated, "tensor t2", in: folder, 2)
        }
    }

    @Test("A part that is not what its name says is an error that names it")
    func foreign() throws {
        try Self.withParts { folder in
            try folder.write(Self.part(2).bytes, 1)
            try Self.expect(.invalidField, "split.no", in: folder, 1)
            try folder.write(Self.part(1, of: 4).bytes, 1)
            try Self.expect(.invalidField, "split.count", in: folder, 1)
            try folder.write(Self.part(1, tensors: 9).bytes, 1)
            try Self.expect(.invalidField, "split.tensors.count", in: folder, 1)
            try folder.write(GGUFBytes.sample().bytes, 1)
            try Self.expect(.invalidField, "split.count", in: folder, 1)
            try folder.write(Self.part(1, name: "t0").bytes, 1)
            try Self.expect(.invalidField, "tensor t0", in: folder, 1)
        }
    }

    @Test("Parts that hold fewer tensors than they announce are an error")
    func short() throws {
        try Self.withParts(tensors: 4) { folder in
            try Self.expect(.invalidField, "split.tensors.count", in: folder, 0)
        }
    }

    @Test("A part without the name of one, or past the last, is refused")
    func renamed() throws {
        for (bytes, field) in [
            (Self.part(1).bytes, "split.count"), (Self.part(3).bytes, "split.no"),
        ] {
            try withFile(bytes) { path in
                let error = #expect(throws: CheckpointError.self) {
                    try Checkpoint.open(path: path)
                }
                #expect(error?.field == field)
                #expect(error?.code == .invalidField)
            }
        }
    }

    @Test("Data past 4 GiB are found")
    func large() throws {
        let far = 5 << 30
        let header = GGUFBytes(tensors: [
            .init(name: "near", dimensions: [1 << 20, 1280], type: 0, offset: 0),
            .init(name: "far", dimensions: [8], type: 0, offset: UInt64(far)),
        ])
        try withFile(header.bytes) { path in
            let start = (header.bytes.count + 31) / 32 * 32
            let handle = try #require(FileHandle(forWritingAtPath: path))
            // A hole takes no room on the disk.
            try handle.seek(toOffset: UInt64(start + far))
            try handle.write(contentsOf: Data((1...32).map { UInt8($0) }))
            try handle.close()
            let file = try Checkpoint.open(path: path)
            let tensor = try #require(file.tensor(named: "far"))
            #expect(tensor.byteOffset == start + far)
            #expect(
                file.withBytes(of: tensor) { [$0.unsafeByte(0), $0.unsafeByte(31)] } == [1, 32])
        }
    }

    private struct Folder {
        let url: URL

        func path(_ part: Int) -> String {
            url.appending(path: "model-0000\(part + 1)-of-00003.gguf").path
        }

        func size(_ part: Int) -> Int {
            (try? Data(contentsOf: URL(filePath: path(part))).count) ?? 0
        }

        func write(_ bytes: [UInt8], _ part: Int) throws {
            try Data(bytes).write(to: URL(filePath: path(part)))
        }
    }

    private static func withParts(tensors: Int = 3, _ body: (Folder) throws -> Void) throws {
        let folder = Folder(
            url: URL(filePath: NSTemporaryDirectory() + "berth-parts-\(UUID().uuidString)"))
        try FileManager.default.createDirectory(at: folder.url, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder.url) }
        for part in 0..<3 { try folder.write(Self.part(part, tensors: tensors).bytes, part) }
        try body(folder)
    }

    private static func part(_ index: Int, of count: Int = 3, tensors: Int = 3, name: String? = nil)
        -> GGUFBytes
    {
        let split: [(String, GGUFBytes.Value)] = [
            ("split.no", .uint16(UInt16(index))), ("split.count", .uint16(UInt16(count))),
            ("split.tensors.count", .int32(Int32(tensors))),
        ]
        return GGUFBytes(
            metadata: (index == 0 ? [("general.architecture", .string("llama"))] : []) + split,
            tensors: [
                .init(name: name ?? "t\(index)", dimensions: [8, 2], type: 0, offset: 0)
            ], data: [UInt8](repeating: UInt8(index + 1), count: 64))
    }

    private static func expect(
        _ code: CheckpointError.Code, _ field: String, in folder: Folder, _ part: Int,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let error = #expect(throws: CheckpointError.self, sourceLocation: sourceLocation) {
            try Checkpoint.open(path: folder.path(0))
        }
        #expect(error?.code == code, "\(String(describing: error))", sourceLocation: sourceLocation)
        #expect(
            error?.field == field, "\(String(describing: error))", sourceLocation: sourceLocation)
        #expect(
            error?.file == folder.path(part), "\(String(describing: error))",
            sourceLocation: sourceLocation)
    }
}
