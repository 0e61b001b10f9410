import Foundation

/// A folder with a tiny Llama as transformers would save it, built by hand so that tests can damage exactly one thing.
struct FolderSample {
    /// By name of the file.
    var files: [String: [UInt8]] = [:]

    static let config = """
        {"architectures": ["LlamaForCausalLM"], "hidden_size": 8, "intermediate_size": 12, "num_hidden_layers": 1,
         "num_attention_heads": 2, "num_key_value_heads": 1, "vocab_size": 6, "max_position_embeddings": 64,
         "rms_norm_eps": 1e-05, "rope_theta": 10000.0, "hidden_act": "silu", "tie_word_embeddings": true,
         "eos_token_id": [2, 5], "torch_dtype": "float16",
         "rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
         "original_max_position_embeddings": 16}}
        """
    static let tokenizer = """
        {"added_tokens": [{"id": 2, "content": "<|end|>", "special": true}, {"id": 5, "content": "<tool>"}],
         "normalizer": null, "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true},
         "post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<|end|>", "type_id": 0}},
         {"Sequence": {"id": "A", "type_id": 0}}], "pair": []},
         "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 3, "c": 4}, "merges": [["a", "b"]]}}
        """
    static let tensors: [(name: String, dtype: String, shape: [Int])] = [
        ("model.embed_tokens.weight", "F16", [6, 8]),
        ("model.layers.0.self_attn.q_proj.weight", "F16", [8, 8]),
        ("model.layers.0.self_attn.k_proj.weight", "F16", [4, 8]),
        ("model.layers.0.input_layernorm.weight", "F16", [8]),
        ("model.layers.0.mlp.up_proj.weight", "BF16", [12, 8]),
        ("model.norm.weight", "F32", [8]),
    ]

    static func whole() -> FolderSample {
        var sample = FolderSample()
        sample.files["config.json"] = Array(config.utf8)
        sample.files["tokenizer.json"] = Array(tokenizer.utf8)
        sample.files["tokenizer_config.json"] = Array(
            """
            {"bos_token": "<|end|>", "eos_token": {"content": "<|end|>"}, "chat_template":
             [{"name": "default", "template": "{{ messages }}"}, {"name": "tools", "template": "{{ tools }}"}]}
            """.utf8)
        sample.files["generation_config.json"] = Array(
            #"{"do_sample": true, "temperature": 0.7, "top_k": 20, "eos_token_id": [2, 5]}"#.utf8)
        sample.files["model.safetensors"] = safeTensors(tensors)
        return sample
    }

    static func sharded() -> FolderSample {
        var sample = whole()
        sample.files["model.safetensors"] = nil
        let names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
        sample.files[names[0]] = safeTensors(Array(tensors.prefix(3)))
        sample.files[names[1]] = safeTensors(Array(tensors.dropFirst(3)))
        let map = tensors.enumerated().map { "\"\($1.name)\": \"\(names[$0 / 3])\"" }
        sample.files["model.safetensors.index.json"] = Array(
            "{\"metadata\": {\"total_size\": 1}, \"weight_map\": {\(map.joined(separator: ", "))}}"
                .utf8)
        return sample
    }

    /// A safetensors file whose data are 0, 1, 2 and so on, byte by byte.
    static func safeTensors(_ tensors: [(name: String, dtype: String, shape: [Int])]) -> [UInt8] {
        var offset = 0
        let entries = tensors.map { tensor in
            let size = tensor.dtype == "F32" ? 4 : 2
            let start = offset
            offset += tensor.shape.reduce(size, *)
            return """
                "\(tensor.name)":{"dtype":"\(tensor.dtype)","shape":\(tensor.shape),"data_offsets":[\(start),\(offset)]}
                """
        }
        return safeTensors(
            header: "{\"__metadata__\":{\"format\":\"pt\"},\(entries.joined(separator: ","))}",
            data: (0..<offset).map { UInt8(truncatingIfNeeded: $0) })
    }

    static func safeTensors(header: String, data: [UInt8]) -> [UInt8] {
        GGUFBytes.littleEndian(UInt64(header.utf8.count)) + Array(header.utf8) + data
    }

    /// The folder for as long as the body runs.
    func write<Result>(_ body: (URL) throws -> Result) throws -> Result {
        let folder = URL(filePath: NSTemporaryDirectory() + "berth-folder-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, bytes) in files { try Data(bytes).write(to: folder.appending(path: name)) }
        return try body(folder)
    }
}
