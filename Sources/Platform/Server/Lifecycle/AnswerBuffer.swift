package import CompletionAPI
import Synchronization

/// Events between the task that fetches an answer and the one that writes it to a client: the first waits while the
/// second is behind, so that a slow client costs no memory.
///
/// One sender, one reader.
package final class AnswerBuffer: Sendable {
    /// Events that may wait.
    package static let capacity = 32

    private struct State {
        var events: [CompletionEvent] = []
        var end: Result<Void, any Error>?
        var reader: CheckedContinuation<CompletionEvent?, any Error>?
        var sender: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    package init() {}

    /// Hands an event over, when there is room.
    ///
    /// - Returns: whether anybody wants more.
    package func send(_ event: CompletionEvent) async -> Bool {
        await waitForRoom()
        let (reader, goesOn) = state.withLock {
            state -> (CheckedContinuation<CompletionEvent?, any Error>?, Bool) in
            guard state.end == nil else { return (nil, false) }
            guard let reader = state.reader else {
                state.events.append(event)
                return (nil, true)
            }
            state.reader = nil
            return (reader, true)
        }
        reader?.resume(returning: event)
        return goesOn
    }

    private func waitForRoom() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let hasRoom = state.withLock { state in
                    guard state.events.count >= Self.capacity, state.end == nil, !Task.isCancelled
                    else { return true }
                    state.sender = continuation
                    return false
                }
                if hasRoom { continuation.resume() }
            }
        } onCancel: {
            takeSender()?.resume()
        }
    }

    /// The next event; `nil` at the end, and where the task is cancelled.
    package func next() async throws -> CompletionEvent? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let (ready, sender) = state.withLock { state in
                    take(&state, for: continuation)
                }
                sender?.resume()
                if let ready { continuation.resume(with: ready) }
            }
        } onCancel: {
            finish(.success(()))
        }
    }

    private func take(
        _ state: inout State, for reader: CheckedContinuation<CompletionEvent?, any Error>
    ) -> (Result<CompletionEvent?, any Error>?, CheckedContinuation<Void, Never>?) {
        if Task.isCancelled { return (.success(nil), nil) }
        guard state.events.isEmpty else {
            let sender = state.sender
            state.sender = nil
            return (.success(state.events.removeFirst()), sender)
        }
        if let end = state.end {
            // An error is told once.
            state.end = .success(())
            return (end.map { CompletionEvent?.none }, nil)
        }
        state.reader = reader
        return (nil, nil)
    }

    /// Ends the answer, unless it has ended; events that wait are still read.
    package func finish(_ end: Result<Void, any Error>) {
        let (reader, sender) = state.withLock {
            state -> (
                CheckedContinuation<CompletionEvent?, any Error>?, CheckedContinuation<Void, Never>?
            ) in
            // Nobody waits at an end.
            guard state.end == nil else { return (nil, nil) }
            let waiting = (state.reader, state.sender)
            state.end = waiting.0 == nil ? end : .success(())
            state.reader = nil
            state.sender = nil
            return waiting
        }
        sender?.resume()
        reader?.resume(with: end.map { CompletionEvent?.none })
    }

    private func takeSender() -> CheckedContinuation<Void, Never>? {
        state.withLock { state in
            defer { state.sender = nil }
            return state.sender
        }
    }
}
