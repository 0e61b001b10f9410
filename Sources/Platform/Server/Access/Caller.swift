import CompletionAPI
import Store

/// Who sent a request, and what that allows.
struct Caller: Sendable {
    /// A key's id; empty without a key.
    var tenant: String
    /// For people: the key's name.
    var name: String
    var isAdmin: Bool
    var limits: RateLimiter.Limits
    var priority: RequestPriority
    var weight: Double
    /// Empty for all.
    var models: [String]

    func mayUse(model: String) -> Bool {
        models.isEmpty || models.contains(model)
    }
}

extension Caller {
    init(_ key: APIKey) {
        self.init(
            tenant: key.id, name: key.name, isAdmin: key.role == .admin,
            limits: key.limits,
            priority: RequestPriority(key.priority), weight: key.weight, models: key.models)
    }

    /// Somebody without a key.
    init(anonymous configuration: AccessConfiguration, isAdmin: Bool) {
        self.init(
            tenant: "", name: "anonymous", isAdmin: isAdmin,
            limits: configuration.anonymousLimits, priority: configuration.anonymousPriority,
            weight: 1, models: [])
    }
}

extension RequestPriority {
    fileprivate init(_ priority: APIKey.Priority) {
        self =
            switch priority {
            case .batch: .batch
            case .normal: .normal
            case .interactive: .interactive
            }
    }
}
