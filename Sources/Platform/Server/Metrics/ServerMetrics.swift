import CompletionAPI
import CoreMetrics
import Metrics

/// What this server measures, and everything that `/metrics` shows.
struct ServerMetrics: Sendable {
    private enum Name {
        static let requests = "berth_http_requests_total"
        static let duration = "berth_http_request_duration_seconds"
        static let inFlight = "berth_http_requests_in_flight"
        static let firstToken = "berth_time_to_first_token_seconds"
        static let completions = "berth_completions_total"
    }

    private let registry = PrometheusRegistry(descriptions: [
        Name.requests: .init(help: "Requests answered, by route, method and status."),
        Name.duration: .init(help: "Seconds from a request's head to the end of its answer."),
        Name.inFlight: .init(help: "Requests being answered now."),
        Name.firstToken: .init(
            help: "Seconds from a request's head to the first text of its answer."),
        Name.completions: .init(
            help: "Completions ended, by reason: stop, length, client_left, error."),
    ])
    private let inFlight: Meter

    init() {
        inFlight = Meter(label: Name.inFlight, dimensions: [], factory: registry)
        inFlight.set(0)
    }

    func requestStarted() { inFlight.increment() }

    func requestEnded(route: String, method: String, status: Int, seconds: Double) {
        inFlight.decrement()
        Counter(
            label: Name.requests,
            dimensions: [("route", route), ("method", method), ("status", "\(status)")],
            factory: registry
        ).increment()
        Recorder(
            label: Name.duration, dimensions: [("route", route)], aggregate: true, factory: registry
        ).record(seconds)
    }

    func firstText(route: String, seconds: Double) {
        Recorder(
            label: Name.firstToken, dimensions: [("route", route)], aggregate: true,
            factory: registry
        ).record(seconds)
    }

    func completionEnded(reason: String) {
        Counter(label: Name.completions, dimensions: [("reason", reason)], factory: registry)
            .increment()
    }

    /// The text of a scrape.
    func expositionText(_ statistics: BackendStatistics) -> String {
        (registry.collect() + statistics.metrics + ProcessStatistics.metrics()).expositionText()
    }
}

extension BackendStatistics {
    /// The engine counts these itself; they are read when somebody asks.
    fileprivate var metrics: [MetricFamily] {
        [
            MetricFamily(
                "berth_prompt_tokens_total", "Prompt tokens processed.", .counter,
                Double(promptTokens)),
            MetricFamily(
                "berth_completion_tokens_total", "Tokens generated.", .counter,
                Double(completionTokens)),
            MetricFamily(
                "berth_sequences_running", "Sequences being worked on now.", .gauge,
                Double(running)),
            MetricFamily(
                "berth_sequences_waiting", "Sequences waiting for room now.", .gauge,
                Double(waiting)),
            MetricFamily(
                "berth_cache_used_bytes", "Bytes of KV cache in use.", .gauge,
                Double(cacheBytesUsed)),
            MetricFamily(
                "berth_cache_size_bytes", "Bytes of KV cache in all.", .gauge,
                Double(cacheBytesTotal)),
        ]
    }
}
