import CompletionAPI
import Synchronization

/// What a completion has taken so far, also of one that ends early.
final class TokenTally: Sendable {
    private struct State {
        var usage = Usage(promptTokens: 0, completionTokens: 0)
        var isClosed = false
    }

    private let state = Mutex(State())

    func note(_ event: CompletionEvent) {
        state.withLock { state in
            switch event {
            case .started(let tokens): state.usage.promptTokens = tokens
            case .text, .reasoning, .toolArguments:
                // A piece is a token or a few; the end tells exactly.
                state.usage.completionTokens += 1
            case .prompt, .toolCall: break
            case .finished(_, let usage): state.usage = usage
            }
        }
    }

    func set(_ usage: Usage) {
        state.withLock { $0.usage = usage }
    }

    /// The final count, to the first who asks.
    func close() -> Usage? {
        state.withLock { state in
            defer { state.isClosed = true }
            return state.isClosed ? nil : state.usage
        }
    }
}
