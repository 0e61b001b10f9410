import Checkpoints
import Foundation
import Tensors
import Testing

@Suite("Quantizing a file")
struct CheckpointQuantizerTests {
    private let compute = Compute(threads: 2)

    /// A small model of one layer; `wrong` numbers stand in its second matrix.
    private func withModel(
        _ type: ElementType = .f32, width: Int = 256, wrong: [Int: Float] = [:],
        _ body: (String) throws -> Void
    ) throws {
        var metadata = GGUFMetadata()
        metadata.set("general.architecture", .string("llama"))
        metadata.set("general.name", .string("test"))
        metadata.set("general.file_type", .uint32(0))
        metadata.set("llama.block_count", .uint32(1))
        metadata.set("tokenizer.ggml.tokens", .strings(["a", "b"]))
        let shapes = [
            ("token_embd.weight", [width, 4]), ("blk.0.ffn_down.weight", [width, 8]),
            ("blk.0.attn_norm.weight", [width]),
        ]
        try withFile([0]) { path in
            let types = shapes.map { $0.1.count == 1 ? ElementType.f32 : type }
            let writer = try GGUFWriter(
                path: path, metadata: metadata,
                tensors: try zip(shapes, types).map { shape, type in
                    try GGUFTensorDescription(
                        name: shape.0, dimensions: shape.1,
                        type: try #require(GGMLType(rawValue: type.rawValue)), file: path)
                })
            for (shape, type) in zip(shapes, types) {
                let count = shape.1.reduce(1, *)
                var values = (0..<count).map { Float(($0 * 7919) % 1009) / 1009 - 0.5 }
                if shape.0.contains("ffn_down") {
                    for (index, value) in wrong { values[index] = value }
                }
                var stored = [UInt8](
                    repeating: 0, count: try #require(type.byteCount(elements: count)))
                var span = stored.mutableSpan
                var raw = unsafe span.mutableBytes
                let bytes = values.flatMap { value in
                    (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> ($0 * 8)) }
                }
                if type == .f32 {
                    stored = bytes
                } else {
                    _ = compute.encode(unsafe bytes.span.bytes, as: .f32, to: type, into: &raw)
                }
                try writer.append(stored)
            }
            try writer.finish()
            try body(path)
        }
    }

    @Test("Metadata stay, but for how the file was quantized", arguments: [ElementType.f32, .f16])
    func metadata(type: ElementType) throws {
        try withModel(type) { path in
            let out = path + ".quantized.gguf"
            defer { try? FileManager.default.removeItem(atPath: out) }
            let quantizer = try CheckpointQuantizer(Checkpoint.open(path: path), recipe: .q4_K_M)
            var fractions: [Double] = []
            try quantizer.write(to: out, on: compute) { fractions.append($0) }
            #expect(fractions == fractions.sorted() && fractions.last == 1)
            let result = try Checkpoint.open(path: out)
            #expect(try result.string("general.name") == "test")
            #expect(try result.strings("tokenizer.ggml.tokens") == ["a", "b"])
            #expect(try result.integer("general.file_type") == 15)
            #expect(try result.integer("general.quantization_version") == 2)
            #expect(result.tensors.map(\.typeName) == ["Q6_K", "Q6_K", "F32"])
            // The norm was copied.
            let norm = try #require(result.tensor(named: "blk.0.attn_norm.weight"))
            let first = result.withBytes(of: norm) { bytes in
                unsafe bytes.unsafeLoad(as: Float.self)
            }
            #expect(first == -0.5)
        }
    }

    @Test("A weight that is not finite is named with its place")
    func notFinite() throws {
        try withModel(wrong: [256 * 3 + 17: .nan]) { path in
            let out = path + ".quantized.gguf"
            let quantizer = try CheckpointQuantizer(Checkpoint.open(path: path), recipe: .q8_0)
            #expect {
                try quantizer.write(to: out, on: compute)
            } throws: { error in
                let error = error as? CheckpointError
                return error?.field == "tensor blk.0.ffn_down.weight"
                    && error?.message.contains("row 3, column 17") == true
            }
            #expect(!FileManager.default.fileExists(atPath: out))
            #expect(!FileManager.default.fileExists(atPath: out + ".partial"))
        }
    }

    @Test(
        "A weight beyond what the type's scales reach is named, and not clipped",
        arguments: [
            (QuantizationRecipe.q8_0, Float(127 * 65504)), (.q4_0, 8 * 65504),
        ])
    func beyondRange(recipe: QuantizationRecipe, most: Float) throws {
        for (value, isHeld) in [(most, true), (-most.nextUp, false)] {
            try withModel(wrong: [256 * 2 + 5: value]) { path in
                let out = path + ".quantized.gguf"
                defer { try? FileManager.default.removeItem(atPath: out) }
                let quantizer = try CheckpointQuantizer(Checkpoint.open(path: path), recipe: recipe)
                let write = { try quantizer.write(to: out, on: compute) }
                guard !isHeld else { return try write() }
                let error = #expect(throws: CheckpointError.self, performing: write)
                #expect(error?.message.contains("row 2, column 5") == true)
                #expect(!FileManager.default.fileExists(atPath: out + ".partial"))
            }
        }
    }

    @Test("A quantized file is not quantized again")
    func alreadyQuantized() throws {
        try withModel(.q8_0) { path in
            #expect {
                _ = try CheckpointQuantizer(Checkpoint.open(path: path), recipe: .q4_0)
            } throws: { error in
                (error as? CheckpointError)?.message.contains("is Q8_0 already") == true
            }
        }
    }

    @Test("The source is not overwritten, under whatever name")
    func source() throws {
        try withModel { path in
            let link = path + ".link"
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
            defer { try? FileManager.default.removeItem(atPath: link) }
            let before = try Data(contentsOf: URL(filePath: path))
            let quantizer = try CheckpointQuantizer(Checkpoint.open(path: path), recipe: .q4_0)
            for name in [path, link] {
                #expect(throws: CheckpointError.self) {
                    try quantizer.write(to: name, on: compute)
                }
            }
            #expect(try Data(contentsOf: URL(filePath: path)) == before)
        }
    }

    @Test(
        "Rows that no block divides become float16, which stays what it is",
        arguments: [ElementType.f32, .f16])
    func oddRows(type: ElementType) throws {
        try withModel(type, width: 40) { path in
            let out = path + ".quantized.gguf"
            defer { try? FileManager.default.removeItem(atPath: out) }
            try CheckpointQuantizer(Checkpoint.open(path: path), recipe: .q5_K_M)
                .write(to: out, on: compute)
            #expect(
                try Checkpoint.open(path: out).tensors.map(\.typeName) == ["F16", "F16", "F32"])
        }
    }
}
