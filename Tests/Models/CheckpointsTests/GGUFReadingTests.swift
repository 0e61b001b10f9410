import Checkpoints
import OrderedCollections
import StructuredJSON
import Tensors
import Testing

@Suite("GGUF files")
struct GGUFReadingTests {
    @Test("Both versions give every type of metadata value", arguments: [UInt32(2), 3])
    func values(version: UInt32) throws {
        try withFile(GGUFBytes.sample(version: version).bytes) { path in
            let file = try Checkpoint.open(path: path)
            #expect(file.format == .gguf(version: Int(version)))
            #expect(file.path == path)
            #expect(try file.string("general.architecture") == "llama")
            #expect(try file.string("text") == "泊位 ⚓")
            #expect(try file.integer("u8") == 200)
            #expect(try file.integer("i8") == -100)
            #expect(try file.integer("u16") == 60_000)
            #expect(try file.integer("i16") == -30_000)
            #expect(try file.integer("u32") == 4_000_000_000)
            #expect(try file.integer("i32") == -2_000_000_000)
            #expect(try file.integer("u64") == 1 << 40)
            #expect(try file.integer("i64") == -1 << 40)
            #expect(file.metadata["huge"] == .unsigned(.max))
            #expect(try file.float("f32") == 0.5)
            #expect(try file.float("f64") == 0.1)
            #expect(try file.bool("yes"))
            #expect(try file.bool("no") == false)
        }
    }

    @Test("Arrays are decoded when asked for")
    func arrays() throws {
        try withFile(GGUFBytes.sample().bytes) { path in
            let file = try Checkpoint.open(path: path)
            #expect(try file.strings("strings") == ["a", "", "泊"])
            #expect(try file.strings("empty") == [])
            #expect(try file.integers("bytes") == [1, 255])
            #expect(try file.integers("shorts") == [-1, 7])
            #expect(try file.floats("floats") == [0.25, -3])
            #expect(try file.floats("doubles") == [0.1])
            #expect(try file.json("bools") == [true, false])
            #expect(try file.json("nested") == [[1, -2], ["in"]])
            #expect(try file.json("doubles") == [0.1])
            #expect(try file.json("longs") == [1, 18_446_744_073_709_551_615.0])
            #expect(try file.json("huge") == 18_446_744_073_709_551_615.0)
            #expect(try file.json("nothing") == nil)
        }
    }

    @Test("Keys and tensors keep the file's order")
    func order() throws {
        try withFile(GGUFBytes.sample().bytes) { path in
            let file = try Checkpoint.open(path: path)
            #expect(
                Array(file.metadata.keys.prefix(3)) == [
                    "general.architecture", "general.alignment", "u8",
                ])
            #expect(file.tensors.map(\.name) == ["plain", "blocks", "later"])
        }
    }

    @Test("A tensor has its shape, place and bytes")
    func tensors() throws {
        let sample = GGUFBytes.sample()
        let data = try #require(sample.marks["data"])
        try withFile(sample.bytes) { path in
            let file = try Checkpoint.open(path: path)
            #expect(file.fileSize == sample.bytes.count)
            let blocks = try #require(file.tensor(named: "blocks"))
            #expect(blocks.dimensions == [32, 2])
            #expect(blocks.elementCount == 64)
            #expect(blocks.byteCount == 68)
            #expect(blocks.byteOffset == data + 64)
            #expect(try file.elementType(of: blocks) == .q8_0)
            let bytes = file.withBytes(of: blocks) { span in
                (0..<span.byteCount).map { span.unsafeByte($0) }
            }
            #expect(bytes == (64..<132).map { UInt8($0) })
            #expect(file.tensor(named: "nowhere") == nil)
        }
    }

    @Test("A type that cannot be run yet is shown, and refused by name when its data are wanted")
    func foreignType() throws {
        try withFile(GGUFBytes.sample().bytes) { path in
            let file = try Checkpoint.open(path: path)
            let later = try #require(file.tensor(named: "later"))
            #expect(later.typeName == "F64")
            #expect(later.byteCount == 176)
            let error = #expect(throws: CheckpointError.self) { try file.elementType(of: later) }
            #expect(error?.code == .unsupported)
            #expect(error?.field == "tensor later")
            #expect(error?.byteOffset == later.byteOffset)
            #expect(error?.message.contains("has type F64, which Berth cannot run yet") == true)
        }
    }

    @Test("The kernels' types have the sizes that files give them", arguments: ElementType.allCases)
    func sizes(type: ElementType) throws {
        let known = try #require(GGMLType(rawValue: type.rawValue))
        #expect(known.name == type.name)
        #expect(known.blockElements == type.blockElements)
        #expect(known.blockBytes == type.blockBytes)
    }

    @Test("A header without tensors needs no padding after it")
    func headerOnly() throws {
        let bytes = GGUFBytes(metadata: [("a", .uint8(1))]).bytes
        try withFile(bytes) { path in
            let file = try Checkpoint.open(path: path)
            #expect(file.tensors.isEmpty)
            #expect(try file.integer("a") == 1)
        }
    }

    @Test("Bytes inside the program open like a file")
    func staticBytes() throws {
        let bytes = GGUFBytes.sample().bytes
        try unsafe bytes.withUnsafeBytes { raw in
            let file = try unsafe Checkpoint.open(staticBytes: raw, name: "embedded")
            #expect(file.path == "embedded")
            #expect(file.tensors.count == 3)
        }
    }
}

extension RawSpan {
    func unsafeByte(_ index: Int) -> UInt8 {
        unsafe unsafeLoad(fromByteOffset: index, as: UInt8.self)
    }
}
