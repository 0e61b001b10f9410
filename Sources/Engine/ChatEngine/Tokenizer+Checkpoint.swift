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
            guard let folder = try file.tokenizerFiles() else {
                try self.init(TokenizerDefinition(metadata: file))
                return
            }
            // Not by way of GGUF's names, which cannot say what every tokenizer.json says.
            try self.init(
                huggingFace: folder.tokenizer, configuration: folder.configuration,
                endTokens: folder.endTokens)
        } catch var error as TokenizerError {
            error.file = file.path
            throw error
        }
    }
}
