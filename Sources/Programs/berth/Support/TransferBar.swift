import Foundation
import ModelHub
import Synchronization

/// A line on standard error that says how far a download is, how fast it is and how long it will take.
///
/// Drawn four times a second at most, and only where standard error is a terminal.
final class TransferBar: Sendable {
    private struct State {
        var rate = TransferRate()
        var isDrawn = false
        var lastDrawn = -1.0
    }

    private let started = ContinuousClock.now
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let state = Mutex(State())

    /// Tells the bytes that are there; `total` is 0 where nobody knows it.
    func update(done: Int, total: Int) {
        let elapsed = (ContinuousClock.now - started) / .seconds(1)
        state.withLock { state in
            guard isTerminal, elapsed - state.lastDrawn >= 0.25 || done == total else { return }
            state.rate.record(done, at: elapsed)
            state.lastDrawn = elapsed
            state.isDrawn = true
            StandardError.write("\r\u{1B}[K" + Self.line(done, total, state.rate))
        }
    }

    private static func line(_ done: Int, _ total: Int, _ rate: TransferRate) -> String {
        var line = "  "
        if total > 0 {
            let full = min(24, done * 24 / total)
            line += String(repeating: "█", count: full) + String(repeating: "░", count: 24 - full)
            line += " \(min(100, done * 100 / total))%  "
            line += "\(ByteCount.text(done)) of \(ByteCount.text(total))"
        } else {
            line += ByteCount.text(done)
        }
        if let speed = rate.bytesPerSecond { line += "  \(ByteCount.text(Int(speed)))/s" }
        if let left = rate.secondsLeft(of: total), left > 0 {
            line += "  \(TransferRate.text(seconds: left)) left"
        }
        return line
    }

    /// Writes a line of its own, above the bar.
    func say(_ text: String) {
        finish()
        StandardError.write(text + "\n")
    }

    /// Wipes the bar.
    func finish() {
        state.withLock { state in
            if state.isDrawn { StandardError.write("\r\u{1B}[K") }
            state.isDrawn = false
        }
    }
}
