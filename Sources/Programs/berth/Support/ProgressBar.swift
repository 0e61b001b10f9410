import Foundation
import Synchronization

/// A bar on standard error for work that takes longer than it is pleasant to wait in the dark.
///
/// Appears only after half a second, and only where standard error is a terminal.
final class ProgressBar: Sendable {
    private let label: String
    private let started = Date()
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let drawn = Mutex(-1)

    init(label: String) {
        self.label = label
    }

    /// - Parameter fraction: the part done, 0 to 1.
    func update(_ fraction: Double) {
        guard isTerminal, Date().timeIntervalSince(started) > 0.5 else { return }
        let percent = Int(max(0, min(1, fraction)) * 100)
        let isNew = drawn.withLock { drawn in
            defer { drawn = percent }
            return drawn != percent
        }
        guard isNew else { return }
        let full = percent * 30 / 100
        let bar = String(repeating: "█", count: full) + String(repeating: "░", count: 30 - full)
        StandardError.write("\r\(label) \(bar) \(percent)%")
    }

    /// Wipes the bar.
    func finish() {
        if drawn.withLock({ $0 }) >= 0 {
            StandardError.write("\r\u{1B}[K")
        }
    }
}

/// Where everything goes that is not the answer itself.
enum StandardError {
    /// Writes what can be written: there is nowhere left to complain to.
    static func write(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }
}

/// Answers, piece by piece, not line by line.
enum StandardOutput {
    /// - Throws: ``CommandError`` when nobody can take it: a full disk, a closed pipe.
    static func write(_ text: String) throws {
        do {
            try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
        } catch {
            throw CommandError("cannot write to standard output: \(error.localizedDescription)")
        }
    }

    static func line(_ text: String) throws {
        try write(text + "\n")
    }
}
