package import CompletionAPI
package import StructuredJSON

/// What the server did in the last minutes, a sample at a time; older ones are forgotten.
package struct StatisticsSeries: Sendable {
    /// What happened between two samples, and how things stood at the second one.
    package struct Sample: Sendable, Equatable {
        /// Seconds since 1970.
        package var time: Double
        package var promptTokensPerSecond = 0.0
        package var completionTokensPerSecond = 0.0
        package var running = 0
        package var waiting = 0
        package var cacheBytesUsed = 0
        package var cacheBytesTotal = 0
        /// Mean seconds to the first text of the answers that began; `nil` where none did.
        package var firstText: Double?
    }

    /// Seconds between samples.
    package static let interval = 2
    /// Ten minutes.
    package static let capacity = 300

    package private(set) var samples: [Sample] = []
    private var last: (time: Double, statistics: BackendStatistics)?

    package init() {}

    package mutating func add(
        _ statistics: BackendStatistics, firstTexts: [Double], at time: Double
    ) {
        defer { last = (time, statistics) }
        // Rates need two points.
        guard let last, time > last.time else { return }
        let seconds = time - last.time
        func rate(_ count: KeyPath<BackendStatistics, Int>) -> Double {
            Double(max(0, statistics[keyPath: count] - last.statistics[keyPath: count])) / seconds
        }
        if samples.count == Self.capacity { samples.removeFirst() }
        samples.append(
            Sample(
                time: time, promptTokensPerSecond: rate(\.promptTokens),
                completionTokensPerSecond: rate(\.completionTokens), running: statistics.running,
                waiting: statistics.waiting, cacheBytesUsed: statistics.cacheBytesUsed,
                cacheBytesTotal: statistics.cacheBytesTotal,
                firstText: firstTexts.isEmpty
                    ? nil : firstTexts.reduce(0, +) / Double(firstTexts.count)))
    }

    /// A column for every number, which is half of what a list of objects takes.
    package var json: JSONValue {
        func column(_ value: (Sample) -> JSONValue) -> JSONValue {
            .array(samples.map(value))
        }
        func rounded(_ number: Double) -> JSONValue {
            .number((number * 1000).rounded() / 1000)
        }
        return [
            "interval_seconds": .integer(Self.interval),
            "time": column { rounded($0.time) },
            "prompt_tokens_per_second": column { rounded($0.promptTokensPerSecond) },
            "completion_tokens_per_second": column { rounded($0.completionTokensPerSecond) },
            "running": column { .integer($0.running) },
            "waiting": column { .integer($0.waiting) },
            "cache_bytes_used": column { .integer($0.cacheBytesUsed) },
            "cache_bytes_total": column { .integer($0.cacheBytesTotal) },
            "first_text_seconds": column { $0.firstText.map(rounded) ?? .null },
        ]
    }
}
