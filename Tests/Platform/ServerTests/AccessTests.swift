import CompletionAPI
import Foundation
import ScriptedBackend
import Server
import Store
import StructuredJSON
import Testing

/// A store in a folder of its own, and keys in it.
private struct Keys {
    let store: SQLiteStore

    init() throws {
        store = try SQLiteStore(
            path: FileManager.default.temporaryDirectory.path + "/berth-access-\(UUID())/s.sqlite")
    }

    /// Makes a key; returns the headers that send it.
    func make(
        _ name: String, role: APIKey.Role = .user, limits: APIKey.Limits = .init(),
        _ change: (inout APIKey) -> Void = { _ in }
    ) async throws -> [String] {
        let secret = KeySecret.random()
        var key = APIKey(
            id: "key_\(name)", name: name, prefix: secret.prefix, role: role, limits: limits,
            created: 1)
        change(&key)
        try await store.insert(key, hash: secret.hash)
        return ["Authorization: Bearer \(secret.text)"]
    }
}

private let path = "/v1/completions"
private let body = #"{"prompt": "x"}"#

@Suite("Keys open the server")
struct AccessTests {
    @Test("Without keys everybody may ask, with any word for a key")
    func noKeys() async throws {
        let backend = ScriptedBackend()
        try await TestServer.run(backend, store: try Keys().store) { server async throws in
            for headers in [[], ["Authorization: Bearer none"], ["x-api-key: unused"]] {
                #expect(try await server.answer("POST", path, body, headers: headers).status == 200)
            }
        }
        #expect(backend.requests.map(\.origin.tenant) == ["", "", ""])
    }

    @Test("The first key closes a running server, and a revoked one stays outside at once")
    func closing() async throws {
        let keys = try Keys()
        try await TestServer.run(ScriptedBackend(), store: keys.store) { server async throws in
            #expect(try await server.answer("POST", path, body).status == 200)
            let headers = try await keys.make("one")
            let refused = try await server.answer("POST", path, body)
            #expect(refused.status == 401 && refused.header("www-authenticate") == "Bearer")
            #expect(try refused.json["error"]?["code"] == "missing_api_key")
            #expect(try await server.answer("POST", path, body, headers: headers).status == 200)
            _ = try await keys.store.revokeKey("one", at: 2)
            let revoked = try await server.answer("POST", path, body, headers: headers)
            #expect(revoked.status == 401)
            #expect(try revoked.json["error"]?["code"] == "revoked_api_key")
            // The last key is gone, and the door does not open again.
            #expect(try await server.answer("POST", path, body).status == 401)
        }
    }

    @Test("A key comes as a bearer, in any case and spacing, or as Anthropic's clients send it")
    func headers() async throws {
        let keys = try Keys()
        let bearer = try await keys.make("one")[0]
        let secret = String(bearer.dropFirst("Authorization: Bearer ".count))
        try await TestServer.run(ScriptedBackend(), store: keys.store) { server async throws in
            for header in [
                "authorization: bearer \(secret)", "Authorization: BEARER  \(secret)",
                "x-api-key: \(secret)",
            ] {
                #expect(
                    try await server.answer("GET", "/v1/models", headers: [header]).status == 200)
            }
            for header in [
                "Authorization: \(secret)", "Authorization: Basic \(secret)",
                "Authorization: Bearer \(secret)x", "x-api-key: berth-", "Authorization: Bearer",
            ] {
                let answer = try await server.answer("GET", "/v1/models", headers: [header])
                #expect(answer.status == 401, "\(header)")
                #expect(!answer.body.contains(secret))
            }
        }
    }

    @Test(
        "Without a key: signs of life and pages; not what is unknown, nor metrics",
        arguments: [
            ("GET", "/health", 200), ("GET", "/ready", 200), ("GET", "/", 200), ("HEAD", "/", 200),
            ("OPTIONS", "/v1/models", 204), ("GET", "/v1/models", 401), ("GET", "/metrics", 401),
            ("GET", "/nothing", 401), ("GET", "/admin/models", 401), ("POST", path, 401),
            ("GET", "//health/", 200), ("GET", "/health/../v1/models", 401),
            ("GET", "/health/x", 401),
        ])
    func doors(method: String, path: String, status: Int) async throws {
        let keys = try Keys()
        _ = try await keys.make("one")
        try await TestServer.run(ScriptedBackend(), store: keys.store) { server async throws in
            #expect(try await server.answer(method, path).status == status)
        }
    }

    @Test("Metrics and administration need an admin's key; metrics may be opened")
    func admins() async throws {
        let keys = try Keys()
        let user = try await keys.make("user")
        let admin = try await keys.make("admin", role: .admin)
        try await TestServer.run(ScriptedBackend(), store: keys.store) { server async throws in
            for path in [
                "/metrics", "/admin/anything", "//metrics", "/metrics//", "///metrics/?x=//",
                "/%6Detrics",
                "//admin/models", "/admin//models", "/%61dmin/models", "/admin", "//%61%64min//",
                "http://localhost//admin/models",
            ] {
                let refused = try await server.answer("GET", path, headers: user)
                #expect(refused.status == 403, "\(path)")
                #expect(try refused.json["error"]?["code"] == "admin_only")
                #expect(try await server.answer("GET", path, headers: admin).status != 403)
            }
        }
        let open = ServerConfiguration(access: AccessConfiguration(opensMetrics: true))
        try await TestServer.run(ScriptedBackend(), configuration: open, store: keys.store) {
            server async throws in
            #expect(try await server.answer("GET", "/metrics").status == 200)
            #expect(try await server.answer("GET", "/v1/models").status == 401)
        }
    }

    @Test("A server can be told to need keys before there are any, or never to")
    func requirement() async throws {
        let keys = try Keys()
        let closed = ServerConfiguration(access: AccessConfiguration(isRequired: true))
        try await TestServer.run(ScriptedBackend(), configuration: closed, store: keys.store) {
            server async throws in
            #expect(try await server.answer("POST", path, body).status == 401)
        }
        // Where no key can be, nobody could ever come in.
        await #expect {
            try await TestServer.run(ScriptedBackend(), configuration: closed) { _ in }
        } throws: {
            ($0 as? ServerError)?.code == .missingStore
        }
        let headers = try await keys.make("one")
        let open = ServerConfiguration(access: AccessConfiguration(isRequired: false))
        let backend = ScriptedBackend()
        try await TestServer.run(backend, configuration: open, store: keys.store) {
            server async throws in
            #expect(try await server.answer("POST", path, body).status == 200)
            #expect(try await server.answer("POST", path, body, headers: headers).status == 200)
        }
        #expect(backend.requests.map(\.origin.tenant) == ["", "key_one"])
    }

    @Test("The engine learns who asks, how large their part is and how urgent it is")
    func origin() async throws {
        let keys = try Keys()
        let headers = try await keys.make("one") { key in
            key.weight = 2.5
            key.priority = .normal
        }
        let backend = ScriptedBackend()
        try await TestServer.run(backend, store: keys.store) { server async throws in
            for extra in [[], ["x-priority: batch"], ["x-priority: Interactive"]] {
                #expect(
                    try await server.answer("POST", path, body, headers: headers + extra).status
                        == 200)
            }
            let answer = try await server.answer(
                "POST", "/v1/chat/completions",
                #"{"messages": [{"role": "user", "content": "x"}], "stream": true}"#,
                headers: headers + ["x-request-timeout-ms: 60000"])
            #expect(answer.status == 200)
        }
        let origins = backend.requests.map(\.origin)
        #expect(origins.allSatisfy { $0.tenant == "key_one" && $0.weight == 2.5 })
        // A header lowers the key's priority, and never raises it.
        #expect(origins.map(\.priority) == [.normal, .batch, .normal, .normal])
        #expect(origins.dropLast().allSatisfy { $0.deadline == nil })
        let deadline = try #require(origins.last?.deadline)
        #expect((50...60).contains((deadline - .now) / .seconds(1)))
    }

    @Test(
        "Headers that make no sense are refused by name",
        arguments: [
            "x-priority: urgent", "x-request-timeout-ms: 0", "x-request-timeout-ms: soon",
            "x-request-timeout-ms: 99999999999999999999",
        ])
    func wrongHeaders(header: String) async throws {
        try await TestServer.run(ScriptedBackend()) { server async throws in
            let answer = try await server.answer("POST", path, body, headers: [header])
            #expect(answer.status == 400)
            let name = String(header.prefix { $0 != ":" })
            #expect(try answer.json["error"]?["param"] == .string(name))
        }
    }

    @Test("A key sees and uses its own models only")
    func models() async throws {
        let keys = try Keys()
        let headers = try await keys.make("one") { $0.models = ["other"] }
        var other = ModelDescription.scripted
        other.name = "other"
        let backend = ScriptedBackend(models: [.scripted, other])
        try await TestServer.run(backend, store: keys.store) { server async throws in
            let list = try await server.answer("GET", "/v1/models", headers: headers).json
            #expect(list["data"]?.array?.map { $0["id"] } == ["other"])
            // The default is the first that it may use.
            #expect(try await server.answer("POST", path, body, headers: headers).status == 200)
            let refused = try await server.answer(
                "POST", path, #"{"prompt": "x", "model": "scripted"}"#, headers: headers)
            #expect(refused.status == 403)
            #expect(try refused.json["error"]?["code"] == "model_not_allowed")
        }
        #expect(backend.requests.map(\.model) == ["other"])
    }
}

@Suite("Keys have limits")
struct LimitTests {
    @Test("Beyond its requests a key gets 429 and is told when to come back; others go on")
    func requests() async throws {
        let keys = try Keys()
        let one = try await keys.make("one", limits: .init(requestsPerMinute: 2))
        let two = try await keys.make("two")
        try await TestServer.run(ScriptedBackend(), store: keys.store) { server async throws in
            let first = try await server.answer("POST", path, body, headers: one)
            #expect(first.header("x-ratelimit-limit-requests") == "2")
            #expect(first.header("x-ratelimit-remaining-requests") == "1")
            #expect(first.header("x-ratelimit-reset-requests")?.hasSuffix("s") == true)
            #expect(try await server.answer("POST", path, body, headers: one).status == 200)
            let refused = try await server.answer("POST", path, body, headers: one)
            #expect(refused.status == 429)
            #expect(try refused.json["error"]?["code"] == "rate_limit_exceeded")
            #expect(try refused.json["error"]?["type"] == "requests")
            let wait = try #require(refused.header("retry-after").flatMap { Int($0) })
            #expect((1...30).contains(wait))
            #expect(refused.header("x-ratelimit-remaining-requests") == "0")
            // Looking is free, and another key has limits of its own.
            #expect(try await server.answer("GET", "/v1/models", headers: one).status == 200)
            let other = try await server.answer("POST", path, body, headers: two)
            #expect(other.status == 200 && other.header("x-ratelimit-limit-requests") == nil)
            let metrics = try await server.answer(
                "GET", "/metrics", headers: try await keys.make("admin", role: .admin))
            #expect(metrics.body.contains(#"berth_rate_limited_total{limit="requests"} 1"#))
        }
    }

    @Test("Requests at a time are counted until their answers end, streams and leavers included")
    func concurrency() async throws {
        let keys = try Keys()
        let one = try await keys.make("one", limits: .init(concurrency: 1))
        let backend = ScriptedBackend { _ in
            .init(["piece"], isEndless: true, pause: .milliseconds(10))
        }
        try await TestServer.run(backend, store: keys.store) { server async throws in
            for _ in 0..<3 {
                let connection = try await server.connect()
                try await connection.send(
                    "POST", path, #"{"prompt": "x", "stream": true}"#, headers: one)
                try await connection.wait(for: "piece")
                #expect(try await server.answer("POST", path, body, headers: one).status == 429)
                try await connection.close()
                try await eventually("the place is free again") {
                    await backend.statistics().running == 0
                }
                try await Task.sleep(for: .milliseconds(50))
            }
        }
    }

    @Test("Tokens are set aside by estimate and settled by what was used")
    func tokens() async throws {
        let keys = try Keys()
        let one = try await keys.make("one", limits: .init(tokensPerMinute: 1000))
        // Seven tokens of prompt and three of answer.
        let backend = ScriptedBackend()
        try await TestServer.run(backend, store: keys.store) { server async throws in
            func ask(_ maximum: Int) async throws -> TestAnswer {
                try await server.answer(
                    "POST", path, #"{"prompt": "x", "max_tokens": \#(maximum)}"#, headers: one)
            }
            #expect(try await ask(900).status == 200)
            let second = try await ask(900)
            #expect(second.status == 200)
            let left = try #require(
                second.header("x-ratelimit-remaining-tokens").flatMap { Int($0) })
            #expect(left <= 1000)
            // More than a minute's worth needs a full bucket, and it is not full.
            let refused = try await ask(1_000_000)
            #expect(refused.status == 429)
            #expect(try refused.json["error"]?["type"] == "tokens")
            #expect(try await ask(100).status == 200)
        }
        #expect(backend.requests.count == 3)
    }

    @Test(
        "All of a conversation counts before it begins, and without max_tokens a whole context",
        arguments: [
            (#""chat_template_kwargs": {"x": "LONG"}, "max_tokens": 1"#, 0...100),
            (#""max_tokens": 1"#, 950...1000), (#""temperature": 0"#, 0...0),
        ])
    func estimates(fields: String, remaining: ClosedRange<Int>) async throws {
        let keys = try Keys()
        let one = try await keys.make("one", limits: .init(tokensPerMinute: 1000))
        let backend = ScriptedBackend { _ in .init(["x"], isEndless: true, pause: .seconds(60)) }
        try await TestServer.run(backend, store: keys.store) { server async throws in
            let long = String(repeating: "abc", count: 950)
            let fields = fields.replacing("LONG", with: long)
            let connection = try await server.connect()
            try await connection.send(
                "POST", "/v1/chat/completions",
                #"{"messages": [{"role": "user", "content": "x"}], "stream": true, \#(fields)}"#,
                headers: one)
            try await connection.wait(for: "200 OK")
            let left = try await server.answer("GET", "/v1/models", headers: one)
                .header("x-ratelimit-remaining-tokens")
            // A bucket fills while one looks.
            let tokens = try #require(left.flatMap { Int($0) })
            #expect((remaining.lowerBound...remaining.upperBound + 150).contains(tokens))
            try await connection.close()
        }
    }

    @Test("Vectors that nobody waits for are paid for all the same")
    func abandonedVectors() async throws {
        let keys = try Keys()
        let one = try await keys.make("one", limits: .init(tokensPerMinute: 1000))
        let backend = ScriptedBackend(models: [.scriptedEmbedder])
        try await TestServer.run(backend, store: keys.store) { server async throws in
            func left() async throws -> Int? {
                try await server.answer("GET", "/v1/models", headers: one)
                    .header("x-ratelimit-remaining-tokens").flatMap { Int($0) }
            }
            let long = String(repeating: "abc", count: 900)
            let connection = try await server.connect()
            try await connection.send(
                "POST", "/v1/embeddings", #"{"input": ["slow", "\#(long)"]}"#, headers: one)
            try await eventually("the work begins") { backend.embeddings.count == 1 }
            try await connection.close()
            try await eventually("the work ends") { backend.cancelled == 1 }
            try await Task.sleep(for: .milliseconds(50))
            #expect(try #require(try await left()) < 400)
        }
    }

    @Test("All requests without a key share one limit")
    func anonymous() async throws {
        let configuration = ServerConfiguration(
            access: AccessConfiguration(anonymousLimits: .init(requestsPerMinute: 1)))
        try await TestServer.run(ScriptedBackend(), configuration: configuration) {
            server async throws in
            #expect(try await server.answer("POST", path, body).status == 200)
            #expect(try await server.answer("POST", path, body).status == 429)
        }
    }

    @Test("What keys use is counted in the store and in the metrics, embeddings included")
    func usage() async throws {
        let keys = try Keys()
        let admin = try await keys.make("admin", role: .admin)
        let backend = ScriptedBackend(models: [.scripted, .scriptedEmbedder])
        try await TestServer.run(backend, store: keys.store) { server async throws in
            for _ in 0..<2 {
                _ = try await server.answer("POST", path, body, headers: admin)
            }
            _ = try await server.answer(
                "POST", "/v1/embeddings", #"{"input": "abc"}"#, headers: admin)
            let metrics = try await server.answer("GET", "/metrics", headers: admin).body
            for line in [
                #"berth_tokens_total{key="admin",model="scripted",kind="prompt"} 14"#,
                #"berth_tokens_total{key="admin",model="scripted",kind="completion"} 6"#,
                #"berth_tokens_total{key="admin",model="scripted-embedder",kind="prompt"} 3"#,
                #"berth_time_per_token_seconds_count{model="scripted"} 2"#,
            ] {
                #expect(metrics.contains(line + "\n"), "\(line)")
            }
        }
        // Written when the server ends, at the latest.
        let counts = try await keys.store.usage(ofKey: "key_admin", since: 0)
        #expect(counts.map(\.model) == ["scripted", "scripted-embedder"])
        #expect(counts.map(\.requests) == [2, 1])
        #expect(counts.map(\.promptTokens) == [14, 3])
        #expect(counts.map(\.completionTokens) == [6, 0])
    }
}
