import Architectures
import Checkpoints
import Foundation
import Tensors
import Testing

@Suite("Adapters that are refused")
struct AdapterRefusalTests {
    /// What is said of a changed copy of a fixture's folder.
    private func refusal(
        of name: String = "llama-all", base: String = "llama-sharded",
        _ change: (URL) throws -> Void
    ) throws -> String {
        let copy = URL(filePath: NSTemporaryDirectory() + "berth-adapter-\(UUID().uuidString)")
        try FileManager.default.copyItem(at: URL(filePath: AdapterFixture.path(name)), to: copy)
        defer { try? FileManager.default.removeItem(at: copy) }
        try change(copy)
        let model = try AdaptedModel(Checkpoint.open(path: TransformersFixture.folder(base)))
        let error = #expect(throws: (any Error).self) { try model.adapter(copy.path) }
        return "\(try #require(error))"
    }

    @Test(
        "Options that Berth does not run are refused by name",
        arguments: [
            ("use_dora", "true", "DoRA"), ("use_qalora", "true", "QALoRA"),
            ("lora_bias", "true", "bias"), ("bias", "\"all\"", "trained biases"),
            ("fan_in_fan_out", "true", "transposed"),
            ("modules_to_save", "[\"lm_head\"]", "replaced as a whole"),
            ("layer_replication", "[[0, 1]]", "several times"),
            ("alora_invocation_tokens", "[1, 2]", "aLoRA"),
            ("init_lora_weights", "\"pissa_niter_16\"", "ordinary LoRA"),
            ("peft_type", "\"LOHA\"", "must be one of 'LORA'"), ("r", "0", "r: must be"),
            ("rank_pattern", "{\"(q|k)_proj\": 4}", "regular expression"),
            ("r", "5", "has factors of rank 4"),
        ])
    func options(key: String, value: String, words: String) throws {
        let message = try refusal { folder in
            let url = folder.appending(path: "adapter_config.json")
            var text =
                try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any]
            text?[key] = try JSONSerialization.jsonObject(
                with: Data(value.utf8), options: .fragmentsAllowed)
            try JSONSerialization.data(withJSONObject: try #require(text)).write(to: url)
        }
        #expect(message.contains(words) && message.contains("adapter_config.json"), "\(message)")
    }

    @Test("Pickled factors, and folders without any, are refused by name")
    func missingWeights() throws {
        let message = try refusal { folder in
            try FileManager.default.moveItem(
                at: folder.appending(path: "adapter_model.safetensors"),
                to: folder.appending(path: "adapter_model.bin"))
        }
        #expect(message.contains("pickled"), "\(message)")
        let missing = try refusal { folder in
            try FileManager.default.removeItem(
                at: folder.appending(path: "adapter_model.safetensors"))
        }
        #expect(missing.contains("is missing"), "\(missing)")
    }

    @Test("An adapter of another model is refused with the tensor and both shapes")
    func otherModel() throws {
        let message = try refusal(of: "qwen3-all", base: "qwen2-F16") { _ in }
        #expect(
            message.contains("blk.0.attn_k.weight") && message.contains("32 rows of 32")
                && message.contains("16 rows of 32"), "\(message)")
    }

    @Test("A GGUF adapter of another architecture, and a model, are refused")
    func otherFiles() throws {
        let model = try AdaptedModel(Checkpoint.open(path: TransformersFixture.folder("qwen2-F16")))
        for (path, words) in [
            (
                try AdapterFixture.path("llama-all.gguf"),
                "is \"llama\", but the model's is \"qwen2\""
            ),
            (try ParityFixtures.model("qwen2-small-Q4_0"), "not \"adapter\""),
        ] {
            let error = #expect(throws: CheckpointError.self) { try model.adapter(path) }
            #expect(error?.message.contains(words) == true, "\(String(describing: error))")
        }
    }

    @Test("A factor that is no number is refused with its place", arguments: [0, 1000])
    func brokenNumber(at index: Int) throws {
        let message = try refusal { folder in
            let url = folder.appending(path: "adapter_model.safetensors")
            var bytes = try Data(contentsOf: url)
            let header = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
            let place = 8 + header + 4 * index
            bytes.replaceSubrange(place..<place + 4, with: [0, 0, 0x80, 0x7F])
            try bytes.write(to: url)
        }
        #expect(message.contains("infinite or undefined, in row"), "\(message)")
    }
}
