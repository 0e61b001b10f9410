/// The order in which a server stops, without clocks, signals or sockets.
///
/// The first request to stop drains: no new connections, new requests refused, running answers go
/// on. When the grace is over, or at the second request, the answers end with an error that says so,
/// and what still hangs after the linger time (a client that does not read) is cut off.
package struct ShutdownSequence: Sendable, Equatable {
    package enum Event: Sendable {
        case stopRequested
        /// The time of the last ``Action/startTimer(_:)`` has passed.
        case timeElapsed
    }

    package enum Action: Sendable, Equatable {
        case drain
        case endAnswers
        case cutConnections
        case startTimer(Duration)
    }

    private enum State {
        case running
        case draining
        case ending
        case cut
    }

    private let grace: Duration
    private let linger: Duration
    private var state = State.running

    package init(grace: Duration, linger: Duration = .seconds(2)) {
        self.grace = grace
        self.linger = linger
    }

    /// What to do now; a timer replaces the one before.
    package mutating func handle(_ event: Event) -> [Action] {
        switch (state, event) {
        case (.running, .stopRequested):
            state = .draining
            return [.drain, .startTimer(grace)]
        case (.draining, _):
            state = .ending
            return [.endAnswers, .startTimer(linger)]
        case (.ending, _):
            state = .cut
            return [.cutConnections]
        case (.running, .timeElapsed), (.cut, _):
            return []
        }
    }
}
