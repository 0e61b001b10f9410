package import Sampling

/// A prompt of token ids and how to continue it; text lives in the rooms above.
package struct GenerationRequest: Sendable {
    /// Token ids of the prompt; not empty.
    package var prompt: [Int]
    package var sampling: SamplingParameters
    /// Most tokens to generate; `nil` means up to the context length.
    package var maximumTokens: Int?
    /// Tokens that end the answer; they are not reported.
    package var endTokens: Set<Int>

    package init(
        prompt: [Int], sampling: SamplingParameters, maximumTokens: Int? = nil,
        endTokens: Set<Int> = []
    ) {
        self.prompt = prompt
        self.sampling = sampling
        self.maximumTokens = maximumTokens
        self.endTokens = endTokens
    }
}

/// What a generation reports: tokens as they are chosen, then one `finished`.
package enum GenerationEvent: Sendable, Equatable {
    /// A chosen token, and the times so far.
    case token(Int, GenerationTimes)
    case finished(GenerationEnd, GenerationTimes)
}

/// Why a generation ended.
package enum GenerationEnd: Sendable, Equatable {
    /// The model chose one of the end tokens.
    case endToken
    /// The token limit, the context length or the cache's size was reached.
    case limit
    /// The engine was shut down before the answer was complete.
    case shutDown
    /// No token's logit was a finite number: weights are damaged.
    case brokenModel
}

/// How long the parts of a generation took, in seconds.
package struct GenerationTimes: Sendable, Equatable {
    /// From the start of the prompt's work to the first token.
    package var prefill: Double = 0
    /// From the first token to the last.
    package var decode: Double = 0

    package init() {}
}

/// Why a generation was refused before it began.
package enum GenerationError: Error, Sendable, Equatable {
    case emptyPrompt
    /// A token id outside the vocabulary, in the prompt.
    case invalidToken(Int, vocabulary: Int)
    /// A token id outside the vocabulary that was to be made likelier or less likely.
    case invalidBias(Int, vocabulary: Int)
    /// The prompt leaves no room for an answer.
    case promptTooLong(tokens: Int, limit: Int)
    /// Too many requests are waiting already.
    case overloaded(waiting: Int)
    case shuttingDown
}
