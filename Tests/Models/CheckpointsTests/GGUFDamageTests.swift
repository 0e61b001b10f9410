import Checkpoints
import Foundation
import OrderedCollections
import StructuredJSON
import Testing

/// One wrong thing in an otherwise good file, and the error that it must give.
struct Damage: Sendable, CustomTestStringConvertible {
    let name: String
    let code: CheckpointError.Code
    let field: String
    /// A mark of ``GGUFBytes``, and bytes beyond it.
    let mark: String
    let beyond: Int
    let damage: @Sendable (inout GGUFBytes) -> Void

    init(
        _ name: String, _ code: CheckpointError.Code, _ field: String, at mark: String,
        _ beyond: Int = 0, _ damage: @escaping @Sendable (inout GGUFBytes) -> Void
    ) {
        self.name = name
        self.code = code
        self.field = field
        self.mark = mark
        self.beyond = beyond
        self.damage = damage
    }

    /// Overwrites the field that the error must point at.
    static func put(
        _ value: some FixedWidthInteger & Sendable, _ name: String, _ code: CheckpointError.Code,
        _ field: String, at mark: String, _ beyond: Int = 0
    ) -> Damage {
        Damage(name, code, field, at: mark, beyond) { file in
            guard let place = file.marks[mark] else { return }
            file.put(GGUFBytes.littleEndian(value), at: place + beyond)
        }
    }

    var testDescription: String {
        name
    }
}

@Suite("Damaged GGUF files")
struct GGUFDamageTests {
    static let header: [Damage] = [
        .put(UInt32(0x4C4D_4747), "another magic", .notThisFormat, "magic", at: "magic"),
        .put(UInt32(1), "version 1", .unsupported, "version", at: "version"),
        .put(UInt32(4), "version 4", .unsupported, "version", at: "version"),
        .put(UInt32(3).byteSwapped, "big-endian", .unsupported, "version", at: "version"),
        .put(UInt64.max, "endless tensors", .truncated, "tensor_count", at: "tensor_count"),
        .put(UInt64(1 << 20), "many tensors", .truncated, "tensor_count", at: "tensor_count"),
        .put(
            UInt64.max, "endless metadata", .truncated, "metadata_kv_count", at: "metadata_kv_count"
        ),
        .put(
            UInt64(1 << 40), "much metadata", .truncated, "metadata_kv_count",
            at: "metadata_kv_count"),
    ]

    static let metadata: [Damage] = [
        .put(UInt64.max, "endless key", .truncated, "metadata key", at: "key:text"),
        .put(UInt64(1 << 33), "long key", .truncated, "metadata key", at: "key:text"),
        .put(UInt8(0xFF), "key that is no UTF-8", .invalidField, "metadata key", at: "key:text", 8),
        .put(UInt32(13), "unknown value type", .invalidField, "text", at: "type:text"),
        .put(UInt32.max, "impossible value type", .invalidField, "text", at: "type:text"),
        .put(UInt64.max, "endless string", .truncated, "text", at: "value:text"),
        .put(UInt8(0xC0), "string that is no UTF-8", .invalidField, "text", at: "value:text", 8),
        .put(UInt8(2), "boolean of 2", .invalidField, "yes", at: "value:yes"),
        .put(UInt8(9), "boolean of 9 in an array", .invalidField, "bools", at: "value:bools", 12),
        .put(UInt32(99), "unknown element type", .invalidField, "strings", at: "value:strings"),
        .put(UInt64.max, "endless array", .truncated, "strings", at: "value:strings", 4),
        .put(
            UInt64(1 << 60), "array of numbers past the end", .truncated, "bytes",
            at: "value:bytes", 4),
        .put(UInt64.max, "endless array in an array", .truncated, "nested", at: "value:nested", 16),
        .put(
            UInt64(1 << 50), "endless string in an array", .truncated, "strings",
            at: "value:strings", 12),
        .put(
            UInt8(0x80), "element that is no UTF-8", .invalidField, "strings", at: "value:strings",
            20),
        .put(
            UInt32(48), "alignment of 48", .invalidField, "general.alignment",
            at: "value:general.alignment"),
        .put(
            UInt32(0), "alignment of 0", .invalidField, "general.alignment",
            at: "value:general.alignment"),
        .put(
            UInt32(1 << 31), "alignment of 2 GiB", .invalidField, "general.alignment",
            at: "value:general.alignment"),
    ]

    static let tensors: [Damage] = [
        .put(UInt64.max, "endless name", .truncated, "tensor name", at: "name:blocks"),
        .put(UInt64(0), "no name", .invalidField, "tensor name", at: "name:blocks"),
        .put(
            UInt8(0xFE), "name that is no UTF-8", .invalidField, "tensor name", at: "name:blocks", 8
        ),
        .put(UInt32(0), "no dimensions", .invalidField, "tensor blocks", at: "rank:blocks"),
        .put(UInt32(5), "five dimensions", .invalidField, "tensor blocks", at: "rank:blocks"),
        .put(UInt32.max, "endless dimensions", .invalidField, "tensor blocks", at: "rank:blocks"),
        .put(
            UInt64(0), "dimension of 0", .invalidField, "tensor blocks", at: "dimensions:blocks", 8),
        .put(
            UInt64.max, "dimension of 2^64 - 1", .invalidField, "tensor blocks",
            at: "dimensions:blocks"),
        .put(
            UInt64(1 << 62), "product past 64 bits", .invalidField, "tensor blocks",
            at: "dimensions:blocks", 8),
        .put(UInt32(4), "withdrawn type", .unsupported, "tensor blocks", at: "element type:blocks"),
        .put(
            UInt32(1_000), "unknown type", .unsupported, "tensor blocks", at: "element type:blocks"),
        .put(
            UInt32(12), "rows that are no whole blocks", .invalidField, "tensor blocks",
            at: "element type:blocks"),
        .put(
            UInt64(65), "offset off the alignment", .invalidField, "tensor blocks",
            at: "offset:blocks"),
        .put(
            UInt64(1 << 40), "offset past the end", .truncated, "tensor blocks", at: "offset:blocks"
        ),
        .put(UInt64.max, "offset of 2^64 - 1", .truncated, "tensor blocks", at: "offset:blocks"),
        .put(
            UInt64(Int.max - 31), "offset whose end overflows", .truncated, "tensor blocks",
            at: "offset:blocks"),
        .put(
            UInt64(192), "data that run past the end", .truncated, "tensor later",
            at: "offset:later"),
        .put(UInt64(32), "data that overlap", .invalidField, "tensor blocks", at: "offset:blocks"),
        .put(
            UInt64(0), "data at the same place", .invalidField, "tensor later", at: "offset:later"),
        Damage("bytes past 64 bits", .invalidField, "tensor plain", at: "element type:plain") {
            file in
            guard let place = file.marks["dimensions:plain"] else { return }
            file.put(GGUFBytes.littleEndian(UInt64(1 << 61)), at: place)
        },
    ]

    @Test(
        "One wrong field is an error that names field and place",
        arguments: header + metadata + tensors)
    func damaged(damage: Damage) throws {
        var file = GGUFBytes.sample()
        let place = try #require(file.marks[damage.mark]) + damage.beyond
        damage.damage(&file)
        try expect(damage.code, damage.field, at: place, of: file.bytes)
    }

    @Test("Names must differ, and keys must not be empty")
    func wrongTogether() throws {
        let twice = GGUFBytes(metadata: [("a", .uint8(1)), ("b", .uint8(2)), ("a", .uint8(3))])
        try expect(.invalidField, "a", at: twice.marks["key:a"], of: twice.bytes)

        let empty = GGUFBytes(metadata: [("", .uint8(1)), ("b", .uint8(2))])
        try expect(.invalidField, "metadata key", at: empty.marks["key:"], of: empty.bytes)

        let tensor = GGUFBytes.Tensor(name: "t", dimensions: [8], type: 0, offset: 0)
        let tensors = GGUFBytes(tensors: [tensor, tensor], data: [UInt8](repeating: 0, count: 64))
        try expect(.invalidField, "tensor t", at: tensors.marks["name:t"], of: tensors.bytes)
    }

    @Test("Arrays nest four deep and no deeper")
    func deepNesting() throws {
        func nested(_ depth: Int) -> GGUFBytes.Value {
            depth == 1 ? .array(type: 0, [.uint8(1)]) : .array(type: 9, [nested(depth - 1)])
        }
        try withFile(GGUFBytes(metadata: [("deep", nested(4))]).bytes) { path in
            let file = try Checkpoint.open(path: path)
            #expect(try file.json("deep") == [[[[1]]]])
        }
        for depth in [5, 10_000] {
            let file = GGUFBytes(metadata: [("deep", nested(depth))])
            try expect(
                .unsupported, "deep", at: file.marks["value:deep"].map { $0 + 4 * 12 },
                of: file.bytes)
        }
    }

    @Test("A file cut off anywhere in its header or data is an error")
    func cutOff() throws {
        let bytes = GGUFBytes.sample().bytes
        // The last tensor ends before the last 16 bytes of data.
        for count in stride(from: 1, to: bytes.count - 16, by: 3) {
            try withFile(Array(bytes.prefix(count))) { path in
                let error = #expect(throws: CheckpointError.self, "cut at \(count)") {
                    try Checkpoint.open(path: path)
                }
                #expect(error?.code == .truncated, "cut at \(count): \(error?.description ?? "")")
                #expect(error?.byteOffset.map { $0 <= count } == true)
            }
        }
    }

    @Test("A name out of the file cannot fill or drive a terminal")
    func hostileName() throws {
        let name = "\u{1B}[2J" + String(repeating: "long", count: 10_000)
        let file = GGUFBytes(metadata: [(name, .bool(true)), (name, .bool(true))])
        try withFile(file.bytes) { path in
            let error = #expect(throws: CheckpointError.self) { try Checkpoint.open(path: path) }
            #expect(error.map { $0.description.count < 400 + path.count } == true)
            #expect(error?.description.unicodeScalars.contains("\u{1B}") == false)
        }
    }

    @Test("What is no regular file is refused, without waiting for a pipe's writer")
    func notRegular() throws {
        let folder = NSTemporaryDirectory()
        let pipe = folder + "berth-\(UUID().uuidString).pipe"
        #expect(unsafe mkfifo(pipe, 0o600) == 0)
        defer { try? FileManager.default.removeItem(atPath: pipe) }
        for path in [pipe, folder + "berth-nowhere.gguf"] {
            let error = #expect(throws: CheckpointError.self) { try Checkpoint.open(path: path) }
            #expect(error?.code == .unreadable)
            #expect(error?.file == path)
        }
        try withFile([]) { path in
            let error = #expect(throws: CheckpointError.self) { try Checkpoint.open(path: path) }
            #expect(error?.code == .unreadable)
            #expect(error?.message.contains("empty") == true)
        }
    }

    private func expect(
        _ code: CheckpointError.Code, _ field: String, at place: Int?, of bytes: [UInt8],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        try withFile(bytes) { path in
            let error = #expect(throws: CheckpointError.self, sourceLocation: sourceLocation) {
                try Checkpoint.open(path: path)
            }
            guard let error else { return }
            #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
            #expect(error.field == field, "\(error)", sourceLocation: sourceLocation)
            #expect(error.byteOffset == place, "\(error)", sourceLocation: sourceLocation)
            #expect(error.file == path, sourceLocation: sourceLocation)
        }
    }
}
