import Foundation
import ModelHub
import Testing

@Suite("Trying again and going on")
struct DecisionTests {
    private static func policy() -> RetryPolicy {
        var policy = RetryPolicy()
        policy.attempts = 4
        return policy
    }

    @Test("Pauses double, are spread by chance, and end")
    func backOff() {
        var state = RetryState(Self.policy(), what: "hub")
        let pauses = (0..<4).map { _ in
            state.failed(.connection("broke"), received: 0, random: 1)
        }
        #expect(pauses[..<3] == [.wait(.seconds(1)), .wait(.seconds(2)), .wait(.seconds(4))])
        guard case .giveUp(let error) = pauses[3] else { return #expect(Bool(false)) }
        #expect(error.message == "broke; gave up after 4 tries, run it again")
        var spread = RetryState(Self.policy(), what: "hub")
        #expect(spread.failed(.connection(""), received: 0, random: 0) == .wait(.milliseconds(500)))
    }

    @Test("A try that brought much counts as none, so that a large file may need many")
    func progress() {
        var state = RetryState(Self.policy(), what: "hub")
        for _ in 0..<100 {
            let action = state.failed(.connection("broke"), received: 1 << 20, random: 1)
            #expect(action == .wait(.seconds(1)))
        }
        // A byte at a time is no progress.
        let last = (0..<4).map { _ in state.failed(.connection("broke"), received: 1, random: 1) }
        #expect(last.contains { if case .giveUp = $0 { true } else { false } })
    }

    @Test("Retry-After is kept to, and one that is too long is an error that tells it")
    func retryAfter() {
        var state = RetryState(Self.policy(), what: "hub")
        let busy = TryFailure.busy(status: 429, retryAfter: .seconds(7))
        #expect(state.failed(busy, received: 0, random: 0) == .wait(.seconds(7)))
        let long = TryFailure.busy(status: 429, retryAfter: .seconds(3600))
        guard case .giveUp(let error) = state.failed(long, received: 0, random: 0) else {
            return #expect(Bool(false))
        }
        #expect(error.code == .rateLimited)
        #expect(error.message.contains("3600 seconds"))
    }

    @Test(
        "Seconds, dates and rate limits tell how long to wait; nonsense tells nothing",
        arguments: [
            ("7", nil, 7), (" 0 ", nil, 0), ("Sun, 06 Nov 1994 08:49:37 GMT", nil, 37),
            ("Sun, 06 Nov 1994 08:00:00 GMT", nil, 0), ("-1", nil, nil), ("soon", nil, nil),
            ("99999999999", nil, nil), (nil, #""api";r=0;t=55"#, 55), (nil, "t=x", nil),
            ("3", "t=55", 3), (nil, nil, nil),
        ] as [(String?, String?, Int?)])
    func retryAfterForms(retryAfter: String?, rateLimit: String?, seconds: Int?) throws {
        let now = try Date("1994-11-06T08:49:00Z", strategy: .iso8601)
        let found = RetryAfter.parse(retryAfter: retryAfter, rateLimit: rateLimit, now: now)
        #expect(found == seconds.map { .seconds($0) })
    }

    @Test(
        "Wrong bytes are fetched once more, an unknown host is asked for twice, what is final once")
    func kinds() {
        let error = HubError(.verificationFailed, "wrong")
        var wrong = RetryState(Self.policy(), what: "hub")
        #expect(wrong.failed(.wrongBytes(error), received: 1 << 30, random: 1) == .wait(.zero))
        #expect(wrong.failed(.wrongBytes(error), received: 1 << 30, random: 1) == .giveUp(error))
        var unknown = RetryState(Self.policy(), what: "hub")
        #expect(unknown.failed(.unknownHost("x"), received: 0, random: 1) == .wait(.seconds(1)))
        #expect(
            unknown.failed(.unknownHost("x"), received: 0, random: 1)
                == .giveUp(HubError(.unreachable, "x")))
        var final = RetryState(Self.policy(), what: "hub")
        #expect(final.failed(.final(error), received: 0, random: 1) == .giveUp(error))
    }

    @Test(
        "What is asked for depends on the part, the size, the tag and the hash",
        arguments: [
            (0, nil, 100, true, .whole),
            (40, "\"a\"", 100, true, .rest(from: 40, ifRange: "\"a\"")),
            (40, nil, 100, true, .rest(from: 40, ifRange: nil)), (40, nil, 100, false, .whole),
            (40, "\"a\"", nil, false, .rest(from: 40, ifRange: "\"a\"")),
            (40, nil, nil, false, .whole),
            (100, nil, 100, true, .nothing), (100, "\"a\"", 100, false, .whole),
            (101, "\"a\"", 100, true, .whole),
        ] as [(Int, String?, Int?, Bool, ResumeDecision.Request)])
    func requests(
        length: Int, tag: String?, size: Int?, verified: Bool, expected: ResumeDecision.Request
    ) {
        let decision = ResumeDecision(expectedSize: size, isVerified: verified)
        #expect(decision.request(for: PartState(length: length, entityTag: tag)) == expected)
    }

    private static let part = PartState(length: 40, entityTag: "\"a\"")
    private static let decision = ResumeDecision(expectedSize: 100, isVerified: true)

    @Test("The rest of the same file is appended")
    func appends() {
        let head = AnswerHead(
            status: 206, contentLength: 60, rangeStart: 40, rangeTotal: 100, entityTag: "\"a\"")
        #expect(Self.decision.action(for: head, asked: 40, part: Self.part) == .append)
    }

    @Test(
        "Another range, another tag, a compressed part or none at all throws the part away",
        arguments: [
            AnswerHead(status: 206, rangeStart: 39, rangeTotal: 100, entityTag: "\"a\""),
            AnswerHead(status: 206, rangeStart: nil, entityTag: "\"a\""),
            AnswerHead(status: 206, rangeStart: 40, rangeTotal: 100, entityTag: "\"b\""),
            AnswerHead(status: 206, rangeStart: 40, rangeTotal: 100, isEncoded: true),
            AnswerHead(status: 416),
        ])
    func discards(head: AnswerHead) {
        guard case .discard = Self.decision.action(for: head, asked: 40, part: Self.part) else {
            return #expect(Bool(false), "\(head)")
        }
    }

    @Test("A server that ignores the range begins anew; one with another size is wrong")
    func wholes() {
        func action(_ head: AnswerHead) -> ResumeDecision.Action {
            Self.decision.action(for: head, asked: 40, part: Self.part)
        }
        #expect(action(AnswerHead(status: 200, contentLength: 100)) == .restart)
        #expect(action(AnswerHead(status: 200)) == .restart)
        #expect(action(AnswerHead(status: 200, contentLength: 9, isEncoded: true)) == .restart)
        for head in [
            AnswerHead(status: 200, contentLength: 99),
            AnswerHead(status: 206, rangeStart: 40, rangeTotal: 99, entityTag: "\"a\""),
        ] {
            guard case .fail(.wrongBytes) = action(head) else {
                return #expect(Bool(false), "\(head)")
            }
        }
    }

    @Test("The rate is that of the last seconds, and the time left follows from it")
    func rate() {
        var rate = TransferRate(window: 10)
        #expect(rate.bytesPerSecond == nil && rate.secondsLeft(of: 100) == nil)
        for second in 0...20 { rate.record(second * 100, at: Double(second)) }
        #expect(rate.bytesPerSecond == 100)
        #expect(rate.secondsLeft(of: 2550) == 6)
        for second in 21...31 { rate.record(2000, at: Double(second)) }
        #expect(rate.bytesPerSecond == 0 && rate.secondsLeft(of: 2550) == nil)
        rate.record(10, at: 32)
        #expect(rate.bytesPerSecond == nil)
        #expect(TransferRate.text(seconds: 7) == "0:07")
        #expect(TransferRate.text(seconds: 11_105) == "3:05:05")
    }

    @Test("Proxies are taken from the environment, with exceptions")
    func proxies() throws {
        let rules = try ProxyRules(
            environment: [
                "HTTPS_PROXY": "http://user:p%40ss@proxy.corp:3128",
                "http_proxy": "socks5://s.corp",
                "NO_PROXY": "localhost, .internal,example.org:8443",
            ], option: nil)
        func proxy(_ text: String) throws -> ProxyRules.Proxy? {
            rules.proxy(for: try #require(WebAddress(text)))
        }
        let secure = try #require(try proxy("https://huggingface.co/"))
        #expect(secure.host == "proxy.corp" && secure.port == 3128 && secure.login == "user:p@ss")
        let plain = try #require(try proxy("http://example.com/"))
        #expect(plain.kind == .socks && plain.port == 1080)
        #expect(try proxy("https://a.internal/") == nil)
        #expect(try proxy("https://internal/") == nil)
        #expect(try proxy("https://notinternal/") != nil)
        #expect(try proxy("https://example.org:8443/") == nil)
        #expect(try proxy("https://example.org/") != nil)
        #expect(
            try ProxyRules(environment: ["HTTPS_PROXY": "http://p", "no_proxy": "*"], option: nil)
                .proxy(for: try #require(WebAddress("https://x/"))) == nil)
        #expect(throws: HubError.self) { try ProxyRules(environment: [:], option: "https://p:1") }
        #expect(throws: HubError.self) { try ProxyRules(environment: [:], option: "http://") }
    }

    @Test("A token goes to its own origin, and over plain http only within this machine")
    func credentials() throws {
        let hub = try #require(WebAddress("https://hub.example/api"))
        let token = try #require(try Credentials(token: " hf_secret\n", for: hub))
        func sent(_ text: String) throws -> String? {
            token.authorization(for: try #require(WebAddress(text)))
        }
        #expect(try sent("https://hub.example/other") == "Bearer hf_secret")
        for other in [
            "https://cdn.example/", "http://hub.example/", "https://hub.example:8443/",
            "https://hub.example.evil/",
        ] {
            #expect(try sent(other) == nil)
        }
        #expect("\(token)".contains("secret") == false)
        #expect(String(reflecting: token).contains("secret") == false)
        let plain = try #require(WebAddress("http://mirror.example/"))
        #expect(try Credentials(token: "t", for: plain)?.authorization(for: plain) == nil)
        let local = try #require(WebAddress("http://127.0.0.1:99/"))
        #expect(try Credentials(token: "t", for: local)?.authorization(for: local) == "Bearer t")
        #expect(throws: HubError.self) { try Credentials(token: "a\r\nX: y", for: hub) }
        #expect(try Credentials(token: " ", for: hub) == nil)
    }
}
