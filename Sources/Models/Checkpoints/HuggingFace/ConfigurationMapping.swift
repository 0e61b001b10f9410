import StructuredJSON

/// config.json as GGUF metadata.
///
/// Old and new spellings are read (`rope_scaling` and `rope_parameters`, `torch_dtype` and `dtype`); null is the same as
/// missing. What would change the numbers and is not known is an error that names the key.
struct ConfigurationMapping {
    let architecture: TransformersArchitecture
    let root: JSONField
    let folder: ModelFolder
    /// In the order in which they will be written.
    private(set) var metadata = GGUFMetadata()
    /// `rope_freqs.weight`, where the model has one.
    private(set) var rotaryFactors: [Float]?

    static let fileName = "config.json"

    init(_ folder: ModelFolder) throws(CheckpointError) {
        guard let document = try folder.json(Self.fileName) else {
            throw folder.error(
                .missingField, Self.fileName, "file",
                "is missing; the folder holds no model as transformers saves it")
        }
        self.folder = folder
        root = JSONField(document)
        do throws(JSONError) {
            architecture = try Self.architecture(root)
            try map()
        } catch {
            throw folder.error(Self.fileName, error)
        }
    }

    var prefix: String {
        architecture.name
    }

    private static func architecture(_ root: JSONField) throws(JSONError)
        -> TransformersArchitecture
    {
        let classes = try root["architectures"].array()
        for name in classes {
            if let known = TransformersArchitecture.find(try name.string()) { return known }
        }
        throw root["architectures"].invalid(
            """
            is \(try classes.map { name throws(JSONError) in try name.string() }), which Berth does not run; \
            it runs \(TransformersArchitecture.classNames)
            """)
    }

    private mutating func map() throws(JSONError) {
        try refuseUnknown()
        metadata.set("general.architecture", .string(prefix))
        metadata.set("general.type", .string("model"))
        for number in architecture.numbers { try map(number) }
        if architecture.isEncoder {
            try mapEncoder()
        } else {
            try mapDecoder()
        }
    }

    /// What would make the model compute something else than Berth does.
    private func refuseUnknown() throws(JSONError) {
        if let quantization = root["quantization_config"].ifPresent {
            let method = try quantization["quant_method"].ifPresent?.string() ?? "another method"
            throw JSONError(
                code: .invalidValue,
                reason: """
                    says that the weights are quantized by \(CheckpointError.printable(method)); Berth runs folders of \
                    F32, F16 and BF16 weights: take the model's original, or a GGUF file of it
                    """, path: quantization.path)
        }
        if let activation = root["hidden_act"].ifPresent {
            _ = try activation.oneOf([architecture.activation])
        }
        if let kind = root["position_embedding_type"].ifPresent {
            _ = try kind.oneOf(["absolute"])
        }
        if let part = root["partial_rotary_factor"].ifPresent {
            _ = try part.double(in: 1...1)
        }
    }

    private mutating func map(_ number: TransformersArchitecture.Number) throws(JSONError) {
        var field = root[number.field].ifPresent
        if field == nil, case .sameAs(let other) = number.fallback { field = root[other] }
        if number.isFloat {
            var value = try field?.double(in: 0...1)
            if case .value(let fallback) = number.fallback { value = value ?? fallback }
            if value == nil { value = try root[number.field].double(in: 0...1) }
            metadata.set("\(prefix).\(number.key)", .float32(Float(value ?? 0)))
        } else {
            var value = try field?.int(in: 1...Int(Int32.max))
            if case .value(let fallback) = number.fallback { value = value ?? Int(fallback) }
            if value == nil { value = try root[number.field].int(in: 1...Int(Int32.max)) }
            var count = value ?? 1
            if number.key == "context_length" { count -= try skippedPositions() }
            metadata.set("\(prefix).\(number.key)", .uint32(UInt32(max(1, count))))
        }
    }

    /// Positions at the front of the table that no token has.
    func skippedPositions() throws(JSONError) -> Int {
        guard architecture.skipsPaddingPositions else { return 0 }
        return try 1 + (root["pad_token_id"].ifPresent?.int(in: 0...1 << 20) ?? 1)
    }

    private mutating func mapEncoder() throws(JSONError) {
        metadata.set("\(prefix).attention.causal", .bool(false))
        let types = try root["type_vocab_size"].ifPresent?.int(in: 1...1 << 20) ?? 1
        metadata.set("tokenizer.ggml.token_type_count", .uint32(UInt32(types)))
        guard architecture.isRanker else { return }
        metadata.set("\(prefix).pooling_type", .uint32(SentenceTransformers.rankPooling))
        try mapActivation()
        guard let labels = root["id2label"].ifPresent else { return }
        var names: [(id: Int, name: String)] = []
        for (id, _) in try labels.object() {
            guard let number = Int(id) else {
                throw labels[id].invalid("must have a number for its name")
            }
            names.append((number, try labels[id].string()))
        }
        names.sort { $0.id < $1.id }
        metadata.set("\(prefix).classifier.output_labels", .strings(names.map(\.name)))
    }

    /// What the sentence-transformers library puts after a cross-encoder's score; without a word of it, a sigmoid.
    private mutating func mapActivation() throws(JSONError) {
        let stated =
            root["sentence_transformers"].ifPresent?["activation_fn"].ifPresent
            ?? root["sbert_ce_default_activation_function"].ifPresent
        // The library runs no code of others, either, and takes the usual function instead.
        guard let stated, case let name = try stated.string(), name.hasPrefix("torch.") else {
            return
        }
        let activations = ["Sigmoid": "sigmoid", "Identity": "identity"]
        guard let activation = name.split(separator: ".").last.flatMap({ activations[String($0)] })
        else {
            throw stated.invalid("must be Sigmoid or Identity, which Berth knows")
        }
        metadata.set("sentence_transformers.activation", .string(activation))
    }

    private mutating func mapDecoder() throws(JSONError) {
        let heads = try root["num_attention_heads"].int(in: 1...1 << 20)
        let width = try root["hidden_size"].int(in: 1...Int(Int32.max))
        let stated =
            try root["head_dim"].ifPresent?.int(in: 1...1 << 20) ?? architecture.headDimension
        if let stated {
            metadata.set("\(prefix).attention.key_length", .uint32(UInt32(stated)))
            metadata.set("\(prefix).attention.value_length", .uint32(UInt32(stated)))
        }
        let dimension = stated ?? max(1, width / heads)
        // A table of a number for every pair is made of it.
        guard dimension <= 1 << 20 else {
            throw root["hidden_size"].invalid(
                "must give each of the \(heads) heads at most \(1 << 20) numbers, not \(dimension)")
        }
        if architecture.reordersRotaryRows {
            let vocabulary = try root["vocab_size"].int(in: 1...Int(Int32.max))
            metadata.set("\(prefix).vocab_size", .uint32(UInt32(vocabulary)))
            metadata.set("\(prefix).rope.dimension_count", .uint32(UInt32(dimension)))
        }
        let rotary = try RotaryMapping(root, dimension: dimension)
        for (key, value) in rotary.values { metadata.set("\(prefix).\(key)", value) }
        rotaryFactors = rotary.factors
        try mapWindow()
        if architecture.hasExperts { try mapExperts() }
    }

    /// Berth's models have experts in every layer.
    private mutating func mapExperts() throws(JSONError) {
        if let step = root["decoder_sparse_step"].ifPresent { _ = try step.int(in: 1...1) }
        if let layers = root["mlp_only_layers"].ifPresent, try !layers.array().isEmpty {
            throw layers.invalid("must be empty: Berth runs models with experts in every layer")
        }
        // The library's default is not what the published models say.
        let isNormalized = try root["norm_topk_prob"].ifPresent?.bool() ?? false
        metadata.set("\(prefix).expert_weights_norm", .bool(isNormalized))
    }

    /// Layers that see only so many tokens back.
    private mutating func mapWindow() throws(JSONError) {
        // Qwen's configurations state windows that they use only where they say so.
        let isUsed =
            try root["use_sliding_window"].ifPresent?.bool() ?? !prefix.hasPrefix("qwen")
        guard isUsed, let window = try root["sliding_window"].ifPresent?.int(in: 1...1 << 30) else {
            return
        }
        metadata.set("\(prefix).attention.sliding_window", .uint32(UInt32(window)))
        let layers = try root["num_hidden_layers"].int(in: 1...1 << 12)
        var flags = [Bool](repeating: true, count: layers)
        if let types = root["layer_types"].ifPresent {
            flags = []
            for type in try types.array() {
                let kinds = ["full_attention", "sliding_attention"]
                flags.append(try type.oneOf(kinds) == "sliding_attention")
            }
            guard flags.count == layers else {
                throw types.invalid("must have an entry for each of the \(layers) layers")
            }
        } else if let first = try root["max_window_layers"].ifPresent?.int(in: 0...1 << 20) {
            flags = (0..<layers).map { $0 >= first }
        }
        // Written even when all layers have one: without it Qwen's have none.
        metadata.set(
            "\(prefix).attention.sliding_window_pattern", .array(.bool, flags.map { .bool($0) }))
    }
}
