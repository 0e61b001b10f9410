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
        static let late = "berth_connections_late_total"
        static let stalled = "berth_connections_stalled_total"
        static let rateLimited = "berth_rate_limited_total"
        static let tokens = "berth_tokens_total"
        static let tokenTime = "berth_time_per_token_seconds"
    }

    private let registry = PrometheusRegistry(descriptions: [
        Name.requests: .init(help: "Requests answered, by route, method and status."),
        Name.duration: .init(help: "Seconds from a request's head to the end of its answer."),
        Name.inFlight: .init(help: "Requests being answered now."),
        Name.firstToken: .init(
            help: "Seconds from a request's head to the first text of its answer."),
        Name.completions: .init(
            help: "Completions ended, by reason: stop, length, tool_calls, client_left, error."),
        Name.late: .init(
            help: "Connections closed because a request did not arrive in time."),
        Name.stalled: .init(
            help: "Connections closed because a client took nothing of its answer."),
        Name.rateLimited: .init(
            help: "Requests refused by a limit of their key: requests, tokens or concurrency."),
        Name.tokens: .init(
            help: "Tokens by key, model and kind: prompt, cached (of the prompt), completion."),
        Name.tokenTime: .init(
            help: "Seconds from one token of an answer to the next, its mean over an answer.",
            bounds: [
                0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5,
            ]),
    ])
    private let inFlight: Meter
    private let late: Counter
    private let stalled: Counter
    private let series = BoundedLabels()

    init() {
        inFlight = Meter(label: Name.inFlight, dimensions: [], factory: registry)
        inFlight.set(0)
        late = Counter(label: Name.late, dimensions: [], factory: registry)
        stalled = Counter(label: Name.stalled, dimensions: [], factory: registry)
        // So that a rate can be taken of the first refusal.
        for limit in RateLimiter.Resource.allCases {
            _ = Counter(
                label: Name.rateLimited, dimensions: [("limit", limit.rawValue)], factory: registry)
        }
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

    func connectionWasLate() { late.increment() }

    func connectionStalled() { stalled.increment() }

    func rateLimited(by limit: String) {
        Counter(label: Name.rateLimited, dimensions: [("limit", limit)], factory: registry)
            .increment()
    }

    /// What one piece of work took; `key` is a key's name.
    func used(_ usage: Usage, key: String, model: String) {
        let (key, model) = series.labels(key: key, model: model)
        for (kind, count) in [
            ("prompt", usage.promptTokens), ("cached", usage.cachedTokens),
            ("completion", usage.completionTokens),
        ] {
            Counter(
                label: Name.tokens, dimensions: [("key", key), ("model", model), ("kind", kind)],
                factory: registry
            ).increment(by: count)
        }
        guard usage.completionTokens > 1, usage.decodeSeconds > 0 else { return }
        Recorder(
            label: Name.tokenTime, dimensions: [("model", model)], aggregate: true,
            factory: registry
        ).record(usage.decodeSeconds / Double(usage.completionTokens - 1))
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
                "berth_cached_tokens_total", "Prompt tokens that were in the cache already.",
                .counter, Double(cachedTokens)),
            MetricFamily(
                "berth_preemptions_total", "Sequences put back because memory was needed.",
                .counter, Double(preemptions)),
            MetricFamily(
                "berth_drafted_tokens_total", "Tokens guessed ahead.", .counter,
                Double(draftedTokens)),
            MetricFamily(
                "berth_accepted_tokens_total", "Tokens guessed ahead that were right.", .counter,
                Double(acceptedTokens)),
            MetricFamily(
                "berth_cache_pages_used", "Pages of KV cache in use.", .gauge,
                Double(cachePagesUsed)),
            MetricFamily(
                "berth_cache_pages", "Pages of KV cache in all.", .gauge,
                Double(cachePagesTotal)),
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
