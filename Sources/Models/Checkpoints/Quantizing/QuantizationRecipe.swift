package import Tensors

/// Which tensor of a model gets which type.
///
/// The mixes, what they are called and what replaces a type whose blocks do not divide a row are llama.cpp's, so that
/// a name promises the same file wherever it was made.
// The names are those of the files.
// swift-format-ignore: AlwaysUseLowerCamelCase
package enum QuantizationRecipe: String, CaseIterable, Sendable {
    case q8_0 = "Q8_0"
    case q6_K = "Q6_K"
    case q5_K_M = "Q5_K_M"
    case q4_K_M = "Q4_K_M"
    case q4_0 = "Q4_0"

    /// What `general.file_type` calls it.
    package var fileType: UInt32 {
        switch self {
        case .q4_0: 2
        case .q8_0: 7
        case .q4_K_M: 15
        case .q5_K_M: 17
        case .q6_K: 18
        }
    }

    /// What most matrices get.
    private var base: ElementType {
        switch self {
        case .q8_0: .q8_0
        case .q6_K: .q6_K
        case .q5_K_M: .q5_K
        case .q4_K_M: .q4_K
        case .q4_0: .q4_0
        }
    }

    private var isMix: Bool {
        self == .q4_K_M || self == .q5_K_M
    }

    /// What a tensor's type depends on besides its name.
    package struct Model: Sendable {
        /// Blocks of the model.
        package var layers: Int
        /// Experts of a block, 0 in a dense model.
        package var experts: Int
        /// Query heads that share a key/value head.
        package var sharing: Int
        /// Whether the embedding serves as output as well.
        package var isTied: Bool

        package init(layers: Int, experts: Int, sharing: Int, isTied: Bool) {
            self.layers = layers
            self.experts = experts
            self.sharing = sharing
            self.isTied = isTied
        }
    }

    /// The type of a tensor, or `nil` for one that stays as it is.
    package func type(name: String, dimensions: [Int], in model: Model) -> ElementType? {
        guard dimensions.count >= 2, name.hasSuffix(".weight"), !Self.staysWhole(name) else {
            return nil
        }
        let wanted = wantedType(name, rowLength: dimensions[0], in: model)
        return Self.fitting(wanted, rowLength: dimensions[0])
    }

    private func wantedType(_ name: String, rowLength: Int, in model: Model) -> ElementType {
        let part = name.split(separator: ".").dropLast().last.map(String.init) ?? ""
        if name == "output.weight" || (model.isTied && name == "token_embd.weight") {
            guard base != .q8_0, rowLength.isMultiple(of: base.blockElements) else { return .q8_0 }
            return .q6_K
        }
        let layer = Self.layer(of: name) ?? 0
        switch part {
        case "attn_v", "attn_qkv", "attn_kv_b":
            if model.experts == 8 { return .q8_0 }
            if isMix, Self.deservesMore(layer, of: model.layers) { return .q6_K }
            // Models of 80 layers share a value head among eight queries: more bits for it cost next to nothing.
            if base == .q4_K, model.layers == 80, model.sharing >= 8 { return .q5_K }
            return base
        case "attn_k":
            return model.experts == 8 ? .q8_0 : base
        case "attn_output":
            return model.experts == 8 && base == .q4_K ? .q5_K : base
        case "ffn_down", "ffn_down_exps", "ffn_down_shexp":
            return isMix && Self.deservesMore(layer, of: model.layers) ? .q6_K : base
        default:
            return base
        }
    }

    /// The first and the last eighth of the layers, and every third between.
    private static func deservesMore(_ layer: Int, of layers: Int) -> Bool {
        layer < layers / 8 || layer >= 7 * layers / 8 || (layer - layers / 8) % 3 == 2
    }

    /// `type`, or what comes closest to it in a row that its blocks do not divide.
    private static func fitting(_ type: ElementType, rowLength: Int) -> ElementType {
        guard !rowLength.isMultiple(of: type.blockElements) else { return type }
        guard rowLength.isMultiple(of: 32) else { return .f16 }
        return switch type {
        case .q4_K: .q5_0
        case .q5_K: .q5_1
        default: .q8_0
        }
    }

    private static func layer(of name: String) -> Int? {
        let words = name.split(separator: ".")
        return words.count > 2 && words[0] == "blk" ? Int(words[1]) : nil
    }

    /// Small matrices that models are sensitive to.
    private static func staysWhole(_ name: String) -> Bool {
        let fragments = [
            "_norm.weight", "ffn_gate_inp.weight", "position_embd", "token_types", "attn_rel_b",
            "ssm_conv1d", "shortconv.conv", "altup", "laurel", "per_layer_model_proj",
        ]
        return fragments.contains { name.contains($0) }
    }
}
