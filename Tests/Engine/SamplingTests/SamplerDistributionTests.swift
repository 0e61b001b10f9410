import Sampling
import Testing

/// A way of sampling, with what was said before.
struct Setting: Sendable, CustomTestStringConvertible {
    let name: String
    let parameters: SamplingParameters
    var prompt: [Int] = []
    var answer: [Int] = []

    var testDescription: String { name }

    static let all: [Setting] = [
        Setting(name: "plain", parameters: SamplingParameters(seed: 1)),
        Setting(name: "cold", parameters: SamplingParameters(temperature: 0.3, seed: 2)),
        Setting(name: "hot", parameters: SamplingParameters(temperature: 3, seed: 3)),
        Setting(name: "top-k", parameters: SamplingParameters(topK: 7, seed: 4)),
        Setting(
            name: "top-k past the vocabulary", parameters: SamplingParameters(topK: 999, seed: 5)),
        Setting(name: "top-p", parameters: SamplingParameters(topP: 0.8, seed: 6)),
        Setting(name: "small top-p", parameters: SamplingParameters(topP: 0.1, seed: 7)),
        Setting(name: "top-p of 0", parameters: SamplingParameters(topP: 0, seed: 8)),
        Setting(name: "min-p", parameters: SamplingParameters(minP: 0.2, seed: 9)),
        Setting(name: "min-p of 1", parameters: SamplingParameters(minP: 1, seed: 10)),
        Setting(
            name: "everything",
            parameters: SamplingParameters(
                temperature: 1.4, topK: 25, topP: 0.9, minP: 0.05, repetitionPenalty: 1.3,
                presencePenalty: 0.4, frequencyPenalty: 0.3, logitBias: [5: 2, 9: -3], seed: 11),
            prompt: [1, 2, 3, 3], answer: [4, 4, 4, 5]),
        Setting(
            name: "repetition penalty",
            parameters: SamplingParameters(repetitionPenalty: 2, seed: 12),
            prompt: [0, 1, 2, 3, 4, 5, 6, 7, 8], answer: [9, 10]),
        Setting(
            name: "presence penalty",
            parameters: SamplingParameters(presencePenalty: 1.5, seed: 13),
            prompt: [20, 21], answer: [0, 1, 1, 1]),
        Setting(
            name: "frequency penalty",
            parameters: SamplingParameters(frequencyPenalty: 0.5, seed: 14), answer: [0, 1, 1, 1]),
        Setting(
            name: "negative penalties",
            parameters: SamplingParameters(
                repetitionPenalty: 0.7, presencePenalty: -1, frequencyPenalty: -0.2, seed: 15),
            prompt: [30], answer: [0, 1, 1]),
    ]
}

@Suite("What a sampler draws from")
struct SamplerDistributionTests {
    @Test(
        "Draws follow the distribution that sorting in double precision gives",
        arguments: Setting.all)
    func fair(setting: Setting) {
        let logits = bellCurve(60, width: 2)
        let expected = NaiveSampling(
            parameters: setting.parameters, prompt: setting.prompt, answer: setting.answer
        ).distribution(of: logits)
        var sampler = sampler(setting)
        var draws: [Int: Int] = [:]
        for _ in 0..<20_000 { draws[sampler.sample(logits.span), default: 0] += 1 }

        #expect(Set(draws.keys).isSubset(of: expected.keys), "a token that cannot be drawn was")
        let chiSquare = ChiSquare(of: draws, against: expected)
        #expect(chiSquare.value < chiSquare.limit)
    }

    @Test("The test itself can fail: another temperature does not pass")
    func unfair() {
        let logits = bellCurve(60, width: 2)
        var sampler = Sampler(SamplingParameters(temperature: 1.1, seed: 1))
        var draws: [Int: Int] = [:]
        for _ in 0..<20_000 { draws[sampler.sample(logits.span), default: 0] += 1 }
        let expected = NaiveSampling(parameters: SamplingParameters()).distribution(of: logits)
        let chiSquare = ChiSquare(of: draws, against: expected)
        #expect(chiSquare.value > chiSquare.limit)
    }

    @Test(
        "Filters keep the right tokens of a large vocabulary",
        arguments: [
            SamplingParameters(topK: 5), SamplingParameters(temperature: 1.5, topK: 50),
            SamplingParameters(topK: 40, topP: 0.7),
            SamplingParameters(temperature: 0.5, topP: 0.6),
            SamplingParameters(temperature: 0.8, minP: 0.1),
        ], [UInt64(1), 2, 3])
    func large(parameters: SamplingParameters, seed: UInt64) {
        // Steps of an eighth: many ties, also at the filters' borders.
        var logits = bellCurve(50_003, width: 1.5, seed: seed).map { ($0 * 8).rounded() / 8 }
        for token in stride(from: 0, to: 50_003, by: 2_711) {
            logits[token] = 8 + Float(token % 5) / 4
        }
        let expected = NaiveSampling(parameters: parameters).distribution(of: logits)
        #expect(expected.count < 80)
        var parameters = parameters
        parameters.seed = seed
        var sampler = Sampler(parameters)
        var drawn: Set<Int> = []
        for _ in 0..<2_000 { drawn.insert(sampler.sample(logits.span)) }
        #expect(drawn.isSubset(of: expected.keys))
        let likely = expected.filter { $0.value > 0.01 }
        #expect(Set(likely.keys).isSubset(of: drawn))
    }

    @Test("A flat vocabulary is drawn from evenly", arguments: [Float(1), 0.5])
    func flat(topP: Float) {
        let logits = [Float](repeating: 1, count: 10_000)
        var sampler = Sampler(SamplingParameters(topP: topP, seed: 3))
        var tenths = [Int](repeating: 0, count: 10)
        for _ in 0..<5_000 { tenths[sampler.sample(logits.span) / 1_000] += 1 }
        // Ties are broken by the lower id, so half of the mass is the lower half of the vocabulary.
        let used = topP == 1 ? 10 : 5
        for tenth in tenths.indices {
            let expected = tenth < used ? 5_000 / used : 0
            #expect(abs(tenths[tenth] - expected) <= expected / 5)
        }
    }

    private func sampler(_ setting: Setting) -> Sampler {
        var sampler = Sampler(setting.parameters)
        sampler.notePrompt(setting.prompt)
        for token in setting.answer { sampler.accept(token) }
        return sampler
    }
}
