import Server
import Store
import Testing

@Suite("Limits by key")
struct RateLimiterTests {
    private let start = ContinuousClock.now

    private func after(_ seconds: Double) -> ContinuousClock.Instant {
        start + .seconds(seconds)
    }

    @Test("A minute's requests may come at once; the next waits for its part of a minute")
    func requests() throws {
        var limiter = RateLimiter()
        let limits = RateLimiter.Limits(requestsPerMinute: 3)
        for _ in 0..<3 { try limiter.begin("k", limits, now: start) }
        let refusal = #expect(throws: RateLimiter.Refusal.self) {
            try limiter.begin("k", limits, now: start)
        }
        #expect(refusal?.resource == .requests && refusal?.limit == 3)
        #expect(abs(try #require(refusal).retryAfter / .seconds(1) - 20) < 0.001)
        #expect(throws: RateLimiter.Refusal.self) {
            try limiter.begin("k", limits, now: after(19.9))
        }
        try limiter.begin("k", limits, now: after(20))
        #expect(throws: RateLimiter.Refusal.self) {
            try limiter.begin("k", limits, now: after(20))
        }
    }

    @Test("A bucket never holds more than a minute's worth")
    func capacity() throws {
        var limiter = RateLimiter()
        let limits = RateLimiter.Limits(requestsPerMinute: 2)
        try limiter.begin("k", limits, now: start)
        for _ in 0..<2 { try limiter.begin("k", limits, now: after(3600)) }
        #expect(throws: RateLimiter.Refusal.self) {
            try limiter.begin("k", limits, now: after(3600))
        }
    }

    @Test("Waiting in small steps is as good as waiting at once")
    func steps() throws {
        var limiter = RateLimiter()
        let limits = RateLimiter.Limits(requestsPerMinute: 1)
        try limiter.begin("k", limits, now: start)
        for step in 1..<600 {
            #expect(throws: RateLimiter.Refusal.self) {
                try limiter.begin("k", limits, now: after(Double(step) / 10))
            }
        }
        try limiter.begin("k", limits, now: after(60))
    }

    @Test("One tenant's requests cost another nothing")
    func tenants() throws {
        var limiter = RateLimiter()
        let limits = RateLimiter.Limits(requestsPerMinute: 1, concurrency: 1)
        try limiter.begin("a", limits, now: start)
        try limiter.begin("b", limits, now: start)
        #expect(throws: RateLimiter.Refusal.self) { try limiter.begin("a", limits, now: start) }
    }

    @Test("Requests at a time are counted until they end, and a refused one takes nothing")
    func concurrency() throws {
        var limiter = RateLimiter()
        let limits = RateLimiter.Limits(requestsPerMinute: 100, concurrency: 2)
        for _ in 0..<2 { try limiter.begin("k", limits, now: start) }
        for _ in 0..<10 {
            let refusal = #expect(throws: RateLimiter.Refusal.self) {
                try limiter.begin("k", limits, now: start)
            }
            #expect(refusal?.resource == .concurrency && refusal?.limit == 2)
        }
        #expect(limiter.level(.requests, "k", limits, now: start)?.remaining == 98)
        limiter.end("k")
        try limiter.begin("k", limits, now: start)
    }

    @Test("What was estimated too high is given back, what was too low is owed")
    func settling() throws {
        var limiter = RateLimiter()
        let limits = RateLimiter.Limits(tokensPerMinute: 600)
        try limiter.begin("k", limits, now: start)
        let high = try limiter.reserve(500, "k", limits, now: start)
        #expect(high == 500)
        limiter.settle("k", limits, reserved: high, used: 100, now: start)
        #expect(limiter.level(.tokens, "k", limits, now: start)?.remaining == 500)
        let low = try limiter.reserve(10, "k", limits, now: start)
        limiter.settle("k", limits, reserved: low, used: 560, now: start)
        #expect(limiter.level(.tokens, "k", limits, now: start)?.remaining == 0)
        // 60 tokens are owed: six seconds of ten a second, and then those that are wanted.
        let refusal = #expect(throws: RateLimiter.Refusal.self) {
            _ = try limiter.reserve(10, "k", limits, now: start)
        }
        #expect(refusal?.resource == .tokens)
        #expect(abs(try #require(refusal).retryAfter / .seconds(1) - 7) < 0.001)
        _ = try limiter.reserve(10, "k", limits, now: after(7))
    }

    @Test("A completion beyond a minute's worth needs a full bucket, and then goes")
    func beyondTheLimit() throws {
        var limiter = RateLimiter()
        let limits = RateLimiter.Limits(tokensPerMinute: 60)
        _ = try limiter.reserve(1, "k", limits, now: start)
        #expect(throws: RateLimiter.Refusal.self) {
            _ = try limiter.reserve(1_000_000, "k", limits, now: start)
        }
        #expect(try limiter.reserve(1_000_000, "k", limits, now: after(1)) == 60)
    }

    @Test("Without limits nothing is refused, and nothing is kept")
    func unlimited() throws {
        var limiter = RateLimiter()
        let limits = RateLimiter.Limits()
        for _ in 0..<1000 { try limiter.begin("k", limits, now: start) }
        #expect(try limiter.reserve(.max, "k", limits, now: start) == 0)
        #expect(limiter.level(.requests, "k", limits, now: start) == nil)
        #expect(limiter.level(.tokens, "k", limits, now: start) == nil)
        for _ in 0..<1000 { limiter.end("k") }
    }

    @Test("A level tells what is left and when the bucket is full again")
    func levels() throws {
        var limiter = RateLimiter()
        let limits = RateLimiter.Limits(requestsPerMinute: 60)
        #expect(
            limiter.level(.requests, "k", limits, now: start)
                == .init(limit: 60, remaining: 60, reset: .zero))
        for _ in 0..<15 { try limiter.begin("k", limits, now: start) }
        let level = try #require(limiter.level(.requests, "k", limits, now: after(5)))
        #expect(level.remaining == 50)
        #expect(abs(level.reset / .seconds(1) - 10) < 0.001)
    }

    @Test("A clock that stands still or goes back fills nothing")
    func backwards() throws {
        var limiter = RateLimiter()
        let limits = RateLimiter.Limits(requestsPerMinute: 1)
        try limiter.begin("k", limits, now: after(100))
        #expect(throws: RateLimiter.Refusal.self) { try limiter.begin("k", limits, now: start) }
        #expect(throws: RateLimiter.Refusal.self) {
            try limiter.begin("k", limits, now: after(159))
        }
        try limiter.begin("k", limits, now: after(160))
    }
}
