package import Checkpoints
package import Tokenizers

extension Checkpoint: TokenizerMetadata {}

extension Tokenizer {
    /// The tokenizer that a file describes in its `tokenizer.ggml.*` metadata, or a folder in its tokenizer.json.
    ///
    /// - Throws: `CheckpointError` for a missing or wrongly typed key, `TokenizerError` for what they say; both
    ///   name the file.
    package convenience init(_ file: Checkpoint) throws {
        do {
            try self.init(TokenizerDefinition(metadata: file.withVocabulary()))
        } catch var error as TokenizerError {
            error.file = file.path
            throw error
        }
    }
}
