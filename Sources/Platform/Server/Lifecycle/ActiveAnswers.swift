import CompletionAPI
import Synchronization

/// The completions being answered now, so that all of them can be ended.
final class ActiveAnswers: Sendable {
    private struct State {
        var isDraining = false
        /// The grace is over: nothing may start any more.
        var hasEnded = false
        var answers: [ObjectIdentifier: AnswerHandle] = [:]
    }

    private let state = Mutex(State())

    /// Whether new requests are to be refused.
    var isDraining: Bool { state.withLock(\.isDraining) }

    /// Refuses new requests from now on; answers under way go on.
    func drain() {
        state.withLock { $0.isDraining = true }
    }

    /// Ends every answer under way with ``CompletionError/shuttingDown``.
    func endAll() {
        let answers = state.withLock { state in
            state.isDraining = true
            state.hasEnded = true
            return Array(state.answers.values)
        }
        for answer in answers {
            answer.end(CompletionError.shuttingDown)
        }
    }

    /// The same events, ended early when the client leaves or the server must stop.
    ///
    /// Whichever way the returned stream ends (also by dropping it or cancelling its reader), the
    /// given one is cancelled at once.
    func follow(_ stream: CompletionStream, until departure: ClientDeparture?) -> CompletionStream {
        let (followed, continuation) = CompletionStream.makeStream()
        let answer = AnswerHandle(continuation)
        let isLate = state.withLock { state in
            state.answers[ObjectIdentifier(answer)] = answer
            return state.hasEnded
        }
        departure?.end(answer)
        if isLate {
            answer.end(CompletionError.shuttingDown)
        }
        let pump = Task {
            defer {
                departure?.forget(answer)
                self.forget(answer)
            }
            do {
                for try await event in stream {
                    if case .terminated = continuation.yield(event) { return }
                }
                continuation.finish()
            } catch {
                continuation.finish(throwing: error)
            }
        }
        answer.attach(pump)
        return followed
    }

    private func forget(_ answer: AnswerHandle) {
        state.withLock { state in
            _ = state.answers.removeValue(forKey: ObjectIdentifier(answer))
        }
    }
}

/// One answer under way, which anybody may end.
final class AnswerHandle: Sendable {
    private struct State {
        var pump: Task<Void, Never>?
        var hasEnded = false
    }

    private let continuation: CompletionStream.Continuation
    private let state = Mutex(State())

    init(_ continuation: CompletionStream.Continuation) {
        self.continuation = continuation
        continuation.onTermination = { [weak self] _ in self?.cancelPump() }
    }

    /// Names the task that feeds the stream; it is cancelled when the stream ends.
    func attach(_ pump: Task<Void, Never>) {
        let hasEnded = state.withLock { state in
            state.pump = pump
            return state.hasEnded
        }
        if hasEnded {
            pump.cancel()
        }
    }

    /// Ends the stream with that error, unless it has ended.
    func end(_ error: any Error) {
        continuation.finish(throwing: error)
    }

    private func cancelPump() {
        let pump = state.withLock { state in
            state.hasEnded = true
            return state.pump
        }
        pump?.cancel()
    }
}
