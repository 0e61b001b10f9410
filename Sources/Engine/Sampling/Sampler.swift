import Foundation

/// Chooses the tokens of one answer: a pure state machine over logits.
///
/// Its state is the random stream and the tokens seen; the choice depends on nothing else, so neither the
/// batch nor the number of threads can change an answer.
package struct Sampler: Sendable {
    private let parameters: SamplingParameters
    private var random: RandomStream
    /// How often the answer holds a token.
    private var counts: [Int: Int] = [:]
    /// Tokens of prompt and answer; kept only where the repetition penalty needs them.
    private var seen: Set<Int> = []
    /// Logits after bias, penalties and temperature, relative to the largest; reused from token to token.
    private var scaled: [Float] = []

    package init(_ parameters: SamplingParameters) {
        self.parameters = parameters
        random = RandomStream(seed: parameters.seed)
    }

    /// Tells the repetition penalty what the prompt holds.
    package mutating func notePrompt(_ tokens: [Int]) {
        guard parameters.repetitionPenalty != 1 else { return }
        seen.formUnion(tokens)
    }

    /// Tells the penalties that `token` became part of the answer.
    package mutating func accept(_ token: Int) {
        if parameters.presencePenalty != 0 || parameters.frequencyPenalty != 0 {
            counts[token, default: 0] += 1
        }
        if parameters.repetitionPenalty != 1 {
            seen.insert(token)
        }
    }

    /// The next token's id.
    ///
    /// NaN counts as minus infinity; of equal logits the lower id wins. Cost: one pass over the vocabulary, and an
    /// exponential for every token that is not negligible where nothing but `topP` or nothing at all filters.
    package mutating func sample(_ logits: Span<Float>) -> Int {
        precondition(!logits.isEmpty, "a vocabulary has at least one token")
        scaled.removeAll(keepingCapacity: true)
        scaled.reserveCapacity(logits.count)
        for index in logits.indices {
            let logit = logits[index]
            scaled.append(logit.isNaN ? -.infinity : min(logit, .greatestFiniteMagnitude))
        }
        applyBiasAndPenalties()

        let best = likeliest()
        guard parameters.temperature > 0, scaled[best].isFinite, parameters.topK != 1 else {
            return best
        }
        let largest = scaled[best]
        let inverse = 1 / parameters.temperature
        for index in scaled.indices {
            scaled[index] = (scaled[index] - largest) * inverse
        }
        let isFiltered = parameters.topK > 0 || parameters.topP < 1 || parameters.minP > 0
        return isFiltered ? drawFiltered() : drawFromAll()
    }

    private mutating func applyBiasAndPenalties() {
        for token in seen where token < scaled.count {
            let logit = scaled[token]
            let penalty = parameters.repetitionPenalty
            scaled[token] = logit > 0 ? logit / penalty : logit * penalty
        }
        for (token, count) in counts where token < scaled.count {
            scaled[token] -=
                parameters.presencePenalty + parameters.frequencyPenalty * Float(count)
        }
        for (token, bias) in parameters.logitBias where token < scaled.count {
            scaled[token] += bias
        }
    }

    private func likeliest() -> Int {
        var best = 0
        var largest = scaled[0]
        for index in scaled.indices where scaled[index] > largest {
            largest = scaled[index]
            best = index
        }
        return best
    }

    /// Draws from the whole distribution.
    private mutating func drawFromAll() -> Int {
        var sum = 0.0
        for gap in scaled {
            sum += weight(gap)
        }
        let target = random.nextUnit() * sum
        var passed = 0.0
        var last = 0
        for index in scaled.indices where scaled[index] > Self.negligible {
            passed += weight(scaled[index])
            last = index
            if passed > target { break }
        }
        return last
    }

    /// Draws from what top-k, top-p and min-p leave.
    private mutating func drawFiltered() -> Int {
        var candidates: [Candidate]
        if parameters.topK > 0, parameters.topK < scaled.count {
            candidates = top(parameters.topK)
        } else if parameters.topP < 1 {
            candidates = covering(Double(parameters.topP))
        } else {
            let floor = log(parameters.minP)
            candidates = collect { $0 >= floor }
        }
        if parameters.topP < 1 {
            let total =
                parameters.topK > 0
                ? candidates.reduce(0) { $0 + $1.weight }
                : scaled.reduce(0) { $0 + weight($1) }
            var sum = 0.0
            var kept = 0
            while kept < candidates.count, kept == 0 || sum < Double(parameters.topP) * total {
                sum += candidates[kept].weight
                kept += 1
            }
            candidates.removeSubrange(kept...)
        }
        if parameters.minP > 0 {
            // The likeliest token's weight is 1, so weights are already relative to it.
            candidates.removeAll { $0.weight < Double(parameters.minP) }
        }

        let sum = candidates.reduce(0) { $0 + $1.weight }
        let target = random.nextUnit() * sum
        var passed = 0.0
        for candidate in candidates {
            passed += candidate.weight
            if passed > target { return candidate.token }
        }
        return candidates.last?.token ?? likeliest()
    }
}

extension Sampler {
    private struct Candidate {
        let token: Int
        /// Probability relative to the likeliest token's.
        let weight: Double

        static func isBefore(_ left: Candidate, _ right: Candidate) -> Bool {
            (left.weight, right.token) > (right.weight, left.token)
        }
    }

    /// Below this, a token's weight is lost in the rounding of the sum.
    private static let negligible: Float = -45

    private func weight(_ gap: Float) -> Double {
        gap > Self.negligible ? exp(Double(gap)) : 0
    }

    /// Tokens that `isKept` accepts by their gap to the largest logit, likeliest first.
    private func collect(_ isKept: (Float) -> Bool) -> [Candidate] {
        var candidates: [Candidate] = []
        for index in scaled.indices where isKept(scaled[index]) {
            candidates.append(Candidate(token: index, weight: weight(scaled[index])))
        }
        candidates.sort(by: Candidate.isBefore)
        return candidates
    }

    /// The `count` likeliest tokens, likeliest first: a pass that keeps the best in a heap.
    private func top(_ count: Int) -> [Candidate] {
        var heap = LeastFirstHeap(capacity: count)
        for index in scaled.indices {
            heap.offer(scaled[index], index)
        }
        return heap.entries
            .map { Candidate(token: $0.index, weight: weight($0.value)) }
            .sorted(by: Candidate.isBefore)
    }

    /// Enough of the likeliest tokens to reach a share of the whole, without sorting the rest.
    private func covering(_ share: Double) -> [Candidate] {
        let bins = 64
        let width = -Self.negligible / Float(bins)
        func bin(_ gap: Float) -> Int { min(bins - 1, Int(-gap / width)) }

        var masses = [Double](repeating: 0, count: bins)
        var total = 0.0
        for gap in scaled where gap > Self.negligible {
            let weight = weight(gap)
            masses[bin(gap)] += weight
            total += weight
        }
        var sum = 0.0
        var last = 0
        while last < bins - 1 {
            sum += masses[last]
            // A little beyond the share: bins add up in another order than sorted tokens do.
            if sum > share * total * (1 + 1e-9) { break }
            last += 1
        }
        return collect { $0 > Self.negligible && bin($0) <= last }
    }
}

/// Keeps the largest values of a stream; of equal ones, those with the lower index.
private struct LeastFirstHeap {
    struct Entry {
        let value: Float
        let index: Int

        func isLess(than other: Entry) -> Bool {
            value < other.value || (value == other.value && index > other.index)
        }
    }

    private let capacity: Int
    private(set) var entries: [Entry] = []

    init(capacity: Int) {
        self.capacity = capacity
        entries.reserveCapacity(capacity)
    }

    mutating func offer(_ value: Float, _ index: Int) {
        if entries.count < capacity {
            entries.append(Entry(value: value, index: index))
            siftUp()
        } else if value > entries[0].value {
            // Indices come in rising order, so an equal value never replaces an earlier one.
            entries[0] = Entry(value: value, index: index)
            siftDown()
        }
    }

    private mutating func siftUp() {
        var child = entries.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard entries[child].isLess(than: entries[parent]) else { return }
            entries.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func siftDown() {
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < entries.count && entries[child].isLess(than: entries[least]) {
                least = child
            }
            guard least != parent else { return }
            entries.swapAt(parent, least)
            parent = least
        }
    }
}
