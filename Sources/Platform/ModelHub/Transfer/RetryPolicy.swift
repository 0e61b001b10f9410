/// How often and when a request is tried again.
package struct RetryPolicy: Sendable, Equatable {
    /// Tries in a row that bring nothing before giving up.
    package var attempts = 6
    /// Tries to find a host that has no address: a typing error does not mend itself.
    package var attemptsToResolve = 2
    /// The pause after the first failure; it doubles with each further one.
    package var firstDelay: Duration = .seconds(1)
    package var longestDelay: Duration = .seconds(30)
    /// The longest that a server may ask to wait.
    package var longestRetryAfter: Duration = .seconds(300)
    /// A try that brought as many bytes counts as none: a large file may need many connections.
    package var bytesThatForgive = 1 << 20

    package init() {}
}

/// What became of one try.
package enum TryFailure: Error, Sendable, Equatable {
    /// The connection broke, stalled or was refused.
    case connection(String)
    /// The host's name has no address.
    case unknownHost(String)
    /// The server is busy or unwell (429, 5xx), with the time it asks for.
    case busy(status: Int, retryAfter: Duration?)
    /// The bytes turned out wrong, and what was kept of them is thrown away.
    case wrongBytes(HubError)
    /// Trying again would not help.
    case final(HubError)
}

/// Counts tries of one download; says whether and when the next one comes.
///
/// A pure state machine: it neither waits nor knows the time.
package struct RetryState: Sendable {
    package enum Action: Sendable, Equatable {
        case wait(Duration)
        case giveUp(HubError)
    }

    private let policy: RetryPolicy
    private let what: String
    private var failures = 0
    private var wrongBytes = 0

    /// `what` says in messages whose download it is: a host.
    package init(_ policy: RetryPolicy, what: String) {
        self.policy = policy
        self.what = what
    }

    /// What to do after a failure, before which the try brought `received` bytes.
    ///
    /// `random`, 0 up to 1, spreads the tries of many clients.
    package mutating func failed(
        _ failure: TryFailure, received: Int, random: Double
    ) -> Action {
        if received >= policy.bytesThatForgive { failures = 0 }
        failures += 1
        switch failure {
        case .final(let error):
            return .giveUp(error)
        case .wrongBytes(let error):
            // Once may be a damaged part; twice is what the server has.
            wrongBytes += 1
            return wrongBytes > 1 ? .giveUp(error) : .wait(.zero)
        case .unknownHost(let reason):
            guard failures < policy.attemptsToResolve else {
                return .giveUp(HubError(.unreachable, reason))
            }
        case .connection(let reason):
            guard failures < policy.attempts else {
                return .giveUp(
                    HubError(
                        .transferFailed, "\(reason); gave up after \(failures) tries, run it again")
                )
            }
        case .busy(let status, let retryAfter):
            if let retryAfter, retryAfter > policy.longestRetryAfter {
                return .giveUp(
                    HubError(
                        .rateLimited,
                        "\(what) asks to wait \(retryAfter.components.seconds) seconds (status \(status)); "
                            + "try again then\(status == 429 ? ", or with a token, which raises its limits" : "")"
                    ))
            }
            guard failures < policy.attempts else {
                return .giveUp(
                    HubError(
                        status == 429 ? .rateLimited : .transferFailed,
                        "\(what) answered with status \(status) \(failures) times; try again later")
                )
            }
            if let retryAfter { return .wait(retryAfter + policy.firstDelay * (random / 4)) }
        }
        return .wait(backOff(random))
    }

    /// Doubles up to the longest; between half and all of it.
    private func backOff(_ random: Double) -> Duration {
        let doublings = min(failures - 1, 20)
        let full = min(policy.firstDelay * (1 << doublings), policy.longestDelay)
        return full * (0.5 + random / 2)
    }
}
