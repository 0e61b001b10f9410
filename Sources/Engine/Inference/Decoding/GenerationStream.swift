import Synchronization

/// The events of one generation, at its reader's pace: the engine pauses an answer that nobody reads.
///
/// One reader. Dropping the stream, or cancelling the task that reads it, ends the generation within one step.
package struct GenerationStream: AsyncSequence, Sendable {
    package typealias Element = GenerationEvent

    private let events: AsyncStream<GenerationEvent>
    private let pace: ReaderPace

    init(_ events: AsyncStream<GenerationEvent>, pace: ReaderPace) {
        self.events = events
        self.pace = pace
    }

    package func makeAsyncIterator() -> Iterator {
        Iterator(events: events.makeAsyncIterator(), pace: pace)
    }

    package struct Iterator: AsyncIteratorProtocol {
        fileprivate var events: AsyncStream<GenerationEvent>.Iterator
        fileprivate let pace: ReaderPace

        package mutating func next() async -> GenerationEvent? {
            let event = await events.next(isolation: #isolation)
            if case .token = event { pace.noteRead() }
            return event
        }
    }
}

/// How far a reader is behind.
final class ReaderPace: Sendable {
    /// Tokens that may be unread before the answer pauses.
    static let mostUnread = 256
    /// Unread tokens at which it goes on.
    static let fewUnread = 64

    private struct State {
        var unread = 0
        var isPaused = false
    }

    private let state = Mutex(State())
    private let resume: @Sendable () -> Void

    /// - Parameter resume: called by the reader when an answer that was paused can go on.
    init(resume: @escaping @Sendable () -> Void) {
        self.resume = resume
    }

    /// Notes tokens for the reader.
    ///
    /// - Returns: whether the answer must pause from now on.
    func noteSent(_ count: Int) -> Bool {
        state.withLock { state in
            state.unread += count
            guard state.unread > Self.mostUnread, !state.isPaused else { return false }
            state.isPaused = true
            return true
        }
    }

    func noteRead() {
        let goesOn = state.withLock { state in
            state.unread -= 1
            guard state.isPaused, state.unread <= Self.fewUnread else { return false }
            state.isPaused = false
            return true
        }
        if goesOn { resume() }
    }
}
