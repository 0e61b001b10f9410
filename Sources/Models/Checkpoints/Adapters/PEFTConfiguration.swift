import StructuredJSON

/// adapter_config.json of the PEFT library: ranks and scales; what would change the numbers in another way is refused.
struct PEFTConfiguration {
    private let rank: Int
    private let alpha: Double
    private let usesRootOfRank: Bool
    private var ranks: [(module: Key, rank: Int)] = []
    private var alphas: [(module: Key, alpha: Double)] = []

    static let fileName = "adapter_config.json"
    private static let mostRank = 1 << 20

    init(_ folder: ModelFolder) throws(CheckpointError) {
        guard let document = try folder.json(Self.fileName) else {
            throw folder.error(
                .missingField, Self.fileName, "file",
                "is missing; the folder holds no adapter as PEFT saves it")
        }
        let root = JSONField(document)
        do throws(JSONError) {
            _ = try root["peft_type"].oneOf(["LORA"])
            try Self.refuseUnknown(root)
            rank = try root["r"].int(in: 1...Self.mostRank)
            alpha = try root["lora_alpha"].double(in: -1e6...1e6)
            usesRootOfRank = try root["use_rslora"].ifPresent?.bool() ?? false
            for (key, _) in try root["rank_pattern"].ifPresent?.object() ?? [:] {
                let field = root["rank_pattern"][key]
                ranks.append((try Key(key, field), try field.int(in: 1...Self.mostRank)))
            }
            for (key, _) in try root["alpha_pattern"].ifPresent?.object() ?? [:] {
                let field = root["alpha_pattern"][key]
                alphas.append((try Key(key, field), try field.double(in: -1e6...1e6)))
            }
        } catch {
            throw folder.error(Self.fileName, error)
        }
    }

    /// The rank of a module's factors, such as those of `model.layers.0.self_attn.q_proj`.
    func rank(of module: String) -> Int {
        ranks.first { $0.module.matches(module) }?.rank ?? rank
    }

    /// What the product of a module's factors is multiplied by: alpha divided by the rank, or by its root (rsLoRA,
    /// Kalajdzievski 2023).
    func scale(of module: String, rank: Int) -> Float {
        let alpha = alphas.first { $0.module.matches(module) }?.alpha ?? alpha
        return Float(alpha / (usesRootOfRank ? Double(rank).squareRoot() : Double(rank)))
    }

    /// What a pattern says about modules: PEFT matches it, a regular expression, with a module's name or with its end
    /// from a dot on.
    private struct Key {
        private let text: String
        private let isWhole: Bool

        init(_ text: String, _ field: JSONField) throws(JSONError) {
            isWhole = text.hasPrefix("^")
            self.text = isWhole ? String(text.dropFirst()) : text
            let special = #"^$*+?()[]{}|\"#
            guard !self.text.contains(where: special.contains) else {
                throw field.invalid(
                    """
                    is under a key that is a regular expression, of which Berth reads plain names of modules, such as \
                    "q_proj" or "layers.0.self_attn.q_proj"
                    """, .invalidValue)
            }
        }

        func matches(_ module: String) -> Bool {
            module == text || !isWhole && module.hasSuffix(".\(text)")
        }
    }

    /// Options that change what an adapter computes, or what it is added to.
    private static func refuseUnknown(_ root: JSONField) throws(JSONError) {
        for (name, meaning) in [
            ("use_dora", "weight-decomposed adapters (DoRA)"),
            ("use_qalora", "quantization-aware adapters (QALoRA)"),
            ("lora_bias", "a bias of the second factor"),
            ("fan_in_fan_out", "weights that are stored transposed"),
        ] where try root[name].ifPresent?.bool() ?? false {
            throw refusal(root[name], meaning)
        }
        for (name, meaning) in [
            ("modules_to_save", "modules that are replaced as a whole"),
            ("trainable_token_indices", "embeddings of single tokens"),
            ("layer_replication", "layers that are used several times"),
            ("target_parameters", "parameters that are no module of their own"),
            ("alora_invocation_tokens", "an adapter that starts within the text (aLoRA)"),
            ("megatron_config", "modules of Megatron"),
            ("use_bdlora", "factors in diagonal blocks"),
            ("arrow_config", "adapters that are chosen by token (Arrow)"),
            ("kasa_config", "weights that are decomposed first (KaSA)"),
            ("monteclora_config", "factors drawn at random (MonteCLoRA)"),
        ] where !isEmpty(root[name].ifPresent?.value) {
            throw refusal(root[name], meaning)
        }
        if let bias = root["bias"].ifPresent {
            guard try bias.string() == "none" else { throw refusal(bias, "trained biases") }
        }
        // Others change the model's own weights before training, so that the adapter means nothing beside the original.
        if let start = root["init_lora_weights"].ifPresent, start.value?.bool == nil {
            guard ["gaussian", "eva", "orthogonal"].contains(try start.string()) else {
                throw refusal(
                    start,
                    "a start that changed the model's own weights (save it as an ordinary LoRA)")
            }
        }
    }

    private static func isEmpty(_ value: JSONValue?) -> Bool {
        guard let value else { return true }
        return value.bool == false || value.array?.isEmpty == true || value.object?.isEmpty == true
    }

    private static func refusal(_ field: JSONField, _ meaning: String) -> JSONError {
        field.invalid("asks for \(meaning), which Berth does not run")
    }
}
