package import CompletionAPI
package import Store

/// Who may use a ``BerthServer``.
package struct AccessConfiguration: Sendable, Equatable {
    /// Whether every request needs a key; `nil` is as soon as the store has one.
    package var isRequired: Bool?
    /// Whether `/metrics` is read without a key where keys are needed.
    package var opensMetrics: Bool
    /// For all requests without a key together.
    package var anonymousLimits: APIKey.Limits
    package var anonymousPriority: RequestPriority

    package init(
        isRequired: Bool? = nil, opensMetrics: Bool = false,
        anonymousLimits: APIKey.Limits = .init(),
        anonymousPriority: RequestPriority = .normal
    ) {
        self.isRequired = isRequired
        self.opensMetrics = opensMetrics
        self.anonymousLimits = anonymousLimits
        self.anonymousPriority = anonymousPriority
    }
}
