import Architectures
import CDefaultModel
import ChatEngine
import Checkpoints
import CompletionAPI
import Foundation
import Testing

@Suite("Loading encoders")
struct LoadedEncoderTests {
    /// The embedded model with another longest text.
    private func file(longestText: Int32? = nil, pooling: UInt32? = nil) throws -> Checkpoint {
        let original = try unsafe Checkpoint.open(
            staticBytes: UnsafeRawBufferPointer(
                start: berth_default_model, count: berth_default_model_size), name: "original")
        let path = FileManager.default.temporaryDirectory
            .appending(path: "berth-\(UUID().uuidString).gguf").path
        // The mapping outlives the name.
        defer { try? FileManager.default.removeItem(atPath: path) }
        var metadata = GGUFMetadata(copying: original)
        if let longestText {
            metadata.set("sentence_transformers.max_seq_length", .int32(longestText))
        }
        if let pooling {
            let architecture = try original.string("general.architecture")
            metadata.set("\(architecture).pooling_type", .uint32(pooling))
        }
        let writer = try GGUFWriter(
            path: path, metadata: metadata,
            tensors: original.tensors.map {
                try GGUFTensorDescription(
                    name: $0.name, dimensions: $0.dimensions, type: $0.type, file: path)
            })
        for tensor in original.tensors {
            try original.withBytes(of: tensor) { try writer.append($0) }
        }
        try writer.finish()
        return try Checkpoint.open(path: path)
    }

    @Test(
        "A longest text without room for a token is refused by name", arguments: [0, -1] as [Int32])
    func noRoom(longestText: Int32) throws {
        let file = try file(longestText: longestText)
        let error = #expect(throws: (any Error).self) {
            _ = try LoadedEncoder(name: "encoder", file: file, options: .init(threads: 2))
        }
        #expect("\(String(describing: error))".contains("sentence_transformers.max_seq_length"))
    }

    @Test("A pooling that nobody stated is told")
    func assumedPooling() throws {
        func load(_ file: Checkpoint, _ pooling: Pooling? = nil) throws -> LoadedEncoder {
            try LoadedEncoder(
                name: "encoder", file: file, options: .init(threads: 2, pooling: pooling))
        }
        #expect(try load(file()).assumedPooling == .last)
        #expect(try load(file(), .mean).assumedPooling == nil)
        #expect(try load(file(pooling: 1)).assumedPooling == nil)
    }

    @Test("A longest text that a file states is kept to")
    func statedLength() throws {
        let encoder = try LoadedEncoder(
            name: "encoder", file: try file(longestText: 7), options: .init(threads: 2))
        #expect(encoder.description.contextLength == 7)
    }
}
