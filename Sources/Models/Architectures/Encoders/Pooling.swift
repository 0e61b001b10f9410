package import Checkpoints

/// How the states of a text's tokens become one vector for the text.
///
/// Numbers are those of `ARCH.pooling_type` in GGUF files (llama.cpp's `llama_pooling_type`).
package enum Pooling: Int, Sendable, CaseIterable {
    /// The mean of all tokens' states.
    case mean = 1
    /// The first token's state.
    case cls = 2
    /// The last token's state.
    case last = 3

    /// A cross-encoder's value of `ARCH.pooling_type`: its classifier reads the first token's state.
    private static let rank = 4

    /// What a file asks for; `nil` where it says nothing or "none".
    ///
    /// - Throws: `CheckpointError` for a wrongly typed key, ``ModelError`` for an unknown number.
    package init?(file: Checkpoint, architecture: String) throws {
        let key = "\(architecture).pooling_type"
        guard let number = try file.optionalInteger(key), number > 0 else { return nil }
        if number == Self.rank {
            self = .cls
            return
        }
        guard let pooling = Pooling(rawValue: number) else {
            throw ModelError(
                code: .unsupportedFeature, file: file.path, field: key,
                message:
                    "is \(number); Berth knows 0 (none), 1 (mean), 2 (first token), 3 (last token) and 4 (rank)"
            )
        }
        self = pooling
    }

    /// The name that people give it: `mean`, `cls` or `last`.
    package init?(name: String) {
        guard let pooling = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = pooling
    }

    package var name: String {
        switch self {
        case .mean: "mean"
        case .cls: "cls"
        case .last: "last"
        }
    }
}
