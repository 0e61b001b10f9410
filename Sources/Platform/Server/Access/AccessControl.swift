import CompletionAPI
import FoundationEssentials
import HTTPTypes
import Store
import Synchronization

/// Finds out who calls, and keeps what each may use.
final class AccessControl: Sendable {
    private let configuration: AccessConfiguration
    private let store: (any PlatformStore)?
    private let metrics: ServerMetrics
    private let limiter = Mutex(RateLimiter())
    /// Keys are never deleted, so this stays true once it is.
    private let hasKeys = Atomic(false)

    init(
        _ configuration: AccessConfiguration, store: (any PlatformStore)?, metrics: ServerMetrics
    ) {
        self.configuration = configuration
        self.metrics = metrics
        self.store = store
    }

    // MARK: Who calls

    /// Who sent a request with these headers.
    ///
    /// A key that is sent must be right, even where none is needed: whoever sends one wants its limits.
    ///
    /// - Parameters:
    ///   - door: what the path asks.
    ///   - headers: `Authorization: Bearer` or `x-api-key` hold the key.
    ///   - isLocal: whether the request comes from this machine.
    /// - Returns: who it is, with their limits.
    /// - Throws: ``APIError``, 401 or 403.
    func identify(_ door: Door, _ headers: HTTPFields, isLocal: Bool) async throws -> Caller {
        let isRequired = try await isKeyRequired()
        let secret = Self.secret(headers)
        // Clients that insist on a key send any word where none is needed.
        if let secret, let store, isRequired || secret.hasPrefix(KeySecret.marker) {
            let key = try await store.key(hash: SecretHash(of: secret))
            guard let key else { throw APIError.unknownKey }
            guard key.isUsable(at: Int(Date.now.timeIntervalSince1970)) else {
                throw APIError.endedKey(key.name, isRevoked: key.revoked != nil)
            }
            let caller = Caller(key)
            if door == .admin || door == .metrics && isRequired && !configuration.opensMetrics {
                guard caller.isAdmin else { throw APIError.adminOnly(isKeyKnown: true) }
            }
            return caller
        }
        if isRequired, door != .metrics || !configuration.opensMetrics {
            throw APIError.missingKey
        }
        let isAdmin = isLocal && !isRequired
        if door == .admin, !isAdmin { throw APIError.adminOnly(isKeyKnown: false) }
        return Caller(anonymous: configuration, isAdmin: isAdmin)
    }

    private func isKeyRequired() async throws -> Bool {
        if let isRequired = configuration.isRequired { return isRequired }
        if hasKeys.load(ordering: .relaxed) { return true }
        guard let store, try await store.hasKeys() else { return false }
        hasKeys.store(true, ordering: .relaxed)
        return true
    }

    private static func secret(_ headers: HTTPFields) -> String? {
        if let text = headers[.authorization] {
            let parts = text.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
            if parts.count == 2, parts[0].lowercased() == "bearer" {
                return String(parts[1].drop { $0 == " " })
            }
        }
        return headers[.apiKey]
    }

    // MARK: What each may use

    /// Begins a request that counts; it must ``end(_:)``.
    ///
    /// - Throws: ``APIError``, 429.
    func begin(_ caller: Caller) throws {
        let now = ContinuousClock.now
        do {
            try limiter.withLock { limiter throws(RateLimiter.Refusal) in
                try limiter.begin(caller.tenant, caller.limits, now: now)
            }
        } catch {
            throw refused(error, caller)
        }
    }

    private func refused(_ refusal: RateLimiter.Refusal, _ caller: Caller) -> APIError {
        metrics.rateLimited(by: refusal.resource.rawValue)
        return APIError(refusal, headers: levels(of: caller))
    }

    func end(_ caller: Caller) {
        limiter.withLock { $0.end(caller.tenant) }
    }

    /// Sets tokens aside for one completion.
    ///
    /// - Throws: ``APIError``, 429.
    func reserve(_ tokens: Int, for caller: Caller) throws -> Int {
        let now = ContinuousClock.now
        do {
            return try limiter.withLock { limiter throws(RateLimiter.Refusal) in
                try limiter.reserve(tokens, caller.tenant, caller.limits, now: now)
            }
        } catch {
            throw refused(error, caller)
        }
    }

    /// Takes what was used in place of what was set aside.
    func settle(_ caller: Caller, reserved: Int, used: Int) {
        let now = ContinuousClock.now
        limiter.withLock {
            $0.settle(caller.tenant, caller.limits, reserved: reserved, used: used, now: now)
        }
    }

    /// What is left, in the headers that OpenAI's clients read.
    func levels(of caller: Caller) -> HTTPFields {
        let now = ContinuousClock.now
        var headers = HTTPFields()
        for resource in [RateLimiter.Resource.requests, .tokens] {
            let level = limiter.withLock {
                $0.level(resource, caller.tenant, caller.limits, now: now)
            }
            guard let level else { continue }
            headers[.rateLimit("limit", resource)] = "\(level.limit)"
            headers[.rateLimit("remaining", resource)] = "\(level.remaining)"
            headers[.rateLimit("reset", resource)] = level.reset.brief
        }
        return headers
    }
}

extension HTTPField.Name {
    fileprivate static func rateLimit(
        _ what: String, _ resource: RateLimiter.Resource
    ) -> HTTPField.Name {
        Self(valid: "x-ratelimit-\(what)-\(resource.rawValue)")
    }
}

extension Duration {
    /// As OpenAI writes it: `120ms`, `1.5s`, `6m0s`.
    var brief: String {
        let milliseconds = Int((self / .milliseconds(1)).rounded(.up))
        if milliseconds < 1000 { return "\(milliseconds)ms" }
        if milliseconds >= 60_000 {
            let seconds = (milliseconds + 999) / 1000
            return "\(seconds / 60)m\(seconds % 60)s"
        }
        return milliseconds % 1000 == 0
            ? "\(milliseconds / 1000)s" : "\(Double(milliseconds) / 1000)s"
    }
}
