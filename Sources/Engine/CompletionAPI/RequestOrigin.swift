/// Who sent a request and how urgent it is: what a scheduler needs to be fair.
package struct RequestOrigin: Sendable, Equatable {
    /// Whose requests share one part of the machine: an API key's id; empty for requests without a key.
    package var tenant: String
    /// How large that part is beside other tenants'; greater than 0.
    package var weight: Double
    package var priority: RequestPriority
    /// When the answer is of no use any more; the request then ends with ``CompletionError/Code/deadlineExceeded``.
    package var deadline: ContinuousClock.Instant?

    package init(
        tenant: String = "", weight: Double = 1, priority: RequestPriority = .normal,
        deadline: ContinuousClock.Instant? = nil
    ) {
        self.tenant = tenant
        self.weight = weight
        self.priority = priority
        self.deadline = deadline
    }
}

/// How urgent a request is: a higher class is served first whenever both wait.
package enum RequestPriority: String, Sendable, CaseIterable, Comparable {
    /// Work that may wait for a quiet hour.
    case batch
    case normal
    /// Somebody is watching.
    case interactive

    package static func < (one: RequestPriority, other: RequestPriority) -> Bool {
        one.rank < other.rank
    }

    private var rank: Int {
        switch self {
        case .batch: 0
        case .normal: 1
        case .interactive: 2
        }
    }
}
