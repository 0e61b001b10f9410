import Foundation
import Grammars
import Sampling
import StructuredJSON
import Tokenizers

/// One schema tried on instances whose verdicts are known: a file of MaskBench's format.
struct GrammarTrial {
    struct Verdict {
        var isValid: Bool
        /// Whether the grammar took every token and then the end.
        var isAdmitted: Bool
        /// Where it refused: an index of the instance's tokens, or their number for the end.
        var refusedAt: Int?
        var tokenCount: Int
    }

    var compileMicroseconds = 0.0
    var refusal: GrammarError?
    var verdicts: [Verdict] = []
    var maskMicroseconds: [Double] = []

    /// Whether every instance got the verdict that it should.
    var isPassed: Bool { refusal == nil && verdicts.allSatisfy { $0.isValid == $0.isAdmitted } }

    var isWrong: Bool { refusal == nil && !isPassed }

    /// Compiles a schema and walks the instances: before each token the mask is computed, and must hold it.
    init(
        schema: JSONValue, tests: [(data: JSONValue, isValid: Bool)], tokenizer: Tokenizer,
        trie: TokenTrie
    ) {
        do throws(GrammarError) {
            let start = Self.processorMicroseconds()
            let grammar = try Grammar(jsonSchema: schema, trie: trie)
            compileMicroseconds = Self.processorMicroseconds() - start
            for (data, isValid) in tests {
                let tokens = tokenizer.encode(
                    data.serialized(.python), addSpecial: false, parseSpecial: false)
                var matcher = grammar.matcher()
                var refusedAt: Int?
                for (index, token) in tokens.enumerated() {
                    let start = Self.processorMicroseconds()
                    let mask = try matcher.mask()
                    var isAdmitted = mask.contains(token)
                    if isAdmitted { isAdmitted = try matcher.accept(token) }
                    maskMicroseconds.append(Self.processorMicroseconds() - start)
                    guard isAdmitted else {
                        refusedAt = index
                        break
                    }
                }
                if refusedAt == nil, try !matcher.isComplete() { refusedAt = tokens.count }
                verdicts.append(
                    Verdict(
                        isValid: isValid, isAdmitted: refusedAt == nil, refusedAt: refusedAt,
                        tokenCount: tokens.count))
            }
        } catch {
            refusal = error
        }
    }

    /// The time that this thread has run, which others' work on the machine does not lengthen.
    static func processorMicroseconds() -> Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e6 + Double(time.tv_nsec) / 1e3
    }

    /// The value below which so much of all lies.
    static func quantile(_ share: Double, of values: [Double]) -> Double {
        guard !values.isEmpty else { return 0 }
        let sorted = values.sorted()
        return sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))]
    }

    static func timings(_ values: [Double]) -> JSONValue {
        func rounded(_ value: Double) -> JSONValue { .number((value * 10).rounded() / 10) }
        return [
            "p50": rounded(quantile(0.5, of: values)), "p90": rounded(quantile(0.9, of: values)),
            "p99": rounded(quantile(0.99, of: values)),
            "p999": rounded(quantile(0.999, of: values)),
            "max": rounded(values.max() ?? 0), "count": .integer(values.count),
        ]
    }

    func json(named name: String) -> JSONValue {
        var members: JSONObject = [
            "file": .string(name), "compiled": .bool(refusal == nil),
            "compile_us": .number(compileMicroseconds.rounded()),
        ]
        if let refusal { members["refusal"] = .string(refusal.description) }
        members["verdicts"] = .array(
            verdicts.map { verdict in
                var members: JSONObject = [
                    "valid": .bool(verdict.isValid), "admitted": .bool(verdict.isAdmitted),
                ]
                if let place = verdict.refusedAt {
                    members["refused_at"] = .integer(place)
                    members["tokens"] = .integer(verdict.tokenCount)
                }
                return .object(members)
            })
        members["passed"] = .bool(isPassed)
        members["mask_us"] = Self.timings(maskMicroseconds)
        return .object(members)
    }
}
