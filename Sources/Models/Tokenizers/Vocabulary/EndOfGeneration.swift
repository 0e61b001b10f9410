/// Tokens after which a model has nothing more to say.
enum EndOfGeneration {
    /// Texts that no reader should ever see; files that give them another type are mistaken.
    private static let unmistakable = [
        "<|eot_id|>", "<|im_end|>", "<|end|>", "<|return|>", "<|call|>", "<|calls|>", "<|flush|>",
        "<end_of_turn>", "<turn|>", "<|tool_response>", "<|endoftext|>", "<|eom_id|>",
        "<|end_of_text|>", "<end_of_utterance>", "<｜end▁of▁sentence｜>",
    ]

    /// Texts that people write too: they end an answer only where the file makes them control tokens.
    private static let ambiguous = [
        "</s>", "<eos>", "<EOT>", "_<EOT>", "[EOT]", "[EOS]", "[e~[", "<|fim_pad|>", "<fim-pad>",
        "<fim_pad>", "<PAD>", "[PAD]", "<|fim_repo|>", "<fim-repo>", "<|repo_name|>", "<REPO>",
        "<reponame>", "<|file_sep|>",
    ]

    /// Tokens that only part an answer where the file also has all of some others.
    private static let exceptions = [
        // Harmony: a message ends, another follows.
        (token: "<|end|>", besides: ["<|return|>", "<|call|>"]),
        (token: "<|end|>", besides: ["<|flush|>", "<|calls|>"]),
        (token: "</s>", besides: ["<|tool_response>"]),
    ]

    /// Tokens that are control tokens whatever their type says.
    static func controlTokens(in texts: ByteStringTable) -> [Int] {
        unmistakable.compactMap { texts.find(Array($0.utf8)) }
    }

    /// All tokens that end an answer.
    ///
    /// - Parameters:
    ///   - vocabulary: all tokens.
    ///   - stated: those that the file says end one.
    /// - Returns: their ids.
    static func tokens(of vocabulary: Vocabulary, stated: [Int?]) -> Set<Int> {
        func token(_ text: String) -> Int? { vocabulary.texts.find(Array(text.utf8)) }
        let named = (unmistakable + ambiguous)
            .compactMap(token)
            .filter { vocabulary.types[$0] == .control }
        var tokens = Set(named + stated.compactMap(\.self))
        for exception in exceptions where exception.besides.allSatisfy({ token($0) != nil }) {
            if let token = token(exception.token) {
                tokens.remove(token)
            }
        }
        return tokens
    }
}
