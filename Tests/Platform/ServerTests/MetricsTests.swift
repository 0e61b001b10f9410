import CoreMetrics
import Metrics
import Server
import Testing

@Suite("Metrics for Prometheus")
struct MetricsTests {
    private let registry = PrometheusRegistry(descriptions: [
        "seconds": .init(help: "How long.", bounds: [0.1, 1])
    ])

    @Test("text is escaped, names are made valid, numbers are spelled as Prometheus does")
    func exposition() {
        let family = MetricFamily(
            name: "a-b.c", help: "One\nline \\ \"quoted\"", kind: .gauge,
            samples: [
                .init(labels: [MetricLabel("na:me", "a\"b\\c\nd")], value: 3),
                .init(labels: [MetricLabel("1st", "é")], value: 0.25),
                .init(value: .infinity), .init(value: -.infinity), .init(value: .nan),
            ])
        #expect(
            [family].expositionText() == """
                # HELP a_b_c One\\nline \\\\ "quoted"
                # TYPE a_b_c gauge
                a_b_c{na_me="a\\"b\\\\c\\nd"} 3
                a_b_c{_1st="é"} 0.25
                a_b_c +Inf
                a_b_c -Inf
                a_b_c NaN

                """)
    }

    @Test("a counter of the same name and labels goes on counting")
    func counters() {
        for status in ["200", "200", "404"] {
            Counter(label: "hits", dimensions: [("status", status)], factory: registry).increment()
        }
        FloatingPointCounter(label: "joules", factory: registry).increment(by: 1.5)
        #expect(
            registry.collect().expositionText() == """
                # TYPE hits counter
                hits{status="200"} 2
                hits{status="404"} 1
                # TYPE joules counter
                joules 1.5

                """)
    }

    @Test("gauges go up and down")
    func gauges() {
        let meter = Meter(label: "open", factory: registry)
        meter.increment(by: 3)
        meter.decrement()
        Gauge(label: "level", factory: registry).record(0.5)
        #expect(registry.collect().map(\.samples) == [[.init(value: 0.5)], [.init(value: 2)]])
        #expect(registry.collect().allSatisfy { $0.kind == .gauge })
    }

    @Test("a histogram counts up to each bound, the bound included")
    func histograms() {
        let timer = Timer(label: "seconds", factory: registry)
        timer.recordMilliseconds(100)
        timer.recordMilliseconds(500)
        timer.recordSeconds(2)
        #expect(
            registry.collect().expositionText() == """
                # HELP seconds How long.
                # TYPE seconds histogram
                seconds_bucket{le="0.1"} 1
                seconds_bucket{le="1"} 2
                seconds_bucket{le="+Inf"} 3
                seconds_sum 2.6
                seconds_count 3

                """)
    }

    @Test("a destroyed series is gone")
    func destroyed() {
        let counter = Counter(label: "hits", factory: registry)
        counter.increment()
        counter.destroy()
        #expect(registry.collect().flatMap(\.samples).isEmpty)
    }

    @Test("a name that is taken for another kind does not spoil the scrape")
    func conflictingKinds() {
        Counter(label: "x", factory: registry).increment()
        Meter(label: "x", factory: registry).set(5)
        #expect(registry.collect().map(\.kind) == [.counter])
    }
}
