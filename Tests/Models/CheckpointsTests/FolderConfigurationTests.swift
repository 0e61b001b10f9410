import Checkpoints
import Foundation
import OrderedCollections
import StructuredJSON
import Testing

@Suite("Configurations of Hugging Face folders")
struct FolderConfigurationTests {
    /// A replacement in config.json, and what the error must say.
    struct Wrong: Sendable, CustomTestStringConvertible {
        let old: String
        let new: String
        let field: String
        let words: String

        var testDescription: String {
            new
        }
    }

    static let wrong = [
        Wrong(
            old: "[\"LlamaForCausalLM\"]", new: "[\"MixtralForCausalLM\"]", field: "architectures",
            words: "it runs BertForMaskedLM"),
        Wrong(
            old: "\"silu\"", new: "\"relu\"", field: "hidden_act", words: "must be one of 'silu'"),
        Wrong(
            old: "\"torch_dtype\": \"float16\"",
            new: "\"quantization_config\": {\"quant_method\": \"gptq\"}",
            field: "quantization_config", words: "F32, F16 and BF16"),
        Wrong(
            old: "\"llama3\"", new: "\"dynamic\"", field: "rope_scaling.rope_type",
            words: "'default', 'linear', 'llama3', 'yarn'"),
        Wrong(
            old: "\"low_freq_factor\": 1.0", new: "\"low_freq_factor\": 4.0",
            field: "rope_scaling.low_freq_factor", words: "below high_freq_factor"),
        Wrong(
            old: "\"hidden_size\": 8", new: "\"hidden_size\": null", field: "hidden_size",
            words: "is required"),
        Wrong(
            old: "\"hidden_size\": 8", new: "\"hidden_size\": \"8\"", field: "hidden_size",
            words: "must be an integer"),
        Wrong(
            old:
                "\"hidden_size\": 8, \"intermediate_size\": 12, \"num_hidden_layers\": 1,\n \"num_attention_heads\": 2",
            new:
                "\"hidden_size\": 2147483647, \"intermediate_size\": 12, \"num_hidden_layers\": 1,\n \"num_attention_heads\": 1",
            field: "hidden_size", words: "at most"),
        Wrong(
            old: "\"num_hidden_layers\": 1", new: "\"num_hidden_layers\": -1",
            field: "num_hidden_layers", words: "between 1 and"),
        Wrong(
            old: "\"tie_word_embeddings\": true", new: "\"tie_word_embeddings\": false",
            field: "tie_word_embeddings", words: "no lm_head.weight"),
        Wrong(
            old: "\"num_attention_heads\": 2", new: "\"num_attention_heads\": 3",
            field: "tensor model.layers.0.self_attn.q_proj.weight", words: "rows"),
        Wrong(
            old: "{\"architectures\"", new: "{{\"architectures\"", field: "document",
            words: "line 1"),
    ]

    @Test(
        "What Berth does not run is an error that names the key and says what it runs",
        arguments: wrong)
    func refused(wrong: Wrong) throws {
        var sample = FolderSample.whole()
        let changed = FolderSample.config.replacing(wrong.old, with: wrong.new)
        #expect(changed != FolderSample.config)
        sample.files["config.json"] = Array(changed.utf8)
        try sample.write { folder in
            let error = #expect(throws: CheckpointError.self) {
                try Checkpoint.open(path: folder.path)
            }
            #expect(error?.field == wrong.field, "\(String(describing: error))")
            #expect(error?.message.contains(wrong.words) == true, "\(String(describing: error))")
            #expect(error?.file.hasPrefix(folder.path) == true)
        }
    }

    @Test("Hyperparameters, sampling defaults and templates stand under GGUF's keys")
    func metadata() throws {
        try FolderSample.whole().write { folder in
            let file = try Checkpoint.open(path: folder.path)
            #expect(try file.string("general.architecture") == "llama")
            #expect(try file.string("general.name") == folder.lastPathComponent)
            #expect(try file.integer("llama.block_count") == 1)
            #expect(try file.integer("llama.attention.head_count_kv") == 1)
            #expect(try file.integer("llama.rope.dimension_count") == 4)
            #expect(try file.float("llama.attention.layer_norm_rms_epsilon") == 1e-5)
            #expect(try file.float("general.sampling.temp") == 0.7)
            #expect(try file.integer("general.sampling.top_k") == 20)
            #expect(try file.string("tokenizer.chat_template") == "{{ messages }}")
            #expect(try file.string("tokenizer.chat_template.tools") == "{{ tools }}")
            #expect(try file.optionalString("llama.rope.scaling.type") == nil)
        }
    }

    @Test("A template in a file of its own goes before the one in tokenizer_config.json")
    func templateFile() throws {
        var sample = FolderSample.whole()
        sample.files["chat_template.jinja"] = Array("{{ own }}".utf8)
        try sample.write { folder in
            let file = try Checkpoint.open(path: folder.path)
            #expect(try file.string("tokenizer.chat_template") == "{{ own }}")
        }
    }

    @Test("YaRN and linear scaling, in old and new spelling, become rope.scaling keys")
    func scaling() throws {
        let start = try #require(FolderSample.config.range(of: "\"rope_scaling\""))
        let before = FolderSample.config[..<start.lowerBound]
        for (text, type) in [
            (#""rope_scaling": {"type": "linear", "factor": 4}}"#, "linear"),
            (
                #""rope_parameters": {"rope_type": "yarn", "rope_theta": 5000, "factor": 4.0}}"#,
                "yarn"
            ),
        ] {
            var sample = FolderSample.whole()
            sample.files["config.json"] = Array((before + text).utf8)
            try sample.write { folder in
                let file = try Checkpoint.open(path: folder.path)
                #expect(try file.string("llama.rope.scaling.type") == type)
                #expect(try file.float("llama.rope.scaling.factor") == 4)
                #expect(try file.float("llama.rope.freq_base") == (type == "yarn" ? 5000 : 10_000))
                let original = "llama.rope.scaling.original_context_length"
                #expect(try file.optionalInteger(original) == (type == "yarn" ? 64 : nil))
                #expect(file.tensor(named: "rope_freqs.weight") == nil)
            }
        }
    }

    @Test(
        "Windows become keys for every layer, where the configuration uses what it states",
        arguments: [
            ("Mistral", "\"sliding_window\": 32", [true]),
            ("Mistral", "\"sliding_window\": null", nil),
            ("Qwen2", "\"sliding_window\": 32, \"max_window_layers\": 0", nil),
            ("Qwen2", "\"sliding_window\": 32, \"use_sliding_window\": false", nil),
            (
                "Qwen2",
                "\"sliding_window\": 32, \"use_sliding_window\": true, \"max_window_layers\": 0",
                [true]
            ),
            (
                "Qwen2",
                "\"sliding_window\": 32, \"use_sliding_window\": true, \"max_window_layers\": 1",
                [false]
            ),
        ])
    func windows(family: String, fields: String, flags: [Bool]?) throws {
        var sample = FolderSample.whole()
        let config = FolderSample.config
            .replacing("LlamaForCausalLM", with: "\(family)ForCausalLM")
            .replacing("\"num_hidden_layers\"", with: "\(fields), \"num_hidden_layers\"")
        sample.files["config.json"] = Array(config.utf8)
        try sample.write { folder in
            let file = try Checkpoint.open(path: folder.path)
            let key = "\(try file.string("general.architecture")).attention.sliding_window"
            #expect(try file.optionalInteger(key) == flags.map { _ in 32 })
            #expect(try file.optionalBools("\(key)_pattern") == flags)
        }
    }

    @Test("A split rule that GGUF has no name for says that the folder can be run as it is")
    func unknownRule() throws {
        var sample = FolderSample.whole()
        sample.files["tokenizer.json"] = Array(
            FolderSample.tokenizer.replacing("ByteLevel", with: "Whitespace").utf8)
        try sample.write { folder in
            let file = try Checkpoint.open(path: folder.path)
            let error = #expect(throws: CheckpointError.self) { try GGUFConversion(file) }
            #expect(error?.field == "pre_tokenizer")
            #expect(error?.message.contains("run the folder as it is") == true)
        }
    }
}
