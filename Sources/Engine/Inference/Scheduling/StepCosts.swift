/// What steps took, and so how many rows of prompt fit beside running answers: a pure estimator.
///
/// Time is not proportional to rows: up to some number of them memory sets the pace, and depth of context costs as
/// well. So nothing is modelled: the time of steps without prompts is kept by their number of rows, in
/// powers of two, and what a row of prompt added to them is averaged, the newest counting most.
package struct StepCosts: Sendable {
    /// How much a new measurement counts.
    private static let gain = 0.2
    /// Seconds of a step without prompts, by the bit width of its rows.
    private var decoding: [Double?] = Array(repeating: nil, count: 16)
    /// Seconds that a row of prompt adds to a step with others.
    private var promptRow: Double?
    /// Seconds of a row in a step of prompts only.
    private var lonePromptRow: Double?

    package init() {}

    /// Takes a measurement.
    package mutating func note(decodingRows: Int, promptRows: Int, seconds: Double) {
        guard seconds > 0, seconds.isFinite else { return }
        switch (decodingRows, promptRows) {
        case (0, 0): break
        case (_, 0):
            let index = Self.bucket(decodingRows)
            Self.blend(&decoding[index], seconds)
        case (0, _):
            Self.blend(&lonePromptRow, seconds / Double(promptRows))
        default:
            noteMixed(Self.bucket(decodingRows), Double(promptRows), seconds)
        }
    }

    private mutating func noteMixed(_ bucket: Int, _ rows: Double, _ seconds: Double) {
        switch (decoding[bucket], promptRow ?? lonePromptRow) {
        case (let base?, let row?):
            // Nobody can say which of both was wrong, so both follow.
            let scale = 1 + Self.gain * (seconds / (base + rows * row) - 1)
            decoding[bucket] = base * scale
            promptRow = row * scale
        case (let base?, nil):
            // Never nothing: a step that was fast by chance must not admit a whole prompt at once.
            promptRow = max(seconds - base, seconds / 20) / rows
        case (nil, let row?):
            decoding[bucket] = max(seconds - rows * row, seconds / 4)
        case (nil, nil):
            decoding[bucket] = seconds / 2
            promptRow = seconds / 2 / rows
        }
    }

    /// Seconds of a step of so many running answers; `nil` where nothing like it was measured.
    package func decodingSeconds(rows: Int) -> Double? {
        let bucket = Self.bucket(rows)
        for distance in decoding.indices {
            for index in [bucket - distance, bucket + distance]
            where decoding.indices.contains(index) {
                if let seconds = decoding[index] { return seconds }
            }
        }
        return nil
    }

    /// Rows of prompt that make a step of `decodingRows` answers take no more than `factor` times as long.
    package func promptRows(besides decodingRows: Int, factor: Double) -> Int? {
        guard let base = decodingSeconds(rows: decodingRows), let row = promptRow ?? lonePromptRow
        else { return nil }
        return Int(min(base * (factor - 1) / row, 1e6))
    }

    /// Rows of prompt that a step of prompts only computes in so many seconds.
    package func promptRows(in seconds: Double) -> Int? {
        lonePromptRow.map { Int(min(seconds / $0, 1e6)) }
    }

    private static func bucket(_ rows: Int) -> Int {
        min(Int.bitWidth - max(rows - 1, 0).leadingZeroBitCount, 15)
    }

    private static func blend(_ average: inout Double?, _ value: Double) {
        average = average.map { $0 + gain * (value - $0) } ?? value
    }
}
