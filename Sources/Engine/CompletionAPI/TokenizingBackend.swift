/// Whatever knows how models read texts: the local engine, a remote one, a test double.
package protocol TokenizingBackend: Sendable {
    /// The token ids that a model gets for a prompt; nothing is generated.
    ///
    /// - Throws: ``CompletionError`` in words for whoever sent the request.
    func tokens(of request: TokenizationRequest) async throws -> [Int]

    /// What each of these token ids stands for; a part of a character is no UTF-8.
    ///
    /// - Throws: ``CompletionError``, also for an id outside the vocabulary.
    func pieces(of tokens: [Int], model: String) async throws -> [[UInt8]]

    /// The text of these token ids, special tokens included.
    ///
    /// - Throws: as ``pieces(of:model:)``.
    func text(of tokens: [Int], model: String) async throws -> String
}

/// A prompt whose tokens somebody wants to know.
package struct TokenizationRequest: Sendable, Equatable {
    /// Name of the model, as listed by ``CompletionBackend/models()``; of any task.
    package var model: String
    package var prompt: Prompt
    /// Whether a plain text gets the special tokens that the model wants around it.
    package var addsSpecial: Bool
    /// Whether a special token that is spelled out in a plain text becomes that token.
    package var parsesSpecial: Bool
    /// Whether the model is to think about a conversation: some templates then write another prompt.
    package var reasoning: ReasoningOptions

    package init(
        model: String, prompt: Prompt, addsSpecial: Bool = true, parsesSpecial: Bool = true,
        reasoning: ReasoningOptions = ReasoningOptions()
    ) {
        self.model = model
        self.prompt = prompt
        self.addsSpecial = addsSpecial
        self.parsesSpecial = parsesSpecial
        self.reasoning = reasoning
    }
}
