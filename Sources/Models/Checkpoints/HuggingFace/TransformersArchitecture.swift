/// How a model class of the transformers library becomes a GGUF architecture: data, read by ``ConfigurationMapping`` and
/// ``TensorMapping``.
///
/// Names on the GGUF side are those that llama.cpp's convert_hf_to_gguf writes. A `*` in a tensor's name is the layer; a second one is
/// the expert, whose matrix is one of a stack.
struct TransformersArchitecture: Sendable {
    /// What `architectures` in config.json may say.
    let classes: Set<String>
    /// `general.architecture`.
    let name: String
    var isEncoder = false
    /// Whether feed-forward layers are mixtures of experts.
    var hasExperts = false
    /// Whether the file's rotary pairs are the halves of a head, while GGUF's are neighbours (Llama).
    var reordersRotaryRows = false
    /// Heads' length where config.json does not say, if not the width divided by the heads.
    var headDimension: Int?
    /// Positions that stand before the first token's, as many as `pad_token_id` plus one (RoBERTa).
    var skipsPaddingPositions = false
    /// `hidden_act` that the layers compute with.
    let activation: String
    let numbers: [Number]
    /// What tensors' names may begin with, in front of what `tensors` lists.
    let prefixes: [String]
    let tensors: [String: String]
    /// Stacks of matrices, `[experts, rows, columns]`, that are two of GGUF's, one above the other.
    var halves: [String: [String]] = [:]
    /// Buffers that no computation needs, and heads that Berth does not run.
    let ignored: [String]

    /// A number of config.json and the metadata key (after the architecture's name) that takes it.
    struct Number: Sendable {
        enum Default: Sendable {
            case required
            case value(Double)
            /// That of another key of config.json.
            case sameAs(String)
        }

        let key: String
        let field: String
        var isFloat = false
        var fallback = Default.required
    }

    static func find(_ name: String) -> TransformersArchitecture? {
        all.first { $0.classes.contains(name) }
    }

    /// That of decoders with this `general.architecture`.
    static func decoder(named name: String) -> TransformersArchitecture? {
        all.first { $0.name == name && !$0.isEncoder }
    }

    /// For messages.
    static var classNames: String {
        all.flatMap(\.classes).sorted().joined(separator: ", ")
    }

    private static let all = [
        llama, mistral, qwen2, qwen3, qwen3MoE, bert, roberta, bertRanker, robertaRanker,
    ]
}

// MARK: - Decoders

extension TransformersArchitecture {
    private static let llama = TransformersArchitecture(
        classes: ["LlamaForCausalLM", "LlamaModel"], name: "llama", reordersRotaryRows: true,
        activation: "silu", numbers: decoderNumbers(context: 2048), prefixes: ["model.", ""],
        tensors: decoderTensors, ignored: decoderBuffers)

    private static let mistral = TransformersArchitecture(
        classes: ["MistralForCausalLM", "MistralModel"], name: "llama", reordersRotaryRows: true,
        activation: "silu", numbers: decoderNumbers(context: 131_072), prefixes: ["model.", ""],
        tensors: decoderTensors, ignored: decoderBuffers)

    private static let qwen2 = TransformersArchitecture(
        classes: ["Qwen2ForCausalLM", "Qwen2Model"], name: "qwen2", activation: "silu",
        numbers: decoderNumbers(context: 32_768), prefixes: ["model.", ""],
        tensors: decoderTensors, ignored: decoderBuffers)

    private static let qwen3 = TransformersArchitecture(
        classes: ["Qwen3ForCausalLM", "Qwen3Model"], name: "qwen3", headDimension: 128,
        activation: "silu", numbers: decoderNumbers(context: 32_768), prefixes: ["model.", ""],
        tensors: decoderTensors, ignored: decoderBuffers)

    /// Experts lie one by one, or stacked as the library holds them.
    private static let qwen3MoE = TransformersArchitecture(
        classes: ["Qwen3MoeForCausalLM", "Qwen3MoeModel"], name: "qwen3moe", hasExperts: true,
        headDimension: 128, activation: "silu",
        numbers: decoderNumbers(context: 32_768) + [
            Number(
                key: "expert_count", field: "num_local_experts", fallback: .sameAs("num_experts")),
            Number(key: "expert_used_count", field: "num_experts_per_tok"),
            Number(key: "expert_feed_forward_length", field: "moe_intermediate_size"),
        ], prefixes: ["model.", ""],
        tensors: decoderTensors.merging([
            "layers.*.mlp.gate.weight": "blk.*.ffn_gate_inp.weight",
            "layers.*.mlp.experts.*.gate_proj.weight": "blk.*.ffn_gate_exps.weight",
            "layers.*.mlp.experts.*.up_proj.weight": "blk.*.ffn_up_exps.weight",
            "layers.*.mlp.experts.*.down_proj.weight": "blk.*.ffn_down_exps.weight",
            "layers.*.mlp.experts.down_proj": "blk.*.ffn_down_exps.weight",
        ]) { $1 },
        halves: [
            "layers.*.mlp.experts.gate_up_proj": [
                "blk.*.ffn_gate_exps.weight", "blk.*.ffn_up_exps.weight",
            ]
        ], ignored: decoderBuffers)

    private static func decoderNumbers(context: Double) -> [Number] {
        [
            Number(key: "block_count", field: "num_hidden_layers"),
            Number(
                key: "context_length", field: "max_position_embeddings", fallback: .value(context)),
            Number(key: "embedding_length", field: "hidden_size"),
            Number(key: "feed_forward_length", field: "intermediate_size"),
            Number(key: "attention.head_count", field: "num_attention_heads"),
            Number(
                key: "attention.head_count_kv", field: "num_key_value_heads",
                fallback: .sameAs("num_attention_heads")),
            Number(
                key: "attention.layer_norm_rms_epsilon", field: "rms_norm_eps", isFloat: true,
                fallback: .value(1e-6)),
        ]
    }

    private static let decoderTensors = [
        "embed_tokens.weight": "token_embd.weight",
        "norm.weight": "output_norm.weight",
        "lm_head.weight": "output.weight",
        "layers.*.input_layernorm.weight": "blk.*.attn_norm.weight",
        "layers.*.self_attn.q_proj.weight": "blk.*.attn_q.weight",
        "layers.*.self_attn.q_proj.bias": "blk.*.attn_q.bias",
        "layers.*.self_attn.k_proj.weight": "blk.*.attn_k.weight",
        "layers.*.self_attn.k_proj.bias": "blk.*.attn_k.bias",
        "layers.*.self_attn.v_proj.weight": "blk.*.attn_v.weight",
        "layers.*.self_attn.v_proj.bias": "blk.*.attn_v.bias",
        "layers.*.self_attn.o_proj.weight": "blk.*.attn_output.weight",
        "layers.*.self_attn.o_proj.bias": "blk.*.attn_output.bias",
        "layers.*.self_attn.q_norm.weight": "blk.*.attn_q_norm.weight",
        "layers.*.self_attn.k_norm.weight": "blk.*.attn_k_norm.weight",
        "layers.*.post_attention_layernorm.weight": "blk.*.ffn_norm.weight",
        "layers.*.mlp.gate_proj.weight": "blk.*.ffn_gate.weight",
        "layers.*.mlp.gate_proj.bias": "blk.*.ffn_gate.bias",
        "layers.*.mlp.up_proj.weight": "blk.*.ffn_up.weight",
        "layers.*.mlp.up_proj.bias": "blk.*.ffn_up.bias",
        "layers.*.mlp.down_proj.weight": "blk.*.ffn_down.weight",
        "layers.*.mlp.down_proj.bias": "blk.*.ffn_down.bias",
    ]

    private static let decoderBuffers = [
        "layers.*.self_attn.rotary_emb.inv_freq", "rotary_emb.inv_freq",
    ]
}

// MARK: - Encoders

extension TransformersArchitecture {
    private static let bert = TransformersArchitecture(
        classes: ["BertModel", "BertForMaskedLM", "BertForPreTraining"], name: "bert",
        isEncoder: true,
        activation: "gelu", numbers: encoderNumbers, prefixes: ["bert.", ""],
        tensors: encoderTensors, ignored: encoderHeads)

    private static let roberta = TransformersArchitecture(
        classes: [
            "RobertaModel", "RobertaForMaskedLM", "XLMRobertaModel", "XLMRobertaForMaskedLM",
            "CamembertModel", "CamembertForMaskedLM",
        ], name: "bert", isEncoder: true, skipsPaddingPositions: true, activation: "gelu",
        numbers: encoderNumbers, prefixes: ["roberta.", ""], tensors: encoderTensors,
        ignored: encoderHeads)

    /// The pooler is the classifier's first layer: GGUF's `cls` is dense and tanh, `cls.output` what follows.
    private static let bertRanker = TransformersArchitecture(
        classes: ["BertForSequenceClassification"], name: "bert", isEncoder: true,
        activation: "gelu", numbers: encoderNumbers, prefixes: ["bert.", ""],
        tensors: encoderTensors.merging([
            "pooler.dense.weight": "cls.weight", "pooler.dense.bias": "cls.bias",
            "classifier.weight": "cls.output.weight", "classifier.bias": "cls.output.bias",
        ]) { $1 }, ignored: ["embeddings.position_ids"])

    private static let robertaRanker = TransformersArchitecture(
        classes: ["RobertaForSequenceClassification", "XLMRobertaForSequenceClassification"],
        name: "bert", isEncoder: true, skipsPaddingPositions: true, activation: "gelu",
        numbers: encoderNumbers, prefixes: ["roberta.", ""],
        tensors: encoderTensors.merging([
            "classifier.dense.weight": "cls.weight", "classifier.dense.bias": "cls.bias",
            "classifier.out_proj.weight": "cls.output.weight",
            "classifier.out_proj.bias": "cls.output.bias",
        ]) { $1 }, ignored: ["embeddings.position_ids"])

    /// Whether the model scores texts instead of embedding them.
    var isRanker: Bool {
        tensors["classifier.weight"] != nil || tensors["classifier.out_proj.weight"] != nil
    }

    private static let encoderNumbers = [
        Number(key: "block_count", field: "num_hidden_layers"),
        Number(key: "context_length", field: "max_position_embeddings"),
        Number(key: "embedding_length", field: "hidden_size"),
        Number(key: "feed_forward_length", field: "intermediate_size"),
        Number(key: "attention.head_count", field: "num_attention_heads"),
        Number(
            key: "attention.layer_norm_epsilon", field: "layer_norm_eps", isFloat: true,
            fallback: .value(1e-12)),
    ]

    private static let encoderTensors: [String: String] = {
        var tensors = [
            "embeddings.word_embeddings.weight": "token_embd.weight",
            "embeddings.position_embeddings.weight": "position_embd.weight",
            "embeddings.token_type_embeddings.weight": "token_types.weight",
        ]
        for (module, name) in [
            ("embeddings.LayerNorm", "token_embd_norm"),
            ("encoder.layer.*.attention.self.query", "blk.*.attn_q"),
            ("encoder.layer.*.attention.self.key", "blk.*.attn_k"),
            ("encoder.layer.*.attention.self.value", "blk.*.attn_v"),
            ("encoder.layer.*.attention.output.dense", "blk.*.attn_output"),
            ("encoder.layer.*.attention.output.LayerNorm", "blk.*.attn_output_norm"),
            ("encoder.layer.*.intermediate.dense", "blk.*.ffn_up"),
            ("encoder.layer.*.output.dense", "blk.*.ffn_down"),
            ("encoder.layer.*.output.LayerNorm", "blk.*.layer_output_norm"),
        ] {
            tensors["\(module).weight"] = "\(name).weight"
            tensors["\(module).bias"] = "\(name).bias"
            // How the first BERT files called a norm's weight and bias.
            guard module.hasSuffix("LayerNorm") else { continue }
            tensors["\(module).gamma"] = "\(name).weight"
            tensors["\(module).beta"] = "\(name).bias"
        }
        return tensors
    }()

    private static let encoderHeads = [
        "embeddings.position_ids", "pooler.dense.weight", "pooler.dense.bias",
        "cls.predictions.bias", "cls.predictions.transform.dense.weight",
        "cls.predictions.transform.dense.bias", "cls.predictions.transform.LayerNorm.weight",
        "cls.predictions.transform.LayerNorm.bias", "cls.predictions.transform.LayerNorm.gamma",
        "cls.predictions.transform.LayerNorm.beta", "cls.predictions.decoder.weight",
        "cls.predictions.decoder.bias", "cls.seq_relationship.weight", "cls.seq_relationship.bias",
        "lm_head.bias", "lm_head.dense.weight", "lm_head.dense.bias", "lm_head.layer_norm.weight",
        "lm_head.layer_norm.bias", "lm_head.decoder.weight", "lm_head.decoder.bias",
    ]
}
