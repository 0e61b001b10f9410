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
    /// What those who run the server see of them.
    let requests = LiveRequests()

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
    ///
    /// - `request`: who is told of its progress, and may end it.
    func follow(
        _ stream: CompletionStream, until departure: ClientDeparture?,
        as request: LiveRequest? = nil
    ) -> CompletionStream {
        let answer = AnswerHandle()
        request?.attach(answer)
        let isLate = state.withLock { state in
            state.answers[ObjectIdentifier(answer)] = answer
            return state.hasEnded
        }
        departure?.end(answer)
        if isLate {
            answer.end(CompletionError.shuttingDown)
        }
        let buffer = answer.buffer
        answer.attach(
            Task {
                defer {
                    departure?.forget(answer)
                    self.forget(answer)
                }
                do {
                    for try await event in stream {
                        request?.note(event)
                        guard await buffer.send(event) else { return }
                    }
                    buffer.finish(.success(()))
                } catch {
                    buffer.finish(.failure(error))
                }
            })
        let reader = AnswerReader(answer)
        return CompletionStream { try await reader.next() }
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

    let buffer = AnswerBuffer()
    private let state = Mutex(State())

    /// Names the task that feeds the buffer; it is cancelled when the answer ends.
    func attach(_ pump: Task<Void, Never>) {
        let hasEnded = state.withLock { state in
            state.pump = pump
            return state.hasEnded
        }
        if hasEnded {
            pump.cancel()
        }
    }

    /// Ends the answer with that error, unless it has ended.
    func end(_ error: any Error) {
        buffer.finish(.failure(error))
        stop()
    }

    /// Nobody reads any more.
    func abandon() {
        buffer.finish(.success(()))
        stop()
    }

    private func stop() {
        let pump = state.withLock { state in
            state.hasEnded = true
            return state.pump
        }
        pump?.cancel()
    }
}

/// What reads an answer; dropping it ends the answer.
private final class AnswerReader: Sendable {
    private let answer: AnswerHandle

    init(_ answer: AnswerHandle) {
        self.answer = answer
    }

    deinit {
        answer.abandon()
    }

    func next() async throws -> CompletionEvent? {
        let event = try await withTaskCancellationHandler {
            try await answer.buffer.next()
        } onCancel: {
            answer.abandon()
        }
        if event == nil { answer.abandon() }
        return event
    }
}
