/// How fast bytes come, over the last seconds, and how long the rest will take.
///
/// Knows no clock: it is told the time, in seconds from any beginning.
package struct TransferRate: Sendable {
    private let window: Double
    private var samples: [(time: Double, bytes: Int)] = []

    /// - Parameter window: the seconds that count; shorter jumps more, longer notices changes later.
    package init(window: Double = 10) {
        self.window = window
    }

    /// Notes how many bytes are there; a number that falls begins the measurement anew.
    package mutating func record(_ bytes: Int, at time: Double) {
        if let last = samples.last, bytes < last.bytes { samples = [] }
        samples.append((time, bytes))
        // One sample from before the window stays, so that the window is full.
        while samples.count > 2, samples[1].time <= time - window { samples.removeFirst() }
    }

    /// Bytes a second; `nil` before there is anything to measure.
    package var bytesPerSecond: Double? {
        guard let first = samples.first, let last = samples.last, last.time > first.time else {
            return nil
        }
        return Double(last.bytes - first.bytes) / (last.time - first.time)
    }

    /// Seconds until all bytes are there; `nil` where nothing comes or nobody knows how many.
    package func secondsLeft(of total: Int) -> Int? {
        guard let rate = bytesPerSecond, rate > 0, let last = samples.last, total >= last.bytes
        else { return nil }
        return Int((Double(total - last.bytes) / rate).rounded(.up))
    }

    /// `0:07`, `12:30`, `3:05:00`.
    package static func text(seconds: Int) -> String {
        let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60)
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return hours > 0 ? "\(hours):\(two(minutes)):\(two(rest))" : "\(minutes):\(two(rest))"
    }
}
