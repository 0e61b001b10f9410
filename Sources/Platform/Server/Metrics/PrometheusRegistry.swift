package import CoreMetrics
import Synchronization

/// What swift-metrics measures, kept in memory until a scrape reads it.
///
/// Counters, gauges (meters and plain recorders) and histograms (timers and aggregating recorders).
/// A series lives as long as the registry unless it is destroyed, so the labels' values must be few:
/// routes and statuses, never paths or names that clients choose.
package final class PrometheusRegistry: MetricsFactory {
    /// What swift-metrics has no words for.
    package struct Description: Sendable {
        package var help: String
        /// Upper bounds of a histogram, ascending, in seconds for timers.
        package var bounds: [Double]

        package init(help: String, bounds: [Double] = PrometheusRegistry.defaultBounds) {
            self.help = help
            self.bounds = bounds
        }
    }

    /// From a quick page to a long answer, in seconds.
    package static let defaultBounds: [Double] = [
        0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300,
    ]

    private struct Family {
        var kind: MetricFamily.Kind
        var series: [[MetricLabel]: any MetricSeries] = [:]
    }

    private let descriptions: [String: Description]
    private let families = Mutex<[String: Family]>([:])

    package init(descriptions: [String: Description] = [:]) {
        self.descriptions = descriptions
    }

    /// The present values, ordered by name and labels.
    package func collect() -> [MetricFamily] {
        families.withLock { $0 }.sorted { $0.key < $1.key }.map { name, family in
            let series = family.series.sorted { left, right in
                left.key.map(\.value).lexicographicallyPrecedes(right.key.map(\.value))
            }
            return MetricFamily(
                name: name, help: descriptions[name]?.help ?? "", kind: family.kind,
                samples: series.flatMap { labels, value in value.samples(labels) })
        }
    }

    private func series<Series: MetricSeries>(
        _ kind: MetricFamily.Kind, _ name: String, _ dimensions: [(String, String)],
        _ make: () -> Series
    ) -> Series {
        let labels = dimensions.map { MetricLabel($0.0, $0.1) }
        return families.withLock { families in
            var family = families[name] ?? Family(kind: kind)
            // Two libraries may use one name for different things: the first one is exposed.
            guard family.kind == kind else { return make() }
            if let known = family.series[labels] as? Series { return known }
            guard family.series[labels] == nil else { return make() }
            let new = make()
            family.series[labels] = new
            families[name] = family
            return new
        }
    }

    private func remove(_ handler: AnyObject) {
        families.withLock { families in
            for (name, family) in families {
                for (labels, series) in family.series where series === handler {
                    families[name]?.series[labels] = nil
                }
            }
        }
    }

    private func histogram(_ label: String, _ dimensions: [(String, String)]) -> HistogramSeries {
        let bounds = descriptions[label]?.bounds ?? Self.defaultBounds
        return series(.histogram, label, dimensions) { HistogramSeries(bounds: bounds) }
    }

    // MARK: MetricsFactory

    package func makeCounter(
        label: String, dimensions: [(String, String)]
    ) -> any CounterHandler {
        series(.counter, label, dimensions) { NumberSeries() }
    }

    package func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        series(.counter, label, dimensions) { NumberSeries() }
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(.gauge, label, dimensions) { NumberSeries() }
    }

    package func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        aggregate
            ? histogram(label, dimensions) : series(.gauge, label, dimensions) { NumberSeries() }
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        histogram(label, dimensions)
    }

    package func destroyCounter(_ handler: any CounterHandler) { remove(handler) }

    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {
        remove(handler)
    }

    package func destroyMeter(_ handler: any MeterHandler) { remove(handler) }

    package func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }

    package func destroyTimer(_ handler: any TimerHandler) { remove(handler) }
}
