import CompletionAPI
import Hummingbird
import Logging
import Synchronization

/// What one request did, for one log line and the metrics; what it said only where that is asked for.
///
/// Closed once: when the answer is written, or when nobody holds it any more because the client left
/// before the first byte.
final class RequestRecord: Sendable {
    private struct State {
        var isClosed = false
        var usage: Usage?
        var finish: String?
        var key: String?
        var model: String?
        var prompt: String?
        var firstText: Double?
        var endings: [@Sendable () -> Void] = []
    }

    private let method: String
    private let path: String
    private let endpoint: EndpointPath
    private let logger: Logger
    private let metrics: ServerMetrics
    private let start = ContinuousClock.now
    private let state = Mutex(State())
    /// This request's part of its caller's trace.
    let trace: TraceContext

    init(_ request: Request, context: ServerContext, metrics: ServerMetrics) {
        method = request.method.rawValue
        path = request.uri.path
        endpoint = context.coreContext.endpointPath
        logger = context.logger
        trace = TraceContext(continuing: request.headers[values: .traceParent])
        self.metrics = metrics
        metrics.requestStarted()
    }

    deinit {
        close(status: 499)
    }

    func note(_ caller: Caller) {
        state.withLock { $0.key = caller.name }
    }

    func note(model: String) {
        state.withLock { $0.model = model }
    }

    /// Only for a log that is to hold prompts.
    func note(prompt: String) {
        state.withLock { $0.prompt = prompt }
    }

    /// Has that done when the request is over, however it ends.
    func whenClosed(_ ending: @escaping @Sendable () -> Void) {
        let isLate = state.withLock { state in
            if !state.isClosed { state.endings.append(ending) }
            return state.isClosed
        }
        if isLate { ending() }
    }

    func note(_ event: CompletionEvent) {
        switch event {
        case .started, .prompt: break
        case .text, .reasoning, .toolCall, .toolArguments:
            let seconds = seconds
            let isFirst = state.withLock { state in
                guard state.firstText == nil else { return false }
                state.firstText = seconds
                return true
            }
            if isFirst {
                metrics.firstText(route: route, seconds: seconds)
            }
        case .finished(let reason, let usage):
            state.withLock { state in
                state.usage = usage
                state.finish = reason.rawValue
            }
            metrics.completionEnded(reason: reason.rawValue)
        }
    }

    /// The completion ended without a finish.
    func noteFailure(_ error: any Error) {
        let reason = error is ClientLeft ? "client_left" : "error"
        state.withLock { $0.finish = reason }
        metrics.completionEnded(reason: reason)
    }

    /// The last byte is written, or nothing more can be.
    func close(status: Int) {
        let state = state.withLock { state in
            defer {
                state.isClosed = true
                state.endings = []
            }
            return state
        }
        guard !state.isClosed else { return }
        for ending in state.endings { ending() }
        metrics.requestEnded(
            route: route, method: Self.knownMethods.contains(method) ? method : "other",
            status: status, seconds: seconds)
        var metadata: Logger.Metadata = [
            "method": "\(method)", "path": "\(path)", "status": .stringConvertible(status),
            "seconds": .stringConvertible(Self.rounded(seconds)),
            "trace_id": "\(trace.traceID)", "span_id": "\(trace.spanID)",
        ]
        for (name, text) in [
            ("parent_id", trace.parentID), ("key", state.key), ("model", state.model),
            ("finish", state.finish), ("prompt", state.prompt),
        ] {
            if let text { metadata[name] = "\(text)" }
        }
        if let first = state.firstText {
            metadata["first_token_seconds"] = .stringConvertible(Self.rounded(first))
        }
        if let usage = state.usage {
            metadata["prompt_tokens"] = .stringConvertible(usage.promptTokens)
            metadata["cached_tokens"] = .stringConvertible(usage.cachedTokens)
            metadata["completion_tokens"] = .stringConvertible(usage.completionTokens)
        }
        let level: Logger.Level =
            status >= 500 ? .warning : Self.chatty.contains(route) ? .debug : .info
        logger.log(level: level, "\(method) \(path) \(status)", metadata: metadata)
    }

    private static let knownMethods: Set<String> = [
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS",
    ]
    /// Routes that monitors ask every few seconds.
    private static let chatty: Set<String> = ["/health", "/ready", "/metrics"]

    /// The route's pattern: few values, whatever clients ask for.
    private var route: String {
        switch endpoint.value {
        case nil, "NotFound": "none"
        case .some(let pattern): pattern
        }
    }

    /// To milliseconds.
    private static func rounded(_ seconds: Double) -> Double {
        (seconds * 1000).rounded() / 1000
    }

    private var seconds: Double {
        (ContinuousClock.now - start) / .seconds(1)
    }
}
