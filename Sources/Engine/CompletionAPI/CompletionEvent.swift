/// What a running completion reports: one `started`, perhaps one `prompt`, any number of pieces, one `finished`.
package enum CompletionEvent: Sendable, Equatable {
    /// The prompt was accepted and has this many tokens.
    case started(promptTokens: Int)
    /// How likely the prompt's tokens were; only where the request asked for it.
    ///
    /// The first token has no probability: nothing comes before it.
    case prompt([TokenReport])
    /// More of the answer, and the tokens that it was made of where the request wants their probabilities.
    ///
    /// The text is never half a Unicode scalar and never part of a stop string; it is empty only where tokens are
    /// reported that made none.
    case text(String, tokens: [TokenReport] = [])
    /// More of what the model thinks before it answers.
    case reasoning(String)
    /// The model calls a tool: `index` counts the calls of this answer from 0.
    case toolCall(index: Int, id: String, name: String)
    /// More of that call's arguments: pieces of one JSON text.
    case toolArguments(index: Int, String)
    case finished(FinishReason, Usage)
}

/// How likely the model held one token to be, before penalties, bias and temperature.
package struct TokenReport: Sendable, Equatable {
    /// One of the tokens that could have stood there.
    package struct Candidate: Sendable, Equatable {
        package var token: Int
        /// What the token stands for; a part of a character may be no UTF-8.
        package var bytes: [UInt8]
        /// Natural logarithm; `nil` for a prompt's first token; minus infinity for what could not be.
        package var logProbability: Double?

        package init(token: Int, bytes: [UInt8], logProbability: Double?) {
            self.token = token
            self.bytes = bytes
            self.logProbability = logProbability
        }
    }

    package var chosen: Candidate
    /// The likeliest tokens, likeliest first; may hold the chosen one.
    package var top: [Candidate]

    package init(chosen: Candidate, top: [Candidate] = []) {
        self.chosen = chosen
        self.top = top
    }
}

/// Why a completion ended.
package enum FinishReason: String, Sendable, Equatable {
    /// The model ended its turn, or a stop string matched.
    case stop
    /// The token limit or the context length was reached.
    case length
    /// The model ended its turn with calls of tools.
    case toolCalls = "tool_calls"
}

/// What a completion took, and what ended it early.
package struct Usage: Sendable, Equatable {
    package var promptTokens: Int
    package var completionTokens: Int
    /// Of the prompt's tokens, those whose keys and values were in the cache already.
    package var cachedTokens: Int
    /// Of the completion's tokens, those that the model thought with.
    package var reasoningTokens: Int
    /// Seconds from the start of the prompt's work to the first token.
    package var prefillSeconds: Double
    /// Seconds from the first token to the last.
    package var decodeSeconds: Double
    /// The stop string that ended the answer; `nil` where something else did.
    package var matchedStop: String?

    package init(
        promptTokens: Int, completionTokens: Int, cachedTokens: Int = 0, reasoningTokens: Int = 0,
        prefillSeconds: Double = 0, decodeSeconds: Double = 0, matchedStop: String? = nil
    ) {
        self.promptTokens = promptTokens
        self.completionTokens = completionTokens
        self.cachedTokens = cachedTokens
        self.reasoningTokens = reasoningTokens
        self.prefillSeconds = prefillSeconds
        self.decodeSeconds = decodeSeconds
        self.matchedStop = matchedStop
    }
}
