/// Which models are in memory: a pure state machine.
///
/// A request for a model that is not loaded waits while it is; all requests for one model share one load. What would
/// exceed the budget first sends away idle models that are not pinned, the one that was used longest ago first; a model
/// in use stays until its last answer ends. Whatever a method returns is to be carried out in that order.
package struct ModelResidency {
    package typealias Time = ContinuousClock.Instant

    package enum Action: Equatable {
        case load(String)
        /// Nobody uses it any more.
        case unload(String)
        case admit(waiter: Int, to: String)
        case refuse(waiter: Int, Refusal)
    }

    package enum Refusal: Error, Equatable {
        case unknown(String)
        /// More than all memory that models may take.
        case tooLarge(String, needed: Int, budget: Int)
        /// What holds the memory is in use or pinned.
        case noRoom(String, needed: Int, budget: Int, holders: [Holder])
        /// It could not be loaded a moment ago.
        case failed(String, message: String)
    }

    package struct Holder: Equatable {
        package enum Reason: Equatable {
            case pinned
            case used(requests: Int)
            case coming
        }

        package let name: String
        package let bytes: Int
        package let reason: Reason

        package init(name: String, bytes: Int, reason: Reason) {
            self.name = name
            self.bytes = bytes
            self.reason = reason
        }
    }

    package enum Stage: Equatable {
        case unloaded
        /// Others are on their way out for it.
        case waitingForRoom
        case loading
        case ready
        case unloading
    }

    package struct Model: Equatable {
        /// What it is thought to need before it is loaded, and needs then.
        package fileprivate(set) var bytes: Int
        fileprivate let estimate: Int
        package fileprivate(set) var stage = Stage.unloaded
        package fileprivate(set) var isPinned: Bool
        /// How long it stays without a request; `nil` for ever.
        fileprivate let idleLimit: Duration?
        package fileprivate(set) var users = 0
        package fileprivate(set) var lastUse: Time?
        /// Goes as soon as nobody uses it; requests wait for its return.
        package fileprivate(set) var isDraining = false
        package fileprivate(set) var failure: (message: String, time: Time)?
        fileprivate var waiters: [Int] = []

        package init(bytes: Int, isPinned: Bool = false, idleLimit: Duration? = nil) {
            self.bytes = bytes
            estimate = bytes
            self.isPinned = isPinned
            self.idleLimit = idleLimit
        }

        /// When it goes unless somebody uses it.
        package var deadline: Time? {
            guard stage == .ready, users == 0, !isPinned, let idleLimit, let lastUse else {
                return nil
            }
            return lastUse + idleLimit
        }

        fileprivate var canLeave: Bool {
            stage == .ready && users == 0 && !isPinned
        }

        package static func == (one: Model, other: Model) -> Bool {
            one.stage == other.stage && one.bytes == other.bytes && one.users == other.users
                && one.isPinned == other.isPinned && one.waiters == other.waiters
        }
    }

    /// A model that could not be loaded is tried again by the first request after so long.
    package static let pauseAfterFailure = Duration.seconds(5)

    package let budget: Int?
    /// In the order in which they became known.
    package private(set) var names: [String] = []
    private var models: [String: Model] = [:]
    /// Of those that wait for room, the first to come.
    private var queue: [String] = []

    package init(budget: Int? = nil) {
        self.budget = budget
    }

    package subscript(name: String) -> Model? { models[name] }

    /// Bytes of what is loaded, being loaded and being unloaded.
    package var used: Int {
        models.values.reduce(0) { $0 + (Self.holding.contains($1.stage) ? $1.bytes : 0) }
    }

    private static let holding: Set<Stage> = [.loading, .ready, .unloading]

    /// Makes a model known; one that is known keeps its place.
    package mutating func add(_ name: String, _ model: Model) {
        guard models[name] == nil else { return }
        names.append(name)
        models[name] = model
    }

    /// Makes a model known that is loaded already.
    package mutating func addReady(_ name: String, _ model: Model, now: Time) {
        add(name, model)
        models[name]?.stage = .ready
        models[name]?.lastUse = now
    }

    // MARK: Requests

    package mutating func request(_ name: String, waiter: Int, now: Time) -> [Action] {
        guard var model = models[name] else { return [.refuse(waiter: waiter, .unknown(name))] }
        if model.stage == .ready, !model.isDraining {
            model.users += 1
            model.lastUse = now
            models[name] = model
            return [.admit(waiter: waiter, to: name)]
        }
        if model.stage == .unloaded, let failure = model.failure,
            now < failure.time + Self.pauseAfterFailure
        {
            return [.refuse(waiter: waiter, .failed(name, message: failure.message))]
        }
        models[name]?.waiters.append(waiter)
        return model.stage == .unloaded ? start(name) : []
    }

    /// A request that waits is wanted no more; one that was answered is not concerned.
    package mutating func cancel(_ waiter: Int) -> [Action] {
        for name in names {
            guard let place = models[name]?.waiters.firstIndex(of: waiter) else { continue }
            models[name]?.waiters.remove(at: place)
            if models[name]?.stage == .waitingForRoom, models[name]?.waiters.isEmpty == true {
                models[name]?.stage = .unloaded
                queue.removeAll { $0 == name }
            }
        }
        return startWaiting()
    }

    /// An answer is done.
    package mutating func release(_ name: String, now: Time) -> [Action] {
        models[name]?.users -= 1
        models[name]?.lastUse = now
        return leaveIfDrained(name)
    }

    // MARK: Loading and unloading

    /// Loads a model, or makes it wait until others have made room; refuses its waiters where none can.
    private mutating func start(_ name: String) -> [Action] {
        guard let model = models[name] else { return [] }
        guard let budget else { return load(name) }
        guard model.estimate <= budget else {
            return refuse(name, .tooLarge(name, needed: model.estimate, budget: budget))
        }
        let promised = queue.reduce(0) { $0 + (models[$1]?.bytes ?? 0) }
        let leaving = models.values.reduce(0) { $0 + ($1.stage == .unloading ? $1.bytes : 0) }
        let excess = used + promised + model.estimate - budget
        guard excess > 0 else { return load(name) }
        guard let victims = victims(freeing: excess - leaving) else {
            return refuse(
                name, .noRoom(name, needed: model.estimate, budget: budget, holders: holders))
        }
        models[name]?.stage = .waitingForRoom
        queue.append(name)
        return victims.map { unload($0) }
    }

    /// The idle models that must go to free so many bytes, or `nil` where all of them are not enough.
    private func victims(freeing bytes: Int) -> [String]? {
        let idle = names.filter { models[$0]?.canLeave == true }.sorted {
            guard let one = models[$0]?.lastUse, let other = models[$1]?.lastUse else {
                return false
            }
            return one < other
        }
        var missing = bytes
        var chosen: [String] = []
        for name in idle where missing > 0 {
            chosen.append(name)
            missing -= models[name]?.bytes ?? 0
        }
        guard missing <= 0 else { return nil }
        // A large one that came late may have made smaller ones unnecessary.
        for name in chosen.reversed() where missing + (models[name]?.bytes ?? 0) <= 0 {
            missing += models[name]?.bytes ?? 0
            chosen.removeAll { $0 == name }
        }
        return chosen
    }

    /// What stands in the way of a load.
    private var holders: [Holder] {
        names.compactMap { name in
            guard let model = models[name], model.stage != .unloaded, !model.canLeave else {
                return nil
            }
            let reason: Holder.Reason =
                model.users > 0
                ? .used(requests: model.users) : model.stage == .ready ? .pinned : .coming
            return Holder(name: name, bytes: model.bytes, reason: reason)
        }
    }

    private mutating func load(_ name: String) -> [Action] {
        models[name]?.stage = .loading
        return [.load(name)]
    }

    private mutating func unload(_ name: String) -> Action {
        models[name]?.stage = .unloading
        return .unload(name)
    }

    private mutating func refuse(_ name: String, _ refusal: Refusal) -> [Action] {
        let waiters = models[name]?.waiters ?? []
        models[name]?.waiters = []
        models[name]?.stage = .unloaded
        models[name]?.isDraining = false
        return waiters.map { .refuse(waiter: $0, refusal) }
    }

    /// A model is in memory, and takes so many bytes.
    package mutating func loaded(_ name: String, bytes: Int, now: Time) -> [Action] {
        guard let waiters = models[name]?.waiters else { return [] }
        models[name]?.stage = .ready
        models[name]?.bytes = bytes
        models[name]?.failure = nil
        models[name]?.lastUse = now
        models[name]?.waiters = []
        models[name]?.users = waiters.count
        return waiters.map { .admit(waiter: $0, to: name) } + leaveIfDrained(name) + startWaiting()
    }

    /// A model could not be loaded.
    package mutating func failed(_ name: String, message: String, now: Time) -> [Action] {
        models[name]?.failure = (message, now)
        return refuse(name, .failed(name, message: message)) + startWaiting()
    }

    /// A model's memory is free.
    package mutating func unloaded(_ name: String) -> [Action] {
        models[name]?.stage = .unloaded
        models[name]?.isDraining = false
        if let estimate = models[name]?.estimate { models[name]?.bytes = estimate }
        let others = startWaiting()
        return others + (models[name]?.waiters.isEmpty == false ? start(name) : [])
    }

    /// Loads those that waited for room, the first to come first, as long as there is some.
    private mutating func startWaiting() -> [Action] {
        var actions: [Action] = []
        while let name = queue.first, let bytes = models[name]?.bytes {
            if used + bytes <= budget ?? .max {
                queue.removeFirst()
                actions += load(name)
            } else if models.values.contains(where: { $0.stage == .unloading }) {
                break
            } else {
                // What came in meanwhile is larger than it was thought to be.
                queue.removeFirst()
                models[name]?.stage = .unloaded
                actions += start(name)
            }
        }
        return actions
    }

    private mutating func leaveIfDrained(_ name: String) -> [Action] {
        guard let model = models[name], model.stage == .ready, model.isDraining, model.users == 0
        else { return [] }
        return [unload(name)]
    }

    // MARK: What those who run the server ask for

    /// Sends a model away as soon as its last answer ends, pinned or not.
    package mutating func unload(_ name: String) -> [Action] {
        guard let stage = models[name]?.stage, stage == .ready || stage == .loading else {
            return []
        }
        models[name]?.isDraining = true
        return leaveIfDrained(name)
    }

    package mutating func pin(_ name: String, _ isPinned: Bool) {
        models[name]?.isPinned = isPinned
    }

    // MARK: Time

    /// Sends away what was idle for too long.
    package mutating func tick(now: Time) -> [Action] {
        names.filter { name in
            models[name]?.deadline.map { $0 <= now } ?? false
        }.map { unload($0) }
    }

    /// When ``tick(now:)`` has something to do next.
    package var nextDeadline: Time? {
        models.values.compactMap(\.deadline).min()
    }
}
