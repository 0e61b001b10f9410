package import CompletionAPI
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
package import Logging
import NIOCore
import ServiceLifecycle
package import Store
import Synchronization
import UnixSignals

/// The HTTP server: OpenAI's API, metrics and the chat page on whatever completes requests.
///
/// It knows no model, only a `ModelBackend`. One ``run(stopRequests:onBound:)`` a value.
package struct BerthServer: Sendable {
    private let configuration: ServerConfiguration
    private let backend: any ModelBackend
    private let store: (any PlatformStore)?
    private let logger: Logger

    /// - Parameters:
    ///   - configuration: where and how it listens, and to whom.
    ///   - backend: whatever completes requests.
    ///   - store: keys, and where what they use is counted; without one there are no keys.
    ///   - logger: one line a request, and what goes wrong.
    package init(
        configuration: ServerConfiguration, backend: any ModelBackend,
        store: (any PlatformStore)? = nil, logger: Logger
    ) {
        self.configuration = configuration
        self.backend = backend
        self.store = store
        self.logger = logger
    }

    /// Serves until SIGTERM or SIGINT; returns when the last answer is done.
    ///
    /// The first signal drains, the second ends at once: see ``ShutdownSequence``.
    ///
    /// - Parameter onBound: called once when connections are accepted, with the real port.
    /// - Throws: ``ServerError`` where it cannot listen.
    package func run(onBound: @escaping @Sendable (Int) async -> Void = { _ in }) async throws {
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        try await run(stopRequests: signals.map { _ in }, onBound: onBound)
    }

    /// Serves until the first element of `stopRequests`; a second one ends at once.
    ///
    /// Cancelling the task cuts every connection.
    package func run<StopRequests: AsyncSequence & Sendable>(
        stopRequests: StopRequests, onBound: @escaping @Sendable (Int) async -> Void = { _ in }
    ) async throws where StopRequests.Element == Void {
        let metrics = ServerMetrics()
        let ledger = UsageLedger(store: store, metrics: metrics)
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await serve(stopRequests, metrics, ledger, onBound))
        } catch {
            outcome = .failure(error)
        }
        // In a task of its own, because this one may be cancelled.
        await Task { await ledger.flush(logger) }.value
        try outcome.get()
    }

    private func serve<StopRequests: AsyncSequence & Sendable>(
        _ stopRequests: StopRequests, _ metrics: ServerMetrics, _ ledger: UsageLedger,
        _ onBound: @escaping @Sendable (Int) async -> Void
    ) async throws where StopRequests.Element == Void {
        guard configuration.access.isRequired != true || store != nil else {
            throw ServerError(
                code: .missingStore,
                message: """
                    every request is to need a key (access.required), and there is no store that could hold keys; name \
                    its file with --store or store.path, or set access.required to false
                    """)
        }
        // From the start, and without certificates too: untrapped, the signal ends the process.
        let hangUps = await UnixSignalsSequence(trapping: .sighup)
        let answers = ActiveAnswers()
        let sampler = StatisticsSampler(backend: backend, requests: answers.requests)
        let isListening = Atomic(false)
        let identity = try configuration.tls.map { files throws(ServerError) in
            try TLSIdentity(files)
        }
        let application = try application(answers, metrics, ledger, sampler, identity) { port in
            isListening.store(true, ordering: .releasing)
            await onBound(port)
        }
        let services = ServiceGroup(
            configuration: .init(services: [.init(service: application)], logger: quiet))
        let (events, feed) = AsyncStream<ShutdownSequence.Event>.makeStream()
        do {
            try await withThrowingTaskGroup(of: Bool.self) { group in
                group.addTask {
                    try await services.run()
                    return true
                }
                group.addTask {
                    try await sampler.run()
                    return false
                }
                group.addTask {
                    for try await _ in stopRequests { feed.yield(.stopRequested) }
                    return false
                }
                group.addTask {
                    try await shutDown(services, answers, on: events, timers: feed)
                    return false
                }
                group.addTask {
                    for await _ in hangUps { reload(identity) }
                    return false
                }
                group.addTask {
                    while true {
                        try await Task.sleep(for: .seconds(5))
                        await ledger.flush(logger)
                    }
                }
                // The group's tasks watch for signals as long as the server runs.
                while let isServerDone = try await group.next(), !isServerDone {}
                group.cancelAll()
            }
        } catch is CancellationError {
            // Without cancellation from outside: connections cut after a second signal.
            try Task.checkCancellation()
        } catch let error where !isListening.load(ordering: .acquiring) {
            throw ServerError(error, host: configuration.host, port: configuration.port)
        }
    }

    private func reload(_ identity: TLSIdentity?) {
        guard let identity else {
            return logger.notice(
                "SIGHUP: no certificate is in use, so there is nothing to read again")
        }
        do {
            try identity.reload()
            logger.notice("certificate and key are read again")
        } catch {
            logger.error("certificate and key stay as they were", metadata: ["error": "\(error)"])
        }
    }

    private func shutDown(
        _ services: ServiceGroup, _ answers: ActiveAnswers,
        on events: AsyncStream<ShutdownSequence.Event>,
        timers: AsyncStream<ShutdownSequence.Event>.Continuation
    ) async throws {
        var sequence = ShutdownSequence(grace: configuration.grace)
        var timer: Task<Void, any Error>?
        defer { timer?.cancel() }
        for await event in events {
            for action in sequence.handle(event) {
                switch action {
                case .drain:
                    logger.notice("stopping: running answers may finish, new requests are refused")
                    answers.drain()
                    await services.triggerGracefulShutdown()
                case .endAnswers:
                    logger.notice("stopping now: ending the answers under way")
                    answers.endAll()
                case .cutConnections:
                    throw CancellationError()
                case .startTimer(let duration):
                    timer?.cancel()
                    timer = Task {
                        try await Task.sleep(for: duration)
                        timers.yield(.timeElapsed)
                    }
                }
            }
        }
    }

    private func application(
        _ answers: ActiveAnswers, _ metrics: ServerMetrics, _ ledger: UsageLedger,
        _ sampler: StatisticsSampler, _ identity: TLSIdentity?,
        onBound: @escaping @Sendable (Int) async -> Void
    ) throws -> some ApplicationProtocol {
        let http = HTTPServerBuilder.http1(
            configuration: .init(
                additionalChannelHandlers: [
                    ClientDepartureHandler(), MalformedRequestHandler(),
                    RequestPaceHandler(patience: configuration.patience) {
                        metrics.connectionWasLate()
                    },
                    AnswerPaceHandler(patience: configuration.writePatience) {
                        metrics.connectionStalled()
                    },
                ],
                idleTimeout: TimeAmount(configuration.idleTimeout)))
        return Application(
            router: router(answers, metrics, ledger, sampler),
            server: try identity.map { try .tls(http, tlsConfiguration: $0.configuration) } ?? http,
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port)),
            onServerRunning: { channel in
                await onBound(channel.localAddress?.port ?? configuration.port)
            },
            logger: logger)
    }

    private func router(
        _ answers: ActiveAnswers, _ metrics: ServerMetrics, _ ledger: UsageLedger,
        _ sampler: StatisticsSampler
    ) -> Router<ServerContext> {
        let router = Router(context: ServerContext.self)
        router.add(middleware: RecordMiddleware(metrics: metrics))
        router.add(
            middleware: BrowserMiddleware(
                policy: BrowserPolicy(
                    boundHost: configuration.host, allowedOrigins: configuration.allowedOrigins)))
        router.add(middleware: ErrorMiddleware(answers: answers))
        router.add(
            middleware: AccessMiddleware(
                access: AccessControl(configuration.access, store: store, metrics: metrics),
                ledger: ledger,
                logsPrompts: configuration.logsPrompts))
        // Routes know no other way to the engine.
        let backend = GovernedBackend(backend: backend)
        let service = AnswerService(backend: backend, answers: answers)
        OpenAIRoutes(service: service, configuration: configuration).add(to: router)
        EmbeddingRoutes(service: service, configuration: configuration).add(to: router)
        AnthropicRoutes(service: service, configuration: configuration).add(to: router)
        TokenizationRoutes(backend: backend, configuration: configuration).add(to: router)
        ResponsesRoutes(
            service: service, configuration: configuration, store: MemoryResponseStore()
        ).add(to: router)
        OllamaRoutes(service: service, configuration: configuration).add(to: router)
        AdministrationRoutes(
            backend: backend, answers: answers, sampler: sampler, configuration: configuration
        ).add(to: router)
        KeyRoutes(store: store, configuration: configuration).add(to: router)
        OperationsRoutes(backend: backend, metrics: metrics).add(to: router)
        if configuration.hasConsole { ConsoleRoutes().add(to: router) }
        return router
    }

    /// The service group reports every step of a shutdown; one line of ours is enough.
    private var quiet: Logger {
        var logger = logger
        logger.logLevel = max(logger.logLevel, .warning)
        return logger
    }
}
