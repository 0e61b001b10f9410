import CompletionAPI
import Foundation
import Inference
import Synchronization

/// Keeps the models that requests ask for: carries out what ``ModelResidency`` decides.
///
/// Models are loaded and given up on threads of their own, never on the cooperative pool.
final class ModelRegistry: Sendable {
    /// An engine that stays in memory until this ends, which it does with its last reference at the latest.
    final class Lease: Sendable {
        let engine: LoadedEngine
        private let name: String
        private let registry: ModelRegistry
        private let hasEnded = Atomic(false)

        fileprivate init(_ engine: LoadedEngine, _ name: String, _ registry: ModelRegistry) {
            self.engine = engine
            self.name = name
            self.registry = registry
        }

        deinit {
            end()
        }

        /// Says that the answer is complete; the engine may go.
        func end() {
            guard !hasEnded.exchange(true, ordering: .relaxed) else { return }
            let name = name
            registry.perform { $0.residency.release(name, now: .now) }
        }
    }

    fileprivate typealias Waiter = CheckedContinuation<Lease, any Error>

    fileprivate struct State {
        var residency: ModelResidency
        var sources: [String: ModelSource] = [:]
        var engines: [String: LoadedEngine] = [:]
        var waiters: [Int: Waiter] = [:]
        var lastWaiter = 0
        var isShutDown = false
        /// Wakes the registry when a model has been idle for long enough.
        var alarm: (time: ModelResidency.Time, task: Task<Void, any Error>)?
        /// What models did that are not loaded any more.
        var past = BackendStatistics()
    }

    private let state: Mutex<State>

    init(budget: Int?) {
        state = Mutex(State(residency: ModelResidency(budget: budget)))
    }

    /// Makes a model known, with its engine where it is loaded already; one of a known name changes nothing.
    func add(_ source: ModelSource, loaded engine: LoadedEngine? = nil) {
        perform { state in
            guard state.sources[source.name] == nil else { return [] }
            state.sources[source.name] = source
            let model = ModelResidency.Model(
                bytes: engine?.memory.total ?? source.memory.total, isPinned: source.isPinned,
                idleLimit: source.idleLimit)
            if let engine {
                state.engines[source.name] = engine
                state.residency.addReady(source.name, model, now: .now)
            } else {
                state.residency.add(source.name, model)
            }
            return []
        }
    }

    /// The engine of a model, once it is loaded.
    ///
    /// Cancelling the task leaves the queue.
    ///
    /// - Throws: ``CompletionError``, or `CancellationError`.
    func acquire(_ name: String) async throws -> Lease {
        let id = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { waiter in
                perform { state in
                    guard !Task.isCancelled, !state.isShutDown else {
                        let error: any Error =
                            state.isShutDown ? CompletionError.shuttingDown : CancellationError()
                        waiter.resume(throwing: error)
                        return []
                    }
                    state.waiters[id] = waiter
                    return state.residency.request(name, waiter: id, now: .now)
                }
            }
        } onCancel: {
            let waiter = state.withLock { $0.waiters.removeValue(forKey: id) }
            perform { $0.residency.cancel(id) }
            waiter?.resume(throwing: CancellationError())
        }
    }

    // MARK: What those who run the server ask for

    func unload(_ name: String) {
        perform { $0.residency.unload(name) }
    }

    func pin(_ name: String, _ isPinned: Bool) {
        perform { state in
            state.residency.pin(name, isPinned)
            return []
        }
    }

    /// Ends every answer under way, and refuses those that wait.
    func shutDown() {
        let (engines, waiters) = state.withLock { state in
            state.isShutDown = true
            state.alarm?.task.cancel()
            defer { state.waiters = [:] }
            return (Array(state.engines.values), Array(state.waiters.values))
        }
        for engine in engines { engine.shutDown() }
        for waiter in waiters { waiter.resume(throwing: CompletionError.shuttingDown) }
    }

    /// Shuts down, and returns when every model has kept what it keeps for the next start.
    func stop() async {
        shutDown()
        for model in generators { await model.engine.stop() }
    }

    // MARK: What there is

    /// Every model that is known, in the order in which they became known.
    var descriptions: [ModelDescription] {
        state.withLock { state in state.residency.names.compactMap { state.description(of: $0) } }
    }

    func description(of name: String) -> ModelDescription? {
        state.withLock { $0.description(of: name) }
    }

    /// The models in memory that write text.
    var generators: [LoadedModel] {
        state.withLock { state in
            state.residency.names.compactMap { name in
                if case .generator(let model) = state.engines[name] { model } else { nil }
            }
        }
    }

    var memory: ModelMemoryReport {
        state.withLock { ModelMemoryReport(budget: $0.residency.budget, used: $0.residency.used) }
    }

    /// Of all models since the start, those included that are not loaded any more.
    var statistics: BackendStatistics {
        state.withLock { state in
            state.engines.values.reduce(into: state.past) { $0.add($1.statistics) }
        }
    }

    // MARK: Carrying out

    /// Changes the state, then does what it asks for.
    private func perform(_ change: (inout State) -> [ModelResidency.Action]) {
        let jobs = state.withLock { state in
            var jobs: [Job] = []
            for action in change(&state) {
                if let job = state.job(for: action, self) { jobs.append(job) }
            }
            setAlarm(&state)
            return jobs
        }
        // Outside of the lock: whoever is resumed may come back at once.
        for job in jobs { run(job) }
    }

    fileprivate enum Job {
        case load(ModelSource)
        case giveUp(String, LoadedEngine)
        case resume(Waiter, Result<Lease, any Error>)
        /// Nobody waits for this lease any more; it ends outside of the lock.
        case drop(Lease)
    }

    private func run(_ job: Job) {
        switch job {
        case .load(let source): start("berth.load") { self.load(source) }
        case .giveUp(let name, let engine): giveUp(engine, named: name)
        case .resume(let waiter, let result): waiter.resume(with: result)
        case .drop: break
        }
    }

    private func start(_ name: String, _ work: @escaping @Sendable () -> Void) {
        let thread = Thread(block: work)
        thread.name = name
        thread.stackSize = 8 << 20
        thread.start()
    }

    private func load(_ source: ModelSource) {
        let name = source.name
        do {
            let engine = try source.load()
            perform { state in
                guard !state.isShutDown else {
                    engine.shutDown()
                    return []
                }
                state.engines[name] = engine
                return state.residency.loaded(name, bytes: engine.memory.total, now: .now)
            }
        } catch {
            let message = "\(error)"
            perform { $0.residency.failed(name, message: message, now: .now) }
        }
    }

    /// Its memory is free when the engine's thread has ended, a step later at most.
    private func giveUp(_ engine: LoadedEngine, named name: String) {
        engine.shutDown()
        let isGone = engine.isGone
        start("berth.unload") {
            let patience = ContinuousClock.now + .seconds(10)
            while !isGone(), ContinuousClock.now < patience {
                Thread.sleep(forTimeInterval: 0.002)
            }
            self.perform { $0.residency.unloaded(name) }
        }
    }

    private func setAlarm(_ state: inout State) {
        let next = state.isShutDown ? nil : state.residency.nextDeadline
        guard next != state.alarm?.time else { return }
        state.alarm?.task.cancel()
        state.alarm = next.map { time in
            let task = Task { [weak self] in
                try await Task.sleep(until: time, clock: .continuous)
                self?.perform { state in
                    state.alarm = nil
                    return state.residency.tick(now: .now)
                }
            }
            return (time, task)
        }
    }
}

extension ModelRegistry.State {
    /// What is left to do outside of the lock.
    fileprivate mutating func job(
        for action: ModelResidency.Action, _ registry: ModelRegistry
    ) -> ModelRegistry.Job? {
        switch action {
        case .load(let name):
            return sources[name].map { .load($0) }
        case .unload(let name):
            guard let engine = engines.removeValue(forKey: name) else { return nil }
            past.addCounters(engine.statistics)
            return .giveUp(name, engine)
        case .admit(let id, let name):
            guard let engine = engines[name] else { return nil }
            let lease = ModelRegistry.Lease(engine, name, registry)
            guard let waiter = waiters.removeValue(forKey: id) else { return .drop(lease) }
            return .resume(waiter, .success(lease))
        case .refuse(let id, let refusal):
            guard let waiter = waiters.removeValue(forKey: id) else { return nil }
            let error = CompletionError(refusal, known: residency.names)
            return .resume(waiter, .failure(error))
        }
    }

    fileprivate func description(of name: String) -> ModelDescription? {
        guard let model = residency[name],
            var description = engines[name]?.description ?? sources[name]?.description
        else { return nil }
        let (now, date) = (ContinuousClock.now, Date().timeIntervalSince1970)
        func seconds(_ time: ModelResidency.Time) -> Int {
            Int(date + (time - now) / .seconds(1))
        }
        description.residency = ModelResidencyReport(
            state: ModelResidencyReport.State(model), bytes: model.bytes,
            isPinned: model.isPinned, users: model.users,
            lastUsedAt: model.lastUse.map(seconds), unloadsAt: model.deadline.map(seconds),
            failure: model.failure?.message)
        return description
    }
}

extension ModelResidencyReport.State {
    fileprivate init(_ model: ModelResidency.Model) {
        switch model.stage {
        case .unloaded: self = .unloaded
        case .waitingForRoom, .loading: self = .loading
        case .ready: self = model.isDraining ? .unloading : .ready
        case .unloading: self = .unloading
        }
    }
}

extension BackendStatistics {
    mutating func add(_ other: BackendStatistics) {
        addCounters(other)
        running += other.running
        waiting += other.waiting
        cacheBytesUsed += other.cacheBytesUsed
        cacheBytesTotal += other.cacheBytesTotal
        cachePagesUsed += other.cachePagesUsed
        cachePagesTotal += other.cachePagesTotal
    }

    /// What only ever grows.
    fileprivate mutating func addCounters(_ other: BackendStatistics) {
        promptTokens += other.promptTokens
        completionTokens += other.completionTokens
        cachedTokens += other.cachedTokens
        preemptions += other.preemptions
        draftedTokens += other.draftedTokens
        acceptedTokens += other.acceptedTokens
    }
}
