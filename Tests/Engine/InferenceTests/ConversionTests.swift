import Checkpoints
import Foundation
import OrderedCollections
import Tensors
import Testing

@Suite("Folders converted to GGUF files")
struct ConversionTests {
    @Test("A folder and its conversion have the same tensors", arguments: TransformersFixture.all)
    func tensors(name: String) throws {
        try Self.withConversion(of: name) { (folder, file) throws in
            #expect(file.format == .gguf(version: 3))
            #expect(file.tensors.map(\.name) == folder.tensors.map(\.name))
            for (converted, original) in zip(file.tensors, folder.tensors) {
                #expect(converted.dimensions == original.dimensions)
                #expect(converted.type == original.type)
                #expect(Self.bytes(converted, of: file) == Self.bytes(original, of: folder))
            }
            for key in folder.metadata.keys {
                #expect(try file.json(key) == folder.json(key), "\(key)")
            }
        }
    }

    @Test(
        "A folder and its conversion give the same logits bit for bit",
        arguments: TransformersFixture.decoders)
    func logits(name: String) throws {
        let tokens = try #require(TransformersFixture.load(name).tokens)
        try Self.withConversion(of: name) { (folder, file) throws in
            #expect(
                try ParityTests.logits(of: file, tokens: tokens, step: 64)
                    == ParityTests.logits(of: folder, tokens: tokens, step: 64))
        }
    }

    @Test("Weights are written in the type that is asked for, norms and vectors in float32")
    func types() throws {
        for (type, name) in [(ElementType.f32, "F32"), (.f16, "F16"), (.bf16, "BF16")] {
            try Self.withConversion(of: "qwen2-F16", type: type) { (folder, file) throws in
                for tensor in file.tensors {
                    let isSmall = tensor.dimensions.count == 1
                    #expect(tensor.typeName == (isSmall ? "F32" : name), "\(tensor.name)")
                }
                guard type == .f32 else { return }
                let tokens = [1, 50, 7]
                let wide = try ParityTests.logits(of: file, tokens: tokens, step: 64)
                let half = try ParityTests.logits(of: folder, tokens: tokens, step: 64)
                #expect(wide == half)
            }
        }
    }

    @Test("A quantized folder takes its vocabulary along", arguments: TransformersFixture.all)
    func quantized(name: String) throws {
        let out = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).gguf").path
        defer { try? FileManager.default.removeItem(atPath: out) }
        try Self.withConversion(of: name) { (folder, file) throws in
            try CheckpointQuantizer(folder, recipe: .q8_0)
                .write(to: out, on: Compute(threads: 1))
            let quantized = try Checkpoint.open(path: out)
            for key in file.metadata.keys where key.hasPrefix("tokenizer.") {
                #expect(try quantized.json(key) == file.json(key), "\(key)")
            }
        }
    }

    @Test("A tokenizer becomes the one that llama.cpp knows by name")
    func tokenizers() throws {
        try Self.withConversion(of: "llama-sharded") { (_, file) throws in
            #expect(try file.string("tokenizer.ggml.model") == "gpt2")
            #expect(try file.string("tokenizer.ggml.pre") == "smaug-bpe")
            #expect(try file.integer("tokenizer.ggml.bos_token_id") == 320)
            #expect(try file.integer("tokenizer.ggml.eos_token_id") == 323)
            #expect(try file.bool("tokenizer.ggml.add_bos_token"))
            let types = try file.integers("tokenizer.ggml.token_type")
            #expect(types[319...].elementsEqual([1, 3, 3, 3, 3, 4]))
            #expect(try file.strings("tokenizer.ggml.tokens").last == "<tool>")
            #expect(try file.string("tokenizer.chat_template").contains("im_start"))
        }
        try Self.withConversion(of: "qwen3-BF16") { (_, file) throws in
            #expect(try file.string("tokenizer.ggml.pre") == "qwen2")
            #expect(try file.optionalBool("tokenizer.ggml.add_bos_token") == nil)
        }
        try Self.withConversion(of: "mistral-BF16") { (_, file) throws in
            #expect(try file.string("tokenizer.ggml.model") == "llama")
            #expect(try file.bool("tokenizer.ggml.add_space_prefix"))
            let types = try file.integers("tokenizer.ggml.token_type")
            #expect(types.count { $0 == 6 } == 256)
            #expect(types[0] == 2 && types[1] == 3)
        }
        try Self.withConversion(of: "bert-sentences") { (_, file) throws in
            #expect(try file.string("tokenizer.ggml.model") == "bert")
            #expect(try file.integer("tokenizer.ggml.cls_token_id") == 2)
            #expect(try file.integer("tokenizer.ggml.seperator_token_id") == 3)
            #expect(try file.strings("tokenizer.ggml.tokens")[5].hasPrefix("\u{2581}"))
        }
    }

    @Test(
        "What follows a cross-encoder's score is what its configuration says, in old and new spelling",
        arguments: [
            ("", nil), (#""sbert_ce_default_activation_function": null"#, nil),
            (
                #""sbert_ce_default_activation_function": "torch.nn.modules.linear.Identity""#,
                "identity"
            ),
            (
                #""sentence_transformers": {"activation_fn": "torch.nn.modules.activation.Sigmoid"}"#,
                "sigmoid"
            ),
            (#""sentence_transformers": {"activation_fn": "my.Own"}"#, nil),
        ] as [(String, String?)])
    func activation(member: String, expected: String?) throws {
        try withCopy(of: "bert-sentences") { folder in
            let config = folder.appending(path: "config.json")
            let text = try String(contentsOf: config, encoding: .utf8)
                .replacing("BertModel", with: "BertForSequenceClassification")
                .replacing(
                    "\"vocab_size\"", with: member + (member.isEmpty ? "" : ", ") + "\"vocab_size\""
                )
            try Data(text.utf8).write(to: config)
            let file = try Checkpoint.open(path: folder.path)
            #expect(try file.optionalString("sentence_transformers.activation") == expected)
        }
    }

    private static func withConversion(
        of name: String, type: ElementType? = nil, _ body: (Checkpoint, Checkpoint) throws -> Void
    ) throws {
        let path = NSTemporaryDirectory() + "berth-converted-\(UUID().uuidString).gguf"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let folder = try Checkpoint.open(path: TransformersFixture.folder(name))
        try GGUFConversion(folder, type: type).write(to: path)
        try body(folder, Checkpoint.open(path: path))
    }

    private static func bytes(_ tensor: CheckpointTensor, of file: Checkpoint) -> [UInt8] {
        file.withBytes(of: tensor) { bytes in
            unsafe bytes.withUnsafeBytes { unsafe [UInt8]($0) }
        }
    }
}
