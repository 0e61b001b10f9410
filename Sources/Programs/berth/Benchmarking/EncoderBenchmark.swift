import Architectures
import Foundation
import Inference

/// Times an encoder's steps on token ids, without a tokenizer.
struct EncoderBenchmark {
    /// Milliseconds of one batch.
    struct Times {
        let median: Double
        let fastest: Double
        let slowest: Double

        init(_ times: [Double]) {
            let sorted = times.sorted().map { ($0 * 1e6).rounded() / 1e3 }
            median = sorted[sorted.count / 2]
            fastest = sorted[0]
            slowest = sorted[sorted.count - 1]
        }
    }

    let encoder: any TextEncoder
    /// How long each figure is measured, in seconds.
    let duration: Double

    /// Encodes `texts` texts of `length` tokens again and again, in as many steps as they need.
    func measure(texts: Int, length: Int) -> Times {
        let batch = (0..<texts).map { text in
            EncoderText(
                tokens: (0..<length).map { (text * 7919 + $0 * 104_729) % encoder.vocabulary })
        }
        let atOnce = max(1, min(encoder.texts, encoder.rows / length))
        var times: [Double] = []
        let start = now()
        while now() - start < duration || times.count < 4 {
            let before = now()
            for first in stride(from: 0, to: texts, by: atOnce) {
                _ = encoder.run(Array(batch[first..<min(first + atOnce, texts)]))
            }
            times.append(now() - before)
        }
        // The first run warms caches and threads up and does not count.
        return Times(Array(times.dropFirst()))
    }

    private func now() -> Double {
        Double(DispatchTime.now().uptimeNanoseconds) * 1e-9
    }
}
