import Sampling
import Testing

@Suite("Sampler")
struct SamplerTests {
    @Test(
        "Temperature 0 takes the likeliest, of equals the lower id",
        arguments: [1, 17, 255, 256, 1_000])
    func greedy(count: Int) {
        var logits = bellCurve(count)
        var sampler = Sampler(SamplingParameters(temperature: 0))
        let largest = logits.indices.max { (logits[$0], $1) < (logits[$1], $0) }
        #expect(sampler.sample(logits.span) == largest)
        logits[count - 1] = 50
        logits[count / 2] = 50
        #expect(sampler.sample(logits.span) == count / 2)
    }

    @Test("Same seed, same tokens; another seed, others; a copy goes on alike")
    func seeds() {
        let logits = bellCurve(1_000)
        func tokens(_ sampler: Sampler) -> [Int] {
            var sampler = sampler
            return (0..<50).map { _ in sampler.sample(logits.span) }
        }
        let first = Sampler(SamplingParameters(seed: 7))
        #expect(tokens(first) == tokens(first))
        #expect(tokens(first) == tokens(Sampler(SamplingParameters(seed: 7))))
        #expect(tokens(first) != tokens(Sampler(SamplingParameters(seed: 8))))
    }

    @Test("What one sampler draws does not depend on what else is sampled")
    func independence() {
        let logits = bellCurve(500)
        var alone = Sampler(SamplingParameters(topP: 0.9, seed: 3))
        var among = alone
        var other = Sampler(SamplingParameters(temperature: 2, seed: 3))
        for _ in 0..<50 {
            _ = other.sample(logits.span)
            #expect(alone.sample(logits.span) == among.sample(logits.span))
        }
    }

    @Test("A seed gives these tokens on every platform")
    func pinned() {
        // Logits exact in binary; the tokens are those that double precision gives in Python, too.
        let logits = (0..<300).map { Float($0 * 37 % 64) / 16 }
        var plain = Sampler(SamplingParameters(temperature: 0.75, seed: 42))
        #expect(
            (0..<8).map { _ in plain.sample(logits.span) } == [223, 48, 83, 102, 12, 264, 67, 242])
        var filtered = Sampler(
            SamplingParameters(temperature: 0.75, topK: 30, topP: 0.875, minP: 0.25, seed: 42))
        #expect(
            (0..<8).map { _ in filtered.sample(logits.span) } == [
                223, 50, 83, 102, 19, 268, 57, 230,
            ])
    }

    @Test("A bias of 100 forces a token and one of -100 bans it", arguments: [Float(0), 0.7, 1])
    func bias(temperature: Float) {
        let logits = bellCurve(200)
        var forced = Sampler(
            SamplingParameters(
                temperature: temperature, repetitionPenalty: 1.5, logitBias: [137: 100]))
        for _ in 0..<20 {
            #expect(forced.sample(logits.span) == 137)
            forced.accept(137)
        }
        let favourites = logits.indices.sorted { logits[$0] > logits[$1] }.prefix(100)
        var banned = Sampler(
            SamplingParameters(
                temperature: temperature,
                logitBias: Dictionary(uniqueKeysWithValues: favourites.map { ($0, -100) })))
        for _ in 0..<200 {
            #expect(!favourites.contains(banned.sample(logits.span)))
        }
    }

    static let filters: [SamplingParameters] = [
        SamplingParameters(temperature: 0), SamplingParameters(), SamplingParameters(topK: 3),
        SamplingParameters(topP: 0.5), SamplingParameters(minP: 0.5), SamplingParameters(topP: 0),
        SamplingParameters(temperature: 1e-30),
        SamplingParameters(temperature: 100, topK: 2, topP: 0.9),
        SamplingParameters(repetitionPenalty: 2, presencePenalty: 1, logitBias: [3: 5, 40: 1]),
    ]

    @Test("Only one token possible: it is chosen, whatever the filters", arguments: filters)
    func onlyOne(parameters: SamplingParameters) {
        for count in [19, 300] {
            for hole in [-Float.infinity, .nan] {
                var logits = [Float](repeating: hole, count: count)
                logits[17] = -2
                var sampler = Sampler(parameters)
                sampler.notePrompt([0, 17])
                sampler.accept(17)
                #expect(sampler.sample(logits.span) == 17)
            }
        }
    }

    @Test("Numbers that are none do no harm", arguments: filters)
    func strange(parameters: SamplingParameters) {
        let strange: [Float] = [
            .nan, .infinity, -.infinity, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 0,
            -0.0,
            .leastNonzeroMagnitude,
        ]
        for seed in 0..<200 {
            var random = RandomStream(seed: UInt64(seed))
            let logits = (0..<(1 + seed)).map { _ in strange[Int(random.next() >> 61)] }
            var sampler = Sampler(parameters)
            sampler.notePrompt([0, 3, 1_000_000, -5])
            sampler.accept(0)
            sampler.accept(2_000_000)
            let token = sampler.sample(logits.span)
            #expect(logits.indices.contains(token))
            if logits.contains(.infinity), parameters.logitBias.isEmpty {
                #expect(logits[token] == .infinity)
            }
        }
        for value in strange {
            let logits = [Float](repeating: value, count: 33)
            var sampler = Sampler(parameters)
            #expect(logits.indices.contains(sampler.sample(logits.span)))
        }
    }

    @Test("The random stream is SplitMix64")
    func splitMix() {
        // The published algorithm with seed 1234567, as other implementations of it print.
        var stream = RandomStream(seed: 1_234_567)
        #expect(stream.next() == 6_457_827_717_110_365_317)
        #expect(stream.next() == 3_203_168_211_198_807_973)
        #expect(stream.next() == 9_817_491_932_198_370_423)
    }
}
