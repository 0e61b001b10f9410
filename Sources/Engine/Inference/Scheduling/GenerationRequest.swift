package import Architectures
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
    /// Changes the model for this request; `nil` leaves it as it is.
    package var adapter: Adapter?
    /// What the answer's tokens must obey; `nil` admits all.
    package var constraint: (any TokenConstraint)?
    /// What is reported about tokens; `nil` reports none.
    package var reports: Reports?
    /// Who asks, and how urgent it is.
    package var origin: Origin

    package init(
        prompt: [Int], sampling: SamplingParameters, maximumTokens: Int? = nil,
        endTokens: Set<Int> = [], adapter: Adapter? = nil, constraint: (any TokenConstraint)? = nil,
        reports: Reports? = nil, origin: Origin = Origin()
    ) {
        self.prompt = prompt
        self.sampling = sampling
        self.maximumTokens = maximumTokens
        self.endTokens = endTokens
        self.adapter = adapter
        self.constraint = constraint
        self.reports = reports
        self.origin = origin
    }

    /// Which probabilities are reported.
    package struct Reports: Sendable, Equatable {
        /// How many of the likeliest tokens beside each one.
        package var top: Int
        /// Whether the prompt's tokens are reported, too.
        package var includesPrompt: Bool

        package init(top: Int, includesPrompt: Bool = false) {
            self.top = top
            self.includesPrompt = includesPrompt
        }
    }

    /// Who asks, as the scheduler sees it.
    package struct Origin: Sendable, Equatable {
        /// Whose requests share one part of the machine.
        package var tenant: String
        /// How large that part is; greater than 0.
        package var weight: Double
        /// A higher class goes first.
        package var urgency: Int
        /// When the answer is of no use any more, by ``InferenceEngine/now()``.
        package var deadline: Double?

        package init(
            tenant: String = "", weight: Double = 1, urgency: Int = 0, deadline: Double? = nil
        ) {
            self.tenant = tenant
            self.weight = weight
            self.urgency = urgency
            self.deadline = deadline
        }
    }
}

/// What a generation reports: perhaps the prompt's tokens, tokens as they are chosen, then one `finished`.
package enum GenerationEvent: Sendable, Equatable {
    /// More of the prompt's tokens from the second on, in order: how likely each was after those before it.
    case prompt([LogProbabilities])
    /// A chosen token, how likely it was where that is wanted, and what the generation took so far.
    case token(Int, LogProbabilities?, GenerationSummary)
    case finished(GenerationEnd, GenerationSummary)
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
    /// The request's deadline passed.
    case deadline
    /// What its constraint asks cannot be met any more, and why.
    case failed(String)
}

/// What a generation took.
package struct GenerationSummary: Sendable, Equatable {
    /// Of the prompt's tokens, those that were in the cache.
    package var cachedTokens = 0
    /// Seconds that it waited for its prompt's work to start.
    package var queue: Double = 0
    /// Seconds from the start of the prompt's work to the first token.
    package var prefill: Double = 0
    /// Seconds from the first token to the last.
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
    /// Too many requests are waiting already: of all, or of this tenant.
    case overloaded(waiting: Int)
    /// The deadline has passed already.
    case tooLate
    case shuttingDown
}
