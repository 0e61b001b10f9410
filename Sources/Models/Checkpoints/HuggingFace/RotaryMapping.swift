import Foundation
import StructuredJSON

/// `rope_theta`, `rope_scaling` and `rope_parameters` of config.json as metadata and a tensor.
struct RotaryMapping {
    /// Keys after the architecture's name.
    private(set) var values: [(key: String, value: GGUFTypedValue)] = []
    /// What every pair's frequency is divided by (Llama 3's scaling).
    private(set) var factors: [Float]?

    /// - `dimension`: length of a head.
    init(_ root: JSONField, dimension: Int) throws(JSONError) {
        // transformers 5 moved rope_theta into rope_parameters, its new name for rope_scaling.
        let parameters = root["rope_parameters"].ifPresent ?? root["rope_scaling"].ifPresent
        let inner = parameters?["rope_theta"].ifPresent
        let base =
            try (inner ?? root["rope_theta"].ifPresent)?.double(in: 1.001...1e12) ?? 10_000
        values.append(("rope.freq_base", .float32(Float(base))))
        guard let parameters else { return }
        if let part = parameters["partial_rotary_factor"].ifPresent {
            _ = try part.double(in: 1...1)
        }
        let isNew = parameters["rope_type"].ifPresent != nil
        let type = parameters[isNew ? "rope_type" : "type"].ifPresent
        let context = try root["max_position_embeddings"].ifPresent?.int(in: 1...1 << 30)
        switch try type?.oneOf(["default", "linear", "llama3", "yarn"]) ?? "default" {
        case "linear":
            try add("scaling.factor", parameters, "factor", type: "linear")
        case "yarn":
            try add("scaling.factor", parameters, "factor", type: "yarn")
            try addYaRN(parameters, context: context)
        case "llama3":
            factors = try Self.llama3(
                parameters, base: base, dimension: dimension, context: context)
        default:
            break
        }
    }

    private mutating func add(
        _ key: String, _ parameters: JSONField, _ field: String, type: String
    ) throws(JSONError) {
        values.append(("rope.scaling.type", .string(type)))
        let factor = try parameters[field].double(in: 1...1e6)
        values.append(("rope.\(key)", .float32(Float(factor))))
    }

    private mutating func addYaRN(_ parameters: JSONField, context: Int?) throws(JSONError) {
        let stated = parameters["original_max_position_embeddings"].ifPresent
        if let original = try stated?.int(in: 1...1 << 30) ?? context {
            values.append(("rope.scaling.original_context_length", .uint32(UInt32(original))))
        }
        for (field, key) in [
            ("extrapolation_factor", "ext"), ("attention_factor", "attn"),
            ("beta_fast", "beta_fast"), ("beta_slow", "beta_slow"),
        ] {
            guard let value = try parameters[field].ifPresent?.double(in: 0...1e6) else { continue }
            let name = field.hasSuffix("factor") ? "\(key)_factor" : key
            values.append(("rope.scaling.yarn_\(name)", .float32(Float(value))))
        }
        for field in ["mscale", "mscale_all_dim"] {
            guard let value = parameters[field].ifPresent, try value.double() != 0 else { continue }
            throw value.invalid("is not run by Berth; it runs YaRN with attention_factor")
        }
        if let truncates = parameters["truncate"].ifPresent, try !truncates.bool() {
            throw truncates.invalid("must be true: Berth rounds YaRN's range to whole pairs")
        }
    }

    /// Llama 3.1's scaling: pairs of long waves are slowed down by the factor, of short ones not, with a ramp between
    /// (Grattafiori 2024; transformers' modeling_rope_utils).
    private static func llama3(
        _ parameters: JSONField, base: Double, dimension: Int, context: Int?
    ) throws(JSONError) -> [Float] {
        let factor = try parameters["factor"].double(in: 1...1e6)
        let low = try parameters["low_freq_factor"].double(in: 1e-6...1e6)
        let high = try parameters["high_freq_factor"].double(in: 1e-6...1e6)
        guard low < high else {
            throw parameters["low_freq_factor"].invalid("must be below high_freq_factor")
        }
        let stated = parameters["original_max_position_embeddings"].ifPresent
        let original = Double(try stated?.int(in: 1...1 << 30) ?? context ?? 8192)
        return (0..<dimension / 2).map { pair in
            let wavelength = 2 * .pi * pow(base, 2 * Double(pair) / Double(dimension))
            if wavelength < original / high { return 1 }
            if wavelength > original / low { return Float(factor) }
            let smooth = (original / wavelength - low) / (high - low)
            return Float(1 / ((1 - smooth) / factor + smooth))
        }
    }
}
