package import KVCaching

/// One sequence in the scheduler's books.
///
/// A list of tokens of which the first `computed` are in the cache.
package struct ScheduledSequence: Sendable, Equatable {
    package let id: Int
    /// Prompt and answer so far.
    package var tokens: [Int]
    package let promptCount: Int
    /// Length of `tokens` at which the generation ends.
    package let maximumCount: Int
    package let endTokens: Set<Int>
    /// Which sequences may share pages with this one: those of the same adapter.
    package let scope: Int
    /// Whether every row of the prompt gets logits; such a prompt is computed anew, whatever is in the cache.
    package let reportsPrompt: Bool
    /// Whose share of the machine it takes.
    package let tenant: String
    package let weight: Double
    /// A higher class goes first.
    package let urgency: Int
    /// When the answer is of no use any more, in seconds of the caller's clock.
    package let deadline: Double?
    /// When it should be served: its deadline, or, of a patient one, some time after it came; so nobody is overtaken for
    /// ever by those who set deadlines.
    package let due: Double

    /// How many of `tokens` are in the cache.
    package internal(set) var computed = 0
    package internal(set) var pages = SequencePages()
    /// Tokens that may come next, to be verified in the next step.
    package internal(set) var draft: [Int] = []
    /// Whether its reader is slow: it keeps its place and waits.
    package internal(set) var isPaused = false
    /// Whether a token was chosen since it last held no pages.
    package internal(set) var isAnswering = false
    /// Of the prompt's tokens, those found in the cache when it was first admitted; `nil` before that.
    package internal(set) var cachedCount: Int?
    /// Order of arrival.
    package internal(set) var arrival = 0

    package init(
        id: Int, prompt: [Int], maximumCount: Int, endTokens: Set<Int> = [], scope: Int = 0,
        reportsPrompt: Bool = false, tenant: String = "", weight: Double = 1, urgency: Int = 0,
        deadline: Double? = nil, due: Double = .infinity
    ) {
        self.id = id
        tokens = prompt
        promptCount = prompt.count
        self.maximumCount = maximumCount
        self.endTokens = endTokens
        self.scope = scope
        self.reportsPrompt = reportsPrompt
        self.tenant = tenant
        self.weight = weight
        self.urgency = urgency
        self.deadline = deadline
        self.due = min(due, deadline ?? .infinity)
    }

    /// Tokens that are not in the cache yet; never 0.
    package var pending: Int {
        tokens.count - computed
    }

    package var generatedCount: Int {
        tokens.count - promptCount
    }
}
