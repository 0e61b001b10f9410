import Foundation

/// How long drafts should be: a pure state machine that watches what became of them.
///
/// A step with longer drafts takes longer and yields more tokens, if they are right. The length is the one that
/// promises most tokens a second, by the rate at which this text's drafts were right lately and by what steps of so
/// many rows took; none where even one token would not pay. A text without luck is tried again now and then.
package struct DraftLength: Sendable {
    /// Longest draft.
    package let longest: Int
    private let gain = 0.1
    /// Steps without a draft before the next try.
    private let patience = 32
    /// How likely the next token of a draft is to be right.
    private var rate = 0.7
    private var idle = 0

    package init(longest: Int) {
        self.longest = longest
    }

    /// How many tokens to draft for the next step, of `rows` rows without drafts, in which so many `texts` get drafts
    /// as long as this one's; `seconds` says what a step of so many rows
    /// takes, or `nil` where that is unknown, and `drafting` what each token's guesses take before it.
    package mutating func next(
        rows: Int, texts: Int, drafting: Double = 0, seconds: (Int) -> Double?
    ) -> Int {
        let best = best(rows: rows, texts: texts, drafting: drafting, seconds: seconds)
        guard best == 0 else {
            idle = 0
            return best
        }
        idle += 1
        guard idle >= patience else { return 0 }
        idle = 0
        return min(2, longest)
    }

    private func best(rows: Int, texts: Int, drafting: Double, seconds: (Int) -> Double?) -> Int {
        guard let base = seconds(rows) else { return min(2, longest) }
        var best = (length: 0, speed: 1 / base)
        var tokens = 1.0
        for length in stride(from: 1, through: longest, by: 1) {
            tokens += pow(rate, Double(length))
            let step = seconds(rows + texts * length) ?? base
            let speed = tokens / (step + Double(length) * drafting)
            if speed > best.speed * 1.02 { best = (length, speed) }
        }
        return best.length
    }

    /// Notes what became of a draft.
    package mutating func note(drafted: Int, accepted: Int) {
        guard drafted > 0 else { return }
        // The first wrong token says nothing about those after it.
        let trials = min(accepted + 1, drafted)
        for trial in 0..<trials {
            rate += gain * ((trial < accepted ? 1 : 0) - rate)
        }
        rate = min(max(rate, 0.01), 0.995)
    }
}
