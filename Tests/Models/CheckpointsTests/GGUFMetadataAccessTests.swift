import Checkpoints
import Testing

/// Reading a key as what it is not.
struct Misuse: Sendable, CustomTestStringConvertible {
    let key: String
    let words: String
    let access: @Sendable (Checkpoint) throws -> Void

    init(
        _ key: String, _ words: String, _ access: @escaping @Sendable (Checkpoint) throws -> Void
    ) {
        self.key = key
        self.words = words
        self.access = access
    }

    var testDescription: String {
        "\(key) \(words)"
    }
}

@Suite("GGUF metadata access")
struct GGUFMetadataAccessTests {
    typealias Access = @Sendable (Checkpoint) throws -> Void

    @Test(
        "A missing key names itself, or is nil where it may be missing",
        arguments: [
            { _ = try $0.string("gone") }, { _ = try $0.integer("gone") },
            { _ = try $0.float("gone") }, { _ = try $0.bool("gone") },
            { _ = try $0.strings("gone") }, { _ = try $0.integers("gone") },
            { _ = try $0.floats("gone") },
        ] as [Access])
    func missing(access: Access) throws {
        try withFile(GGUFBytes.sample().bytes) { path in
            let file = try Checkpoint.open(path: path)
            let error = #expect(throws: CheckpointError.self) { try access(file) }
            #expect(error?.code == .missingField)
            #expect(error?.field == "gone")
            #expect(error?.file == path)
        }
    }

    @Test("An optional key may be missing")
    func optional() throws {
        try withFile(GGUFBytes.sample().bytes) { path in
            let file = try Checkpoint.open(path: path)
            #expect(try file.optionalString("gone") == nil)
            #expect(try file.optionalInteger("gone") == nil)
            #expect(try file.optionalFloat("gone") == nil)
            #expect(try file.optionalBool("gone") == nil)
            #expect(try file.optionalStrings("gone") == nil)
            #expect(try file.optionalIntegers("gone") == nil)
            #expect(try file.optionalFloats("gone") == nil)
        }
    }

    @Test(
        "A value of another type says what it is, what it must be and where it lies",
        arguments: [
            Misuse("u8", "is an integer, but must be a string") { _ = try $0.string("u8") },
            Misuse("text", "is a string, but must be an integer") { _ = try $0.integer("text") },
            Misuse("f32", "is a float, but must be an integer") { _ = try $0.integer("f32") },
            Misuse("huge", "past the range of 64 signed bits") { _ = try $0.integer("huge") },
            Misuse("yes", "is a boolean, but must be a number") { _ = try $0.float("yes") },
            Misuse("u16", "is an integer, but must be a boolean") { _ = try $0.bool("u16") },
            Misuse("bytes", "is an array of uint8, but must be an array of strings") {
                _ = try $0.strings("bytes")
            },
            Misuse("floats", "must be an array of integers") { _ = try $0.integers("floats") },
            Misuse("strings", "must be an array of floats") { _ = try $0.floats("strings") },
            Misuse("text", "is a string, but must be an array of strings") {
                _ = try $0.optionalStrings("text")
            },
        ])
    func wrongType(misuse: Misuse) throws {
        let sample = GGUFBytes.sample()
        try withFile(sample.bytes) { path in
            let file = try Checkpoint.open(path: path)
            let error = #expect(throws: CheckpointError.self) { try misuse.access(file) }
            #expect(error?.code == .wrongType)
            #expect(error?.field == misuse.key)
            #expect(error?.byteOffset == sample.marks["value:\(misuse.key)"])
            #expect(error?.message.contains(misuse.words) == true, "\(error?.message ?? "")")
        }
    }

    @Test("An array's integer past the range of Int is an error at its own place")
    func hugeElement() throws {
        let sample = GGUFBytes.sample()
        try withFile(sample.bytes) { path in
            let file = try Checkpoint.open(path: path)
            let error = #expect(throws: CheckpointError.self) { try file.integers("longs") }
            #expect(error?.code == .wrongType)
            // Type, count, then the second element.
            #expect(error?.byteOffset == sample.marks["value:longs"].map { $0 + 4 + 8 + 8 })
        }
    }

    @Test("A float may be written as an integer")
    func integerForFloat() throws {
        try withFile(GGUFBytes.sample().bytes) { path in
            let file = try Checkpoint.open(path: path)
            #expect(try file.float("u16") == 60_000)
        }
    }
}
