/// Tokens after which a model has nothing more to say.
enum EndOfGeneration {
    /// Texts that no reader should ever see; files that give them another type are mistaken.
    private static let unmistakable = [
        "<|eot_id|>", "<|im_end|>", "<|end|>", "<|return|>", "<|call|>", "<end_of_turn>",
        "<|endoftext|>", "<|eom_id|>", "<|end_of_text|>", "<end_of_utterance>",
        "<｜end▁of▁sentence｜>",
    ]

    /// Texts that people write too: they end an answer only where the file makes them control tokens.
    private static let ambiguous = [
        "</s>", "<eos>", "<EOT>", "_<EOT>", "[EOT]", "[EOS]", "<|fim_pad|>", "<|fim_repo|>",
        "<|repo_name|>", "<|file_sep|>",
    ]

    /// Tokens that are control tokens whatever their type says.
    static func controlTokens(in texts: ByteStringTable) -> [Int] {
        unmistakable.compactMap { texts.find(Array($0.utf8)) }
    }

    /// All tokens that end an answer.
    static func tokens(
        of vocabulary: Vocabulary, _ definition: TokenizerDefinition
    ) -> Set<Int> {
        let named = (unmistakable + ambiguous)
            .compactMap { vocabulary.texts.find(Array($0.utf8)) }
            .filter { vocabulary.types[$0] == .control }
        return Set(named + [definition.eosToken, definition.eotToken].compactMap(\.self))
    }
}
