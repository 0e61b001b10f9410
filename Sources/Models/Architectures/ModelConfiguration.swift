import Checkpoints
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
    /// `nil` for a dense model.
    package var experts: ExpertConfiguration?
    /// For every layer, how many positions a token sees, its own included; `nil` for all up to its own.
    package var windows: [Int?]

    /// Shape of the state that every layer keeps for every position.
    package var layout: KVPageLayout {
        KVPageLayout(layers: layers, heads: kvHeads, headDimension: headDimension)
    }

    /// Reads and checks every field.
    ///
    /// - Throws: `CheckpointError` for a missing or wrongly typed key, ``ModelError`` for numbers that make no model.
    init(file: Checkpoint, family: any ModelFamily.Type) throws {
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
            file: file, architecture: architecture, headDimension: headDimension,
            contextLength: contextLength)
        experts =
            family.hasExperts
            ? try ExpertConfiguration(file: file, prefix: prefix, feedForward: feedForward) : nil
        windows = try Self.windows(
            file: file, prefix: prefix, layers: layers, isWindowed: family.isWindowed)

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

extension ModelConfiguration {
    /// Sliding windows (Beltagy 2020): their length (`ARCH.attention.sliding_window`, 0 for none), and which layers
    /// have them (`ARCH.attention.sliding_window_pattern`): a flag a layer, or a period whose last layer has none.
    ///
    /// llama.cpp reads neither for the families here. A model that was trained with a window answers wrongly
    /// behind it without one, so a window that the file states is honoured.
    private static func windows(
        file: Checkpoint, prefix: String, layers: Int, isWindowed: (Int) -> Bool
    ) throws -> [Int?] {
        let lengthKey = "\(prefix).attention.sliding_window"
        let patternKey = "\(prefix).attention.sliding_window_pattern"
        func wrong(_ key: String, _ message: String) -> ModelError {
            ModelError(
                code: .invalidConfiguration, file: file.path, field: key, message: message)
        }
        let length = try file.optionalInteger(lengthKey) ?? 0
        guard length != 0 else { return Array(repeating: nil, count: layers) }
        guard length > 0, length <= 1 << 30 else {
            throw wrong(
                lengthKey, "is \(length); a window has 1 to \(1 << 30) positions, or 0 for none")
        }
        switch file.value(patternKey) {
        case nil:
            return (0..<layers).map { isWindowed($0) ? length : nil }
        case .integer(let period):
            guard period >= 0 else {
                throw wrong(patternKey, "is \(period); it must be a number of layers, or 0 for all")
            }
            return (0..<layers).map { period == 0 || $0 % period < period - 1 ? length : nil }
        default:
            let flags = try file.optionalBools(patternKey) ?? []
            guard flags.count == layers else {
                throw wrong(patternKey, "has \(flags.count) flags; the model has \(layers) layers")
            }
            return flags.map { $0 ? length : nil }
        }
    }
}
