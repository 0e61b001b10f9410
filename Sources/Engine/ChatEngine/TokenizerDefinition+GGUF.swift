package import Checkpoints
package import Tokenizers

extension Checkpoint: TokenizerMetadata {}

extension TokenizerDefinition {
    /// The tokenizer that a file describes in its `tokenizer.ggml.*` metadata.
    ///
    /// - Throws: `CheckpointError` for a missing or wrongly typed key, `TokenizerError` for an unknown kind.
    package init(_ file: Checkpoint) throws {
        try self.init(metadata: file)
    }
}
