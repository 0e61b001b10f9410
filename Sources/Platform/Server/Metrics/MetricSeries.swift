import CoreMetrics
import Synchronization

/// One series of a metric.
protocol MetricSeries: AnyObject, Sendable {
    func samples(_ labels: [MetricLabel]) -> [MetricFamily.Sample]
}

/// A counter or a gauge.
final class NumberSeries: MetricSeries, CounterHandler, FloatingPointCounterHandler, MeterHandler,
    RecorderHandler
{
    private let value = Mutex(0.0)

    func increment(by amount: Int64) { increment(by: Double(amount)) }

    func increment(by amount: Double) { value.withLock { $0 += amount } }

    func decrement(by amount: Double) { value.withLock { $0 -= amount } }

    func set(_ new: Int64) { set(Double(new)) }

    func set(_ new: Double) { value.withLock { $0 = new } }

    func record(_ new: Int64) { set(Double(new)) }

    func record(_ new: Double) { set(new) }

    func reset() { set(0.0) }

    func samples(_ labels: [MetricLabel]) -> [MetricFamily.Sample] {
        [MetricFamily.Sample(labels: labels, value: value.withLock { $0 })]
    }
}

/// A histogram: how many values were at most each bound, their sum and their number.
final class HistogramSeries: MetricSeries, TimerHandler, RecorderHandler {
    private struct State {
        /// Not cumulative; the last one counts what exceeds every bound.
        var counts: [Int]
        var sum = 0.0
    }

    private let bounds: [Double]
    private let state: Mutex<State>

    init(bounds: [Double]) {
        self.bounds = bounds
        state = Mutex(State(counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock { state in
            state.counts[bucket] += 1
            state.sum += value
        }
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

    func samples(_ labels: [MetricLabel]) -> [MetricFamily.Sample] {
        let state = state.withLock { $0 }
        var samples: [MetricFamily.Sample] = []
        var total = 0
        for (bound, count) in zip(bounds + [.infinity], state.counts) {
            total += count
            let bucket = MetricLabel("le", PrometheusName.number(bound))
            samples.append(
                .init(suffix: "_bucket", labels: labels + [bucket], value: Double(total)))
        }
        samples.append(.init(suffix: "_sum", labels: labels, value: state.sum))
        samples.append(.init(suffix: "_count", labels: labels, value: Double(total)))
        return samples
    }
}
