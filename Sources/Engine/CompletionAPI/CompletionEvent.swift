/// What a running completion reports, in this order: one `started`, any number of `text`, one `finished`.
package enum CompletionEvent: Sendable, Equatable {
    /// The prompt was accepted and has this many tokens.
    case started(promptTokens: Int)
    /// More of the answer: never empty, never half a Unicode scalar, never part of a stop string.
    case text(String)
    case finished(FinishReason, Usage)
}

/// Why a completion ended.
package enum FinishReason: String, Sendable, Equatable {
    /// The model ended its turn, or a stop string matched.
    case stop
    /// The token limit or the context length was reached.
    case length
}

/// What a completion took.
package struct Usage: Sendable, Equatable {
    package var promptTokens: Int
    package var completionTokens: Int
    /// Seconds from the start of the prompt's work to the first token.
    package var prefillSeconds: Double
    /// Seconds from the first token to the last.
    package var decodeSeconds: Double

    package init(
        promptTokens: Int, completionTokens: Int, prefillSeconds: Double = 0,
        decodeSeconds: Double = 0
    ) {
        self.promptTokens = promptTokens
        self.completionTokens = completionTokens
        self.prefillSeconds = prefillSeconds
        self.decodeSeconds = decodeSeconds
    }
}
