import Checkpoints
import Foundation
import OrderedCollections
import Tensors
import Testing

@Suite("Hugging Face folders beside transformers")
struct TransformersParityTests {
    @Test("Logits are those of transformers", arguments: TransformersFixture.decoders)
    func logits(name: String) throws {
        let fixture = try TransformersFixture.load(name)
        let file = try Checkpoint.open(path: TransformersFixture.folder(name))
        #expect(file.format == .huggingFace)
        let tokens = try #require(fixture.tokens)
        let found = try ParityTests.logits(of: file, tokens: tokens, step: 4)
        let expected = try fixture.logits()
        #expect(found.count == expected.count)
        var worst: Float = 0
        for (row, reference) in zip(found, expected) {
            #expect(row.count == reference.count)
            for (value, wanted) in zip(row, reference) { worst = max(worst, abs(value - wanted)) }
        }
        // Keys and values are kept in 16 bits; a wrong row, name or scale moves logits by whole numbers.
        #expect(worst < 6e-3, "\(worst)")
    }

    @Test("Old spellings in config.json mean the same as new ones")
    func oldSpellings() throws {
        let fixture = try TransformersFixture.load("llama-sharded")
        let tokens = try #require(fixture.tokens)
        let expected = try ParityTests.logits(
            of: Checkpoint.open(path: TransformersFixture.folder("llama-sharded")), tokens: tokens,
            step: 64)
        try withCopy(of: "llama-sharded") { folder in
            try edit(folder.appending(path: "config.json")) { config in
                var rope = config.removeValue(forKey: "rope_parameters") as? [String: Any] ?? [:]
                config["rope_theta"] = rope.removeValue(forKey: "rope_theta")
                rope["type"] = rope.removeValue(forKey: "rope_type")
                config["rope_scaling"] = rope
                config["torch_dtype"] = config.removeValue(forKey: "dtype")
                config["head_dim"] = NSNull()
            }
            let file = try Checkpoint.open(path: folder.path)
            #expect(try ParityTests.logits(of: file, tokens: tokens, step: 64) == expected)
        }
    }

    @Test(
        "Experts that config.json does not promise, and layers without any, are refused",
        arguments: [
            ("num_local_experts", "4", "is of expert 4"), ("num_local_experts", "6", "expert 5"),
            ("num_local_experts", "0", "between 1"), ("mlp_only_layers", "[1]", "must be empty"),
            ("decoder_sparse_step", "2", "between 1 and 1"),
            ("num_experts_per_tok", "null", "is required"),
        ])
    func experts(key: String, value: String, words: String) throws {
        try withCopy(of: "qwen3moe-BF16") { folder in
            try edit(folder.appending(path: "config.json")) { config in
                config[key] = try? JSONSerialization.jsonObject(
                    with: Data(value.utf8), options: .fragmentsAllowed)
            }
            let error = #expect(throws: CheckpointError.self) {
                try Checkpoint.open(path: folder.path)
            }
            #expect(error?.message.contains(words) == true, "\(String(describing: error))")
        }
    }

    @Test("A sentence encoder has the names and keys of llama.cpp's BERT files")
    func sentenceEncoder() throws {
        let file = try Checkpoint.open(path: TransformersFixture.folder("bert-sentences"))
        #expect(try file.string("general.architecture") == "bert")
        #expect(try file.bool("bert.attention.causal") == false)
        #expect(try file.integer("bert.pooling_type") == 1)
        #expect(try file.float("bert.attention.layer_norm_epsilon") == 1e-12)
        #expect(try file.integer("tokenizer.ggml.token_type_count") == 2)
        #expect(try file.string("sentence_transformers.prompts.query") == "search: ")
        #expect(try file.bool("sentence_transformers.normalize"))
        let names = Set(file.tensors.map(\.name))
        #expect(names.count == 5 + 2 * 16)
        for name in [
            "token_embd.weight", "token_embd_norm.bias", "position_embd.weight",
            "token_types.weight",
            "blk.1.attn_q.bias", "blk.0.attn_output_norm.weight", "blk.1.layer_output_norm.bias",
            "blk.0.ffn_up.weight", "blk.1.ffn_down.weight",
        ] {
            #expect(names.contains(name), "\(name)")
        }
    }

    /// Rewrites a JSON object's file.
    private func edit(_ url: URL, _ change: (inout [String: Any]) -> Void) throws {
        let value = try JSONSerialization.jsonObject(with: Data(contentsOf: url))
        var object = try #require(value as? [String: Any])
        change(&object)
        try JSONSerialization.data(withJSONObject: object).write(to: url)
    }
}
