/// Whether a client takes what it is sent, without clocks or sockets: something must leave in any stretch of so long while
/// anything waits.
///
/// A client that has stopped reading, or that has vanished without a word, keeps its answer running otherwise.
package struct AnswerPace: Sendable, Equatable {
    private struct Progress: Equatable {
        var sent: Int
        var time: ContinuousClock.Instant
    }

    private let patience: Duration
    /// The last; `nil` while nothing waits.
    private var progress: Progress?

    package init(patience: Duration) {
        self.patience = patience
    }

    /// How long until it should be looked at again; `nil` while nothing waits.
    package var interval: Duration? {
        // So that little more than the patience passes before a standstill is seen.
        progress == nil ? nil : patience / 4
    }

    /// Looks at how things stand.
    ///
    /// - Parameters:
    ///   - sent: bytes that have left so far.
    ///   - waiting: bytes that have not.
    ///   - now: the time.
    /// - Returns: whether nothing has left for too long.
    package mutating func isStalled(
        sent: Int, waiting: Int, now: ContinuousClock.Instant
    ) -> Bool {
        guard waiting > 0 else {
            progress = nil
            return false
        }
        guard let last = progress, last.sent == sent else {
            progress = Progress(sent: sent, time: now)
            return false
        }
        return now - last.time >= patience
    }
}
