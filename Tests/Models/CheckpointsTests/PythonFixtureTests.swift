import Checkpoints
import Foundation
import OrderedCollections
import StructuredJSON
import Testing

/// Files that the PyPI package gguf wrote, against what that package reads from them;
/// `Tools/fixtures/make_gguf_fixtures.py` writes both.
@Suite("GGUF files of another writer")
struct PythonFixtureTests {
    @Test("Metadata agree", arguments: ["values.gguf", "tensors.gguf", "wide-alignment.gguf"])
    func metadata(name: String) throws {
        let file = try Checkpoint.open(path: Self.path(name))
        let expected = try #require(try Self.expected(name)["metadata"]?.object)
        for (key, value) in expected {
            #expect(try file.json(key) == value, "\(key)")
        }
        #expect(Set(file.metadata.keys).subtracting(expected.keys).isSubset(of: ["array.nested"]))
    }

    @Test("Nested arrays keep their shape")
    func nested() throws {
        let file = try Checkpoint.open(path: Self.path("values.gguf"))
        #expect(try file.json("array.nested") == [[1, 2], [3], [4, 5, 6]])
    }

    @Test(
        "Tensors agree in name, type, shape, place and bytes",
        arguments: [
            "tensors.gguf", "wide-alignment.gguf",
        ])
    func tensors(name: String) throws {
        let file = try Checkpoint.open(path: Self.path(name))
        let expected = try #require(try Self.expected(name)["tensors"]?.array)
        #expect(file.tensors.count == expected.count)
        #expect(expected.count > 25)
        for (tensor, fields) in zip(file.tensors, expected) {
            #expect(tensor.name == fields["name"]?.string)
            #expect(tensor.typeName == fields["type"]?.string)
            #expect(JSONValue.array(tensor.dimensions.map { .integer($0) }) == fields["dimensions"])
            #expect(tensor.elementCount == fields["elements"]?.int)
            #expect(tensor.byteOffset == fields["offset"]?.int)
            #expect(tensor.byteCount == fields["bytes"]?.int)
            #expect(
                Int(file.withBytes(of: tensor, crc32)) == fields["crc32"]?.int, "\(tensor.name)")
        }
    }

    @Test("A big-endian file says that it is one")
    func bigEndian() throws {
        let error = #expect(throws: CheckpointError.self) {
            try Checkpoint.open(path: Self.path("big-endian.gguf"))
        }
        #expect(error?.code == .unsupported)
        #expect(error?.field == "version")
        #expect(error?.byteOffset == 4)
        #expect(error?.message.contains("big-endian") == true)
    }

    private static func path(_ name: String) throws -> String {
        let folder = try #require(
            Bundle.module.url(forResource: "Fixtures", withExtension: nil))
        return folder.appending(path: name).path
    }

    private static func expected(_ name: String) throws -> JSONValue {
        let json = try JSONValue(
            parsing: Data(contentsOf: URL(filePath: try path("expected.json"))))
        return try #require(json.array?.first { $0["file"]?.string == name })
    }
}

/// The checksum of zlib (polynomial 0xEDB88320).
private func crc32(_ bytes: RawSpan) -> UInt32 {
    var remainder = UInt32.max
    for index in 0..<bytes.byteCount {
        remainder ^= UInt32(bytes.unsafeByte(index))
        for _ in 0..<8 {
            remainder = remainder & 1 == 1 ? (remainder >> 1) ^ 0xEDB8_8320 : remainder >> 1
        }
    }
    return ~remainder
}
