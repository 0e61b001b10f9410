/// How long a request may take to arrive, without clocks or sockets: so long, and a little more for every byte of it.
///
/// A client that sends a byte a second holds a connection for minutes otherwise, and thousands of them all connections.
package struct RequestPace: Sendable, Equatable {
    private enum State: Equatable {
        /// Nothing of a request has arrived.
        case idle
        case arriving(deadline: ContinuousClock.Instant)
        /// Its answer has ended before it has: a body that is too long, say.
        case lingering(deadline: ContinuousClock.Instant)
        /// All of so many has arrived, and they are answered one after the other; behind them another may have begun.
        case answering(Int, hasMore: Bool)
    }

    private let patience: Duration
    private let bytesPerSecond: Int
    private var state = State.idle

    package init(patience: Duration, bytesPerSecond: Int = 1024) {
        self.patience = patience
        self.bytesPerSecond = bytesPerSecond
    }

    /// When the connection is to be closed, unless more happens.
    package var deadline: ContinuousClock.Instant? {
        switch state {
        case .arriving(let deadline), .lingering(let deadline): deadline
        case .idle, .answering: nil
        }
    }

    package mutating func received(_ bytes: Int, now: ContinuousClock.Instant) {
        switch state {
        case .idle: state = .arriving(deadline: now + patience)
        case .arriving(let deadline):
            // Never further away than at the beginning: what came fast is no credit for later.
            let longer = deadline + .seconds(Double(bytes) / Double(bytesPerSecond))
            state = .arriving(deadline: min(longer, now + patience))
        case .answering(let count, _): state = .answering(count, hasMore: true)
        // What nobody reads buys no time.
        case .lingering: break
        }
    }

    /// The request is complete.
    package mutating func complete() {
        switch state {
        case .lingering: state = .idle
        case .idle, .arriving: state = .answering(1, hasMore: false)
        case .answering(let count, _): state = .answering(count + 1, hasMore: false)
        }
    }

    /// The answer has ended.
    package mutating func answered(now: ContinuousClock.Instant) {
        switch state {
        case .arriving:
            // Closing at once could take the answer from a client that is still sending.
            state = .lingering(deadline: now + min(patience, Self.linger))
        case .answering(let count, let hasMore) where count > 1:
            state = .answering(count - 1, hasMore: hasMore)
        // Nobody read it before, so its time begins now.
        case .answering(_, hasMore: true): state = .arriving(deadline: now + patience)
        case .answering, .idle, .lingering: state = .idle
        }
    }

    private static let linger = Duration.seconds(5)
}
