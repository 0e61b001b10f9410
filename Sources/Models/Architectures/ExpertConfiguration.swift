import Checkpoints

/// Shape of the feed-forward layers of a mixture of experts.
package struct ExpertConfiguration: Sendable, Equatable {
    /// Experts of a layer (`ARCH.expert_count`).
    package var count: Int
    /// Experts that a token goes to (`ARCH.expert_used_count`).
    package var used: Int
    /// Inner length of one expert (`ARCH.expert_feed_forward_length`).
    package var feedForward: Int
    /// Whether the weights of a token's experts are scaled to the sum of 1 (`ARCH.expert_weights_norm`).
    package var normalizesWeights: Bool

    /// Reads and checks every field.
    ///
    /// - `feedForward`: `ARCH.feed_forward_length`, which a token's experts share where none says how long they are.
    init(file: Checkpoint, prefix: String, feedForward: Int) throws {
        func number(_ key: String, _ value: Int, most: Int, _ of: String) throws -> Int {
            guard value >= 1, value <= most else {
                throw ModelError(
                    code: .invalidConfiguration, file: file.path, field: "\(prefix).\(key)",
                    message: "is \(value); \(of) 1 to \(most)")
            }
            return value
        }
        count = try number(
            "expert_count", file.integer("\(prefix).expert_count"), most: 1 << 12,
            "a mixture of experts has")
        used = try number(
            "expert_used_count", file.integer("\(prefix).expert_used_count"), most: count,
            "of \(count) experts a token can go to")
        let length = try file.optionalInteger("\(prefix).expert_feed_forward_length")
        self.feedForward = try number(
            "expert_feed_forward_length", length ?? max(1, feedForward / used), most: 1 << 22,
            "an expert needs")
        // llama.cpp normalizes whatever the file says, and knows the key for other architectures only.
        normalizesWeights = try file.optionalBool("\(prefix).expert_weights_norm") ?? true
    }
}
