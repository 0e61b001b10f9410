package import Store

/// Who may go on now: requests and tokens a minute, and requests at a time; a pure state machine that is told the time.
///
/// Requests and tokens are token buckets: each holds a minute's worth, is full at first and fills evenly. What an
/// answer will take is not known when it begins, so an estimate is reserved, and settled when the answer is done: a bucket
/// that was estimated too low goes below zero and makes its owner wait.
package struct RateLimiter: Sendable {
    package typealias Limits = APIKey.Limits

    package enum Resource: String, Sendable, CaseIterable {
        case requests
        case tokens
        /// Requests at the same time.
        case concurrency
    }

    /// Not now; nothing was taken.
    package struct Refusal: Error, Sendable, Equatable {
        package var resource: Resource
        package var limit: Int
        /// When it can succeed, if nobody else comes first.
        package var retryAfter: Duration

        package init(resource: Resource, limit: Int, retryAfter: Duration) {
            self.resource = resource
            self.limit = limit
            self.retryAfter = retryAfter
        }
    }

    /// How full a bucket is.
    package struct Level: Sendable, Equatable {
        package var limit: Int
        package var remaining: Int
        /// Until the bucket is full.
        package var reset: Duration

        package init(limit: Int, remaining: Int, reset: Duration) {
            self.limit = limit
            self.remaining = remaining
            self.reset = reset
        }
    }

    private struct Bucket {
        private var content: Double
        private var time: ContinuousClock.Instant

        init(limit: Int, now: ContinuousClock.Instant) {
            content = Double(limit)
            time = now
        }

        mutating func fill(to limit: Int, now: ContinuousClock.Instant) {
            let seconds = max((now - time) / .seconds(1), 0)
            content = min(content + seconds * Double(limit) / 60, Double(limit))
            time = max(time, now)
        }

        /// `nil` when it was taken; otherwise how long to wait.
        mutating func take(_ amount: Int, of limit: Int) -> Duration? {
            // So that filling in steps does not leave a hair missing.
            let missing = Double(amount) - content - 1e-6
            guard missing > 0 else {
                content -= Double(amount)
                return nil
            }
            return .seconds(missing * 60 / Double(limit))
        }

        mutating func give(_ amount: Int, of limit: Int) {
            content = min(content + Double(amount), Double(limit))
        }

        func level(of limit: Int) -> Level {
            Level(
                limit: limit, remaining: max(Int(content + 1e-6), 0),
                reset: .seconds((Double(limit) - content) * 60 / Double(limit)))
        }
    }

    private struct Tenant {
        var requests: Bucket?
        var tokens: Bucket?
        var running = 0
    }

    private var tenants: [String: Tenant] = [:]

    package init() {}

    /// Begins a request; each that is not refused must ``end(_:)``.
    package mutating func begin(
        _ name: String, _ limits: Limits, now: ContinuousClock.Instant
    ) throws(Refusal) {
        var tenant = tenants[name] ?? Tenant()
        if let most = limits.concurrency, tenant.running >= most {
            throw Refusal(resource: .concurrency, limit: most, retryAfter: .seconds(1))
        }
        if let limit = limits.requestsPerMinute {
            var bucket = tenant.requests ?? Bucket(limit: limit, now: now)
            bucket.fill(to: limit, now: now)
            if let wait = bucket.take(1, of: limit) {
                throw Refusal(resource: .requests, limit: limit, retryAfter: wait)
            }
            tenant.requests = bucket
        }
        tenant.running += 1
        tenants[name] = tenant
    }

    /// The request is over.
    package mutating func end(_ name: String) {
        guard let tenant = tenants[name] else { return }
        precondition(tenant.running > 0, "a request ended twice")
        tenants[name]?.running -= 1
        if tenant.running == 1, tenant.requests == nil, tenant.tokens == nil {
            tenants[name] = nil
        }
    }

    /// Sets tokens aside for one completion.
    ///
    /// One that needs more than a minute's worth waits for a full bucket, so that it can succeed at all.
    ///
    /// - Returns: how many were set aside, to be given to ``settle(_:_:reserved:used:now:)``.
    package mutating func reserve(
        _ tokens: Int, _ name: String, _ limits: Limits, now: ContinuousClock.Instant
    ) throws(Refusal) -> Int {
        guard let limit = limits.tokensPerMinute else { return 0 }
        var bucket = tenants[name]?.tokens ?? Bucket(limit: limit, now: now)
        bucket.fill(to: limit, now: now)
        let amount = min(max(tokens, 0), limit)
        if let wait = bucket.take(amount, of: limit) {
            throw Refusal(resource: .tokens, limit: limit, retryAfter: wait)
        }
        tenants[name, default: Tenant()].tokens = bucket
        return amount
    }

    /// Takes what was used in place of what was set aside.
    package mutating func settle(
        _ name: String, _ limits: Limits, reserved: Int, used: Int, now: ContinuousClock.Instant
    ) {
        guard let limit = limits.tokensPerMinute, var bucket = tenants[name]?.tokens else { return }
        bucket.fill(to: limit, now: now)
        bucket.give(reserved - used, of: limit)
        tenants[name]?.tokens = bucket
    }

    /// How full a tenant's bucket is; `nil` where it has no limit.
    package func level(
        _ resource: Resource, _ name: String, _ limits: Limits, now: ContinuousClock.Instant
    ) -> Level? {
        let tenant = tenants[name]
        let (limit, known) =
            switch resource {
            case .requests: (limits.requestsPerMinute, tenant?.requests)
            case .tokens: (limits.tokensPerMinute, tenant?.tokens)
            case .concurrency: (Int?.none, Bucket?.none)
            }
        guard let limit else { return nil }
        var bucket = known ?? Bucket(limit: limit, now: now)
        bucket.fill(to: limit, now: now)
        return bucket.level(of: limit)
    }
}
