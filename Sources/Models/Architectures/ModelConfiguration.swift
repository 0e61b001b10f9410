package import Checkpoints
import Foundation
package import Tensors

/// Shapes and constants of a decoder-only transformer, as its GGUF metadata states them.
///
/// Key names: the GGUF specification, section "LLM"; `ARCH` stands for `general.architecture`.
package struct ModelConfiguration: Sendable, Equatable {
    /// `general.architecture`, such as `qwen3`.
    package var architecture: String
    /// Number of decoder layers (`ARCH.block_count`).
    package var layers: Int
    /// Length of a hidden state (`ARCH.embedding_length`).
    package var width: Int
    /// Query heads (`ARCH.attention.head_count`).
    package var heads: Int
    /// Key and value heads (`ARCH.attention.head_count_kv`).
    package var kvHeads: Int
    /// Length of one head's query, key and value (`ARCH.attention.key_length`).
    package var headDimension: Int
    /// Inner length of the feed-forward layer (`ARCH.feed_forward_length`).
    package var feedForward: Int
    /// Number of token ids the model knows: the rows of `token_embd.weight`.
    package var vocabulary: Int
    /// Most positions the model was made for (`ARCH.context_length`).
    package var contextLength: Int
    /// Added to the mean square under the root (`ARCH.attention.layer_norm_rms_epsilon`).
    package var normEpsilon: Float
    package var rotary: RotaryConfiguration

    /// Shape of the state that every layer keeps for every position.
    package var layout: KVPageLayout {
        KVPageLayout(layers: layers, heads: kvHeads, headDimension: headDimension)
    }

    /// Reads and checks every field.
    ///
    /// - Throws: `CheckpointError` for a missing or wrongly typed key, ``ModelError`` for numbers that make no model.
    package init(file: Checkpoint) throws {
        architecture = try file.string("general.architecture")
        let prefix = architecture

        func count(_ key: String, default fallback: Int? = nil, most: Int) throws -> Int {
            let name = "\(prefix).\(key)"
            let value =
                if let fallback {
                    try file.optionalInteger(name) ?? fallback
                } else {
                    try file.integer(name)
                }
            guard value >= 1, value <= most else {
                throw ModelError(
                    code: .invalidConfiguration, file: file.path, field: name,
                    message: "is \(value); a model needs 1 to \(most)")
            }
            return value
        }

        layers = try count("block_count", most: 1 << 12)
        width = try count("embedding_length", most: 1 << 20)
        heads = try count("attention.head_count", most: 1 << 14)
        kvHeads = try count("attention.head_count_kv", default: heads, most: 1 << 14)
        headDimension = try count(
            "attention.key_length", default: max(1, width / heads), most: 1 << 12)
        let valueDimension = try count(
            "attention.value_length", default: headDimension, most: 1 << 12)
        feedForward = try count("feed_forward_length", most: 1 << 22)
        contextLength = try count("context_length", most: 1 << 30)
        normEpsilon = try file.float("\(prefix).attention.layer_norm_rms_epsilon")
        rotary = try RotaryConfiguration(
            file: file, architecture: architecture, headDimension: headDimension)

        guard let embedding = file.tensor(named: "token_embd.weight") else {
            throw ModelError(
                code: .missingTensor, file: file.path, field: "token_embd.weight",
                message: "is missing; this file holds no model weights (a vocabulary-only file?)")
        }
        vocabulary = embedding.dimensions.count == 2 ? embedding.dimensions[1] : 0

        func require(_ condition: Bool, _ key: String, _ message: String) throws {
            guard condition else {
                throw ModelError(
                    code: .invalidConfiguration, file: file.path, field: "\(prefix).\(key)",
                    message: message)
            }
        }
        try require(
            heads.isMultiple(of: kvHeads), "attention.head_count_kv",
            "is \(kvHeads), which does not divide the \(heads) query heads")
        // No few bytes of metadata may turn into gigabytes of activations or cache, nor overflow a product.
        let numbers = layers * kvHeads * headDimension
        try require(
            numbers <= 1 << 24, "attention.key_length",
            "makes \(layers) layers keep \(numbers) numbers a token; Berth runs up to \(1 << 24)")
        try require(
            heads * headDimension <= 256 * width, "attention.head_count",
            "is \(heads), with heads of \(headDimension) more than 256 times the width of \(width)")
        try require(
            feedForward <= 256 * width, "feed_forward_length",
            "is \(feedForward), more than 256 times the width of \(width)")
        try require(
            vocabulary <= 1 << 22, "vocab_size",
            "is \(vocabulary); Berth runs up to \(1 << 22) tokens")
        try require(
            valueDimension == headDimension, "attention.value_length",
            "is \(valueDimension), key_length is \(headDimension); Berth runs equal lengths only")
        try require(
            normEpsilon > 0 && normEpsilon < 1, "attention.layer_norm_rms_epsilon",
            "is \(normEpsilon), which is no small positive number")
    }
}

/// Rotary position embedding (RoFormer, Su 2021): which dimensions turn how fast.
package struct RotaryConfiguration: Sendable, Equatable {
    /// How many leading dimensions of a head are rotated; even.
    package var dimensions: Int
    /// Base of the geometric series of wavelengths.
    package var base: Double
    /// Positions are divided by this (linear scaling); 1 leaves them.
    package var positionScale: Double

    init(file: Checkpoint, architecture: String, headDimension: Int) throws {
        let dimensionKey = "\(architecture).rope.dimension_count"
        dimensions = try file.optionalInteger(dimensionKey) ?? headDimension
        guard dimensions >= 2, dimensions <= headDimension, dimensions.isMultiple(of: 2) else {
            throw ModelError(
                code: .invalidConfiguration, file: file.path, field: dimensionKey,
                message: "is \(dimensions); it must be even and 2 to \(headDimension)")
        }
        let baseKey = "\(architecture).rope.freq_base"
        base = Double(try file.optionalFloat(baseKey) ?? 10_000)
        guard base.isFinite, base > 1 else {
            throw ModelError(
                code: .invalidConfiguration, file: file.path, field: baseKey,
                message: "is \(base); it must be a number above 1")
        }

        let scalingKey = "\(architecture).rope.scaling.type"
        // Files from before the key was invented scale linearly, if at all.
        let scaling = try file.optionalString(scalingKey) ?? "linear"
        let factorKey = "\(architecture).rope.scaling.factor"
        let stated =
            try file.optionalFloat(factorKey)
            ?? file.optionalFloat("\(architecture).rope.scale_linear") ?? 1
        let factor = stated == 0 ? 1 : Double(stated)
        switch scaling {
        case "none":
            positionScale = 1
        case "linear":
            guard factor.isFinite, factor >= 1 else {
                throw ModelError(
                    code: .invalidConfiguration, file: file.path, field: factorKey,
                    message: "is \(factor); it must be a number of at least 1")
            }
            positionScale = factor
        default:
            throw ModelError(
                code: .unsupportedFeature, file: file.path, field: scalingKey,
                message: "is \"\(scaling)\"; Berth runs \"none\" and \"linear\" so far")
        }
    }

    /// Angle per position of every rotated pair, in radians; `factors` (Llama 3.1's `rope_freqs.weight`)
    /// divide them.
    package func frequencies(factors: [Float]?) -> [Double] {
        (0..<dimensions / 2).map { pair in
            let plain = 1 / (positionScale * pow(base, 2 * Double(pair) / Double(dimensions)))
            return plain / Double(factors?[pair] ?? 1)
        }
    }
}
