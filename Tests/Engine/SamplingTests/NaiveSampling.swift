import Foundation
import Sampling

/// What a sampler must draw from, in double precision and by sorting: slow and plain.
struct NaiveSampling {
    var parameters: SamplingParameters
    var prompt: [Int] = []
    var answer: [Int] = []

    /// Probabilities by token; what cannot be drawn is left out.
    func distribution(of logits: [Float]) -> [Int: Double] {
        let adjusted = adjusted(logits)
        var ranked = adjusted.indices.filter { adjusted[$0] > -.infinity }
        ranked.sort { (adjusted[$0], $1) > (adjusted[$1], $0) }
        guard let best = ranked.first else { return [0: 1] }
        if parameters.temperature == 0 { return [best: 1] }

        func weight(_ token: Int) -> Double {
            exp((adjusted[token] - adjusted[best]) / Double(parameters.temperature))
        }
        if parameters.topK > 0 { ranked = Array(ranked.prefix(parameters.topK)) }
        if parameters.topP < 1 {
            let total = ranked.reduce(0) { $0 + weight($1) }
            var kept: [Int] = []
            var sum = 0.0
            for token in ranked {
                kept.append(token)
                sum += weight(token)
                if sum >= Double(parameters.topP) * total { break }
            }
            ranked = kept
        }
        ranked = ranked.filter { weight($0) >= Double(parameters.minP) }
        let total = ranked.reduce(0) { $0 + weight($1) }
        return Dictionary(uniqueKeysWithValues: ranked.map { ($0, weight($0) / total) })
    }

    private func adjusted(_ logits: [Float]) -> [Double] {
        var adjusted = logits.map { $0.isNaN ? -Double.infinity : Double($0) }
        for token in Set(prompt + answer) {
            let penalty = Double(parameters.repetitionPenalty)
            adjusted[token] =
                adjusted[token] > 0 ? adjusted[token] / penalty : adjusted[token] * penalty
        }
        for token in Set(answer) {
            let count = answer.count { $0 == token }
            adjusted[token] -= Double(parameters.presencePenalty)
            adjusted[token] -= Double(parameters.frequencyPenalty) * Double(count)
        }
        for (token, bias) in parameters.logitBias { adjusted[token] += Double(bias) }
        return adjusted
    }
}

/// Numbers of a bell curve, the same for the same seed.
func bellCurve(_ count: Int, width: Double = 1, seed: UInt64 = 1) -> [Float] {
    var random = RandomStream(seed: seed)
    return (0..<count).map { _ in
        let radius = (-2 * log(1 - random.nextUnit())).squareRoot()
        return Float(width * radius * cos(2 * .pi * random.nextUnit()))
    }
}

/// Pearson's chi-square of draws against a distribution, and the value that one in 10,000 fair runs exceeds.
struct ChiSquare {
    let value: Double
    let limit: Double

    init(of draws: [Int: Int], against expected: [Int: Double]) {
        let total = Double(draws.values.reduce(0, +))
        var value = 0.0
        var classes = 0
        // Rare tokens share a class.
        var rareExpected = 0.0
        var rareDrawn = 0.0
        for (token, probability) in expected {
            let drawn = Double(draws[token] ?? 0)
            guard probability * total >= 10 else {
                rareExpected += probability * total
                rareDrawn += drawn
                continue
            }
            value +=
                (drawn - probability * total) * (drawn - probability * total)
                / (probability * total)
            classes += 1
        }
        if rareExpected >= 10 {
            value += (rareDrawn - rareExpected) * (rareDrawn - rareExpected) / rareExpected
            classes += 1
        }
        self.value = value
        // Wilson and Hilferty 1931; 3.719 standard deviations leave 1 in 10,000.
        let freedom = Double(max(1, classes - 1))
        let cubeRoot = 1 - 2 / (9 * freedom) + 3.719 * (2 / (9 * freedom)).squareRoot()
        limit = freedom * cubeRoot * cubeRoot * cubeRoot
    }
}
