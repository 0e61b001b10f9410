package import Checkpoints
import Tensors

/// Shapes and constants of a transformer that reads whole texts, as its GGUF metadata states them.
///
/// Key names are those that llama.cpp's converter writes; `ARCH` stands for `general.architecture`.
package struct EncoderConfiguration: Sendable, Equatable {
    /// `general.architecture`, such as `bert`.
    package var architecture: String
    /// Number of layers (`ARCH.block_count`).
    package var layers: Int
    /// Length of a hidden state (`ARCH.embedding_length`).
    package var width: Int
    /// Heads of attention (`ARCH.attention.head_count`), which share the width.
    package var heads: Int
    /// Inner length of the feed-forward layer (`ARCH.feed_forward_length`).
    package var feedForward: Int
    /// Number of token ids the model knows: the rows of `token_embd.weight`.
    package var vocabulary: Int
    /// Most tokens of a text (`ARCH.context_length`).
    package var contextLength: Int
    /// Rows of `position_embd.weight`: at least the context length.
    package var positions: Int
    /// Number of token types: the rows of `token_types.weight`, 0 without it.
    package var tokenTypes: Int
    /// Added to the variance under the root (`ARCH.attention.layer_norm_epsilon`).
    package var normEpsilon: Float
    /// How a text's states become one vector.
    package var pooling: Pooling

    package var headDimension: Int {
        width / heads
    }

    /// Reads and checks every field.
    ///
    /// - Throws: `CheckpointError` for a missing or wrongly typed key, ``ModelError`` for numbers that make no model.
    package init(file: Checkpoint) throws {
        let prefix = try file.string("general.architecture")
        architecture = prefix

        func wrong(_ key: String, _ message: String) -> ModelError {
            ModelError(
                code: .invalidConfiguration, file: file.path, field: "\(prefix).\(key)",
                message: message)
        }
        func count(_ key: String, most: Int) throws -> Int {
            let value = try file.integer("\(prefix).\(key)")
            guard value >= 1, value <= most else {
                throw wrong(key, "is \(value); a model needs 1 to \(most)")
            }
            return value
        }
        func rows(of name: String) throws -> Int? {
            guard let tensor = file.tensor(named: name) else { return nil }
            return tensor.dimensions.count == 2 ? tensor.dimensions[1] : 0
        }

        layers = try count("block_count", most: 1 << 12)
        width = try count("embedding_length", most: 1 << 16)
        heads = try count("attention.head_count", most: 1 << 12)
        feedForward = try count("feed_forward_length", most: 1 << 20)
        contextLength = try count("context_length", most: 1 << 20)
        let epsilonKey = "attention.layer_norm_epsilon"
        normEpsilon = try file.float("\(prefix).\(epsilonKey)")
        pooling = try Pooling(file: file, architecture: prefix) ?? .mean
        guard let vocabulary = try rows(of: "token_embd.weight") else {
            throw ModelError(
                code: .missingTensor, file: file.path, field: "token_embd.weight",
                message: "is missing; this file holds no model weights (a vocabulary-only file?)")
        }
        self.vocabulary = vocabulary
        tokenTypes = try rows(of: "token_types.weight") ?? 0
        positions = try rows(of: "position_embd.weight") ?? 0

        guard width.isMultiple(of: heads), width / heads <= Compute.longestEncoderHead else {
            throw wrong(
                "attention.head_count",
                "is \(heads); it must divide the width of \(width) into heads of at most \(Compute.longestEncoderHead)"
            )
        }
        guard feedForward <= 256 * width else {
            throw wrong(
                "feed_forward_length",
                "is \(feedForward), more than 256 times the width of \(width)")
        }
        guard normEpsilon > 0, normEpsilon < 1 else {
            throw wrong(epsilonKey, "is \(normEpsilon), which is no small positive number")
        }
        guard positions >= contextLength else {
            throw wrong(
                "context_length",
                "is \(contextLength), but position_embd.weight has \(positions) rows")
        }
        guard vocabulary <= 1 << 22 else {
            throw wrong("vocab_size", "is \(vocabulary); Berth runs up to \(1 << 22) tokens")
        }
        let causalKey = "\(prefix).attention.causal"
        guard try file.optionalBool(causalKey) != true else {
            throw ModelError(
                code: .unsupportedFeature, file: file.path, field: causalKey,
                message: "is true; Berth runs \(prefix) models that look in both directions")
        }
    }
}
