import Checkpoints
import Foundation
import OrderedCollections
import StructuredJSON
import Testing

@Suite("Writing GGUF files")
struct GGUFWriterTests {
    private static let everyType: [(String, GGUFTypedValue)] = [
        ("u8", .uint8(.max)), ("i8", .int8(.min)), ("u16", .uint16(.max)), ("i16", .int16(.min)),
        ("u32", .uint32(.max)), ("i32", .int32(.min)), ("u64", .uint64(.max)),
        ("i64", .int64(.min)), ("f32", .float32(0.1)), ("f64", .float64(0.1)), ("yes", .bool(true)),
        ("text", .string("泊位 ⚓")), ("strings", .strings(["", "泊", "long enough for the heap"])),
        ("integers", .int32s([1, -2])), ("floats", .float32s([0.5, -1])),
        ("nested", .array(.array, [.int32s([1]), .strings(["a"])])), ("empty", .strings([])),
    ]

    @Test("Every type of value is read back as it was written, in order")
    func values() throws {
        try withFile([0]) { path in
            var metadata = GGUFMetadata()
            for (key, value) in Self.everyType { metadata.set(key, value) }
            try GGUFWriter(path: path, metadata: metadata, tensors: []).finish()
            let file = try Checkpoint.open(path: path)
            #expect(file.format == .gguf(version: 3))
            #expect(Array(file.metadata.keys) == Self.everyType.map(\.0))
            #expect(file.metadata["u64"] == .unsigned(.max))
            #expect(try file.integer("i64") == .min)
            #expect(try file.float("f32") == 0.1)
            #expect(try file.json("f64") == 0.1)
            #expect(try file.strings("strings") == ["", "泊", "long enough for the heap"])
            #expect(try file.json("nested") == [[1], ["a"]])
            #expect(GGUFMetadata(copying: file).keys == metadata.keys)
        }
    }

    @Test(
        "What the gguf package wrote is written again byte for byte",
        arguments: ["values.gguf", "tensors.gguf", "wide-alignment.gguf"])
    func copies(name: String) throws {
        let folder = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
        let source = folder.appending(path: name).path
        try withFile([0]) { path in
            try Self.copy(source, to: path)
            let (written, original) = try (
                Data(contentsOf: URL(filePath: path)), Data(contentsOf: URL(filePath: source))
            )
            #expect(written == original)
        }
    }

    @Test("A value can be replaced in its place, added and taken away")
    func edits() throws {
        try withFile(GGUFBytes.sample().bytes) { source in
            let file = try Checkpoint.open(path: source)
            var metadata = GGUFMetadata(copying: file)
            metadata.set("u8", .string("another"))
            metadata.set("added", .uint32(5))
            metadata.set("nested", nil)
            try withFile([0]) { path in
                try GGUFWriter(path: path, metadata: metadata, tensors: []).finish()
                let edited = try Checkpoint.open(path: path)
                // The alignment that everybody takes for granted is not noted.
                let kept = file.metadata.keys.filter { $0 != "nested" && $0 != "general.alignment" }
                #expect(Array(edited.metadata.keys) == kept + ["added"])
                #expect(try edited.string("u8") == "another")
                #expect(try edited.json("longs") == file.json("longs"))
            }
        }
    }

    @Test("A file that is not finished leaves what was there, and nothing of its own")
    func unfinished() throws {
        try withFile(Array("before".utf8)) { path in
            let tensor = try Self.tensor("t", [8])
            do {
                let writer = try GGUFWriter(path: path, metadata: GGUFMetadata(), tensors: [tensor])
                try writer.append([UInt8](repeating: 1, count: 16))
                #expect(FileManager.default.fileExists(atPath: path + ".partial"))
            }
            #expect(try Data(contentsOf: URL(filePath: path)) == Data("before".utf8))
            #expect(!FileManager.default.fileExists(atPath: path + ".partial"))
        }
    }

    @Test("What no disk has room for is refused before it is begun")
    func tooLarge() throws {
        let path = NSTemporaryDirectory() + "berth-huge-\(UUID().uuidString).gguf"
        let tensor = try Self.tensor("t", [1 << 58])
        let error = #expect(throws: CheckpointError.self) {
            try GGUFWriter(path: path, metadata: GGUFMetadata(), tensors: [tensor])
        }
        #expect(error?.code == .unwritable)
        #expect(error?.message.contains("the disk has") == true)
        #expect(!FileManager.default.fileExists(atPath: path + ".partial"))
    }

    @Test("Two writers of one file do not mix, and a folder is no file")
    func refused() throws {
        let path = NSTemporaryDirectory() + "berth-twice-\(UUID().uuidString).gguf"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let first = try OutputFile(path: path)
        let error = #expect(throws: CheckpointError.self) { try OutputFile(path: path) }
        #expect(error?.message.contains("another program") == true)
        try first.write("whole")
        try first.close()
        #expect(try Data(contentsOf: URL(filePath: path)) == Data("whole".utf8))
        for wrong in [NSTemporaryDirectory(), path + "/inside"] {
            let error = #expect(throws: CheckpointError.self) { try OutputFile(path: wrong) }
            #expect(error?.code == .unwritable)
        }
    }

    @Test("Shapes that GGUF cannot hold are refused by name")
    func shapes() throws {
        for dimensions in [[], [0], [1, 1, 1, 1, 1], [Int.max, 8]] {
            let error = #expect(throws: CheckpointError.self) { try Self.tensor("t", dimensions) }
            #expect(error?.field == "tensor t")
        }
        let blocks = try #require(GGMLType(rawValue: 8))
        #expect(throws: CheckpointError.self) {
            try GGUFTensorDescription(name: "t", dimensions: [33], type: blocks, file: "f")
        }
    }

    private static func tensor(_ name: String, _ dimensions: [Int]) throws -> GGUFTensorDescription
    {
        let float = try #require(GGMLType(rawValue: 0))
        return try GGUFTensorDescription(
            name: name, dimensions: dimensions, type: float, file: "out.gguf")
    }

    /// Streams every tensor in pieces of seven bytes.
    private static func copy(_ source: String, to path: String) throws {
        let file = try Checkpoint.open(path: source)
        let writer = try GGUFWriter(
            path: path, metadata: GGUFMetadata(copying: file),
            tensors: file.tensors.map {
                try GGUFTensorDescription(
                    name: $0.name, dimensions: $0.dimensions, type: $0.type, file: path)
            },
            alignment: file.optionalInteger("general.alignment") ?? 32)
        for tensor in file.tensors {
            try file.withBytes(of: tensor) { bytes in
                for start in stride(from: 0, to: bytes.byteCount, by: 7) {
                    try writer.append(bytes.extracting(start..<min(start + 7, bytes.byteCount)))
                }
            }
        }
        try writer.finish()
    }
}
