/// The tokens that may come next, with their weights: filters take some away, then one is drawn.
///
/// Holds its memory from token to token.
struct Candidates: Sendable {
    /// Token ids in rising order, one a weight; unused while every token is a candidate.
    private var tokens: [Int] = []
    private var isEveryToken = true
    /// Probability relative to the likeliest token's, which has exactly 1.
    private var weights: [Float] = []
    private var sums: [Double] = []
    private var keys: [UInt32] = []
    private var scores: [Float] = []

    /// Makes every token a candidate.
    mutating func takeAll(_ logits: Span<Float>, peak: Peak, temperature: Float) {
        isEveryToken = true
        VectorPasses.weights(
            of: logits, largest: peak.logit, scale: 1 / temperature, into: &weights)
    }

    /// Makes the `count` likeliest tokens candidates.
    mutating func takeTop(
        _ count: Int, of logits: Span<Float>, peak: Peak, temperature: Float
    ) {
        keepTop(count, of: logits, peak: peak)
        let scores = scores
        VectorPasses.weights(
            of: scores.span, largest: peak.logit, scale: 1 / temperature, into: &weights)
    }

    /// The `count` likeliest tokens and their logits, in rising order of ids.
    mutating func top(_ count: Int, of logits: Span<Float>, peak: Peak) -> [(Int, Float)] {
        keepTop(count, of: logits, peak: peak)
        return Array(zip(tokens, scores))
    }

    private mutating func keepTop(_ count: Int, of logits: Span<Float>, peak: Peak) {
        isEveryToken = false
        // As many blocks as tokens are wanted have a maximum of at least `floor`, so the wanted tokens do, too.
        let floor =
            count < peak.maxima.count ? peak.maxima.sorted(by: >)[count - 1] : -.infinity
        VectorPasses.indices(of: logits, atLeast: floor, into: &tokens)
        keys.removeAll(keepingCapacity: true)
        for token in tokens { keys.append(HeaviestFirst.key(logits[token])) }
        if tokens.count > count {
            var selection = HeaviestFirst.highest(count, of: keys)
            var kept = 0
            for index in tokens.indices where selection.takes(keys[index]) {
                tokens[kept] = tokens[index]
                kept += 1
            }
            tokens.removeSubrange(kept...)
        }
        scores.removeAll(keepingCapacity: true)
        for token in tokens { scores.append(logits[token]) }
    }

    /// Keeps the fewest of the likeliest candidates that have together at least this share of the probability.
    mutating func keepShare(_ share: Float) {
        VectorPasses.blockSums(of: weights, into: &sums)
        let total = sums.reduce(0, +)
        if isEveryToken {
            // All weights below this together are less than what the share leaves out.
            let floor = Float((1 - Double(share)) * total / Double(weights.count)) / 2
            let all = weights
            VectorPasses.indices(of: all.span, atLeast: floor, into: &tokens)
            weights = tokens.map { all[$0] }
            isEveryToken = false
        }
        keys.removeAll(keepingCapacity: true)
        for weight in weights { keys.append(weight.bitPattern) }
        var selection = HeaviestFirst.covering(Double(share) * total, of: keys)
        for index in weights.indices where !selection.takes(keys[index]) {
            weights[index] = 0
        }
    }

    /// Keeps candidates at least this likely relative to the likeliest.
    mutating func keepRelative(_ floor: Float) {
        VectorPasses.zero(&weights, below: floor)
    }

    /// The candidate at a point in 0..<1 of the distribution.
    mutating func token(at point: Double) -> Int {
        VectorPasses.blockSums(of: weights, into: &sums)
        let target = point * sums.reduce(0, +)
        var passed = 0.0
        var block = 0
        for index in sums.indices where sums[index] > 0 {
            block = index
            if passed + sums[index] > target { break }
            passed += sums[index]
        }
        // Rounding can leave the target just past the block's last candidate.
        var chosen = 0
        let start = block * VectorPasses.blockLength
        for index in start..<min(start + VectorPasses.blockLength, weights.count)
        where weights[index] > 0 {
            chosen = index
            passed += Double(weights[index])
            if passed > target { break }
        }
        return isEveryToken ? chosen : tokens[chosen]
    }
}

/// The likeliest token, and the maxima on the way to it.
struct Peak: Sendable {
    /// Of blocks of ``VectorPasses/blockLength`` logits.
    private(set) var maxima: [Float] = []
    /// Minus infinity when there is none but NaN and minus infinity.
    private(set) var logit: Float = -.infinity
    /// The lowest id that has the largest logit; 0 when there is no number.
    private(set) var token = 0

    init() {}

    init(of logits: Span<Float>) {
        find(in: logits)
    }

    /// One pass, in memory of the last.
    mutating func find(in logits: Span<Float>) {
        VectorPasses.blockMaxima(of: logits, into: &maxima)
        var block = 0
        for index in maxima.indices where maxima[index] > maxima[block] {
            block = index
        }
        logit = maxima[block]
        let start = block * VectorPasses.blockLength
        token =
            (start..<min(start + VectorPasses.blockLength, logits.count))
            .first { logits[$0] == logit } ?? 0
    }
}
