package import Checkpoints
package import Tokenizers

extension TokenizerDefinition {
    /// The tokenizer that a GGUF file describes (specification: section "Tokenizer", `tokenizer.ggml.*`).
    ///
    /// What a file leaves out is what llama.cpp takes for it: SentencePiece models begin with BOS and number
    /// their special tokens 0 to 2; byte-level ones add nothing.
    ///
    /// - Throws: `CheckpointError` for a missing or wrongly typed key, `TokenizerError` for an unknown kind.
    package init(_ file: Checkpoint) throws {
        let kind = try file.string("tokenizer.ggml.model")
        guard let model = Model(rawValue: kind) else {
            let known = Model.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: " and ")
            throw TokenizerError(
                code: .unsupportedModel, field: "tokenizer.ggml.model",
                message: "is \"\(CheckpointError.printable(kind))\"; Berth reads \(known)")
        }
        let isSentencePiece = model == .llama
        func flag(_ name: String, default fallback: Bool) throws -> Bool {
            try file.optionalBool("tokenizer.ggml.\(name)") ?? fallback
        }
        func id(_ name: String, sentencePiece: Int? = nil) throws -> Int? {
            try file.optionalInteger("tokenizer.ggml.\(name)_token_id")
                ?? (isSentencePiece ? sentencePiece : nil)
        }
        self.init(
            model: model,
            preTokenizer: try file.optionalString("tokenizer.ggml.pre") ?? "default",
            tokens: try file.strings("tokenizer.ggml.tokens"),
            types: try file.optionalIntegers("tokenizer.ggml.token_type") ?? [],
            scores: try file.optionalFloats("tokenizer.ggml.scores") ?? [],
            merges: try file.optionalStrings("tokenizer.ggml.merges") ?? [],
            bosToken: try id("bos", sentencePiece: 1), eosToken: try id("eos", sentencePiece: 2),
            eotToken: try id("eot"), unknownToken: try id("unknown", sentencePiece: 0),
            paddingToken: try id("padding"),
            addBOS: try flag("add_bos_token", default: isSentencePiece),
            addEOS: try flag("add_eos_token", default: false),
            addSpacePrefix: try flag("add_space_prefix", default: isSentencePiece))
    }
}
