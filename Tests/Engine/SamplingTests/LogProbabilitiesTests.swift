import Foundation
import Sampling
import Testing

@Suite("Log probabilities")
struct LogProbabilitiesTests {
    @Test(
        "They are the log softmax in double precision", arguments: [1, 5, 300, 20_000], [1.0, 8])
    func logSoftmax(count: Int, width: Double) {
        let logits = bellCurve(count, width: width)
        let total = logits.reduce(0.0) { $0 + exp(Double($1)) }
        func expected(_ token: Int) -> Double { Double(logits[token]) - log(total) }

        let result = LogProbabilities(of: count / 2, in: logits.span, top: 5)
        #expect(result.chosen.token == count / 2)
        #expect(abs(Double(result.chosen.logProbability) - expected(count / 2)) < 1e-5)
        let ranked = logits.indices.sorted { (logits[$0], $1) > (logits[$1], $0) }
        #expect(result.top.map(\.token) == Array(ranked.prefix(5)))
        for entry in result.top {
            #expect(abs(Double(entry.logProbability) - expected(entry.token)) < 1e-5)
        }
    }

    @Test("None asked for, none given; more than there are, all")
    func counts() {
        let logits: [Float] = [1, 3, 2]
        #expect(LogProbabilities(of: 0, in: logits.span, top: 0).top.isEmpty)
        #expect(LogProbabilities(of: 0, in: logits.span, top: 20).top.map(\.token) == [1, 2, 0])
    }

    @Test("What cannot be is minus infinity, and equal tokens come by id")
    func edges() {
        let logits: [Float] = [-.infinity, 2, .nan, 2]
        let result = LogProbabilities(of: 0, in: logits.span, top: 2)
        #expect(result.chosen.logProbability == -.infinity)
        #expect(result.top.map(\.token) == [1, 3])
        #expect(result.top.allSatisfy { abs(Double($0.logProbability) - log(0.5)) < 1e-6 })

        let certain = LogProbabilities(of: 1, in: ([0, .infinity, 5] as [Float]).span, top: 1)
        #expect(certain.chosen.logProbability == 0)
        let nothing = LogProbabilities(of: 1, in: ([.nan, .nan] as [Float]).span, top: 2)
        #expect(nothing.chosen.logProbability == -.infinity)
    }
}
