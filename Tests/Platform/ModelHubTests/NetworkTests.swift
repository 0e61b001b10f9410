import Foundation
import ModelHub
import Synchronization
import Testing

@Suite("Ways to a server: proxies, refusals, several pulls, full disks")
struct NetworkTests {
    private static let weights = FakeHub.gguf(50_000)
    private static let hub = FakeHub(files: ["m-Q4_K_M.gguf": weights])
    private static let file = "/org/repo/resolve/\(FakeHub.commit)/m-Q4_K_M.gguf"

    /// Answers CONNECT, and plays the server behind it itself.
    private static func proxy(_ request: WireRequest, needsLogin: Bool = false) -> WireReply {
        guard request.method == "CONNECT" else { return hub.reply(request) }
        let login = "Basic " + Data("user:p@ss".utf8).base64EncodedString()
        if needsLogin, request.header("Proxy-Authorization") != login {
            return .answer(407, headers: ["Proxy-Authenticate: Basic"])
        }
        return .bytes("HTTP/1.1 200 Connection established\r\n\r\n")
    }

    @Test("Requests go through the proxy of the environment or the option, with its login")
    func proxies() async throws {
        try await ScriptedServer.run { request, _ in
            Self.proxy(request, needsLogin: true)
        } _: { proxy in
            let address = "http://user:p%40ss@127.0.0.1:\(proxy.port)"
            let endpoint = ["HF_ENDPOINT": "http://hub.example"]
            let environments = [
                (endpoint.merging(["http_proxy": address]) { $1 }, nil), (endpoint, address),
            ]
            for (environment, option) in environments {
                let test = try PullTest()
                let before = proxy.requests.count
                let entry = try await test.pull(
                    "org/repo",
                    try PullTest.settings(environment, token: "hf_secret", proxy: option))
                #expect(try test.bytes(entry.path) == Self.weights)
                let requests = proxy.requests[before...]
                #expect(requests.first?.method == "CONNECT")
                #expect(requests.first?.target == "hub.example:80")
                // Plain http to a host that is not this machine: the token stays here.
                #expect(requests.allSatisfy { $0.header("Authorization") == nil })
            }
        }
    }

    @Test("A proxy that wants a login, or that does not connect, is named")
    func proxyErrors() async throws {
        for (status, code, mention) in [
            (407, HubError.Code.accessDenied, "USER:PASSWORD"),
            (502, .transferFailed, "does not connect to hub.example"),
        ] {
            try await ScriptedServer.run { _, _ in
                .answer(status)
            } _: { proxy in
                let test = try PullTest()
                let settings = try PullTest.settings([
                    "HF_ENDPOINT": "https://hub.example",
                    "HTTPS_PROXY": "http://127.0.0.1:\(proxy.port)",
                ])
                let error = try await expectHubError(code) {
                    try await test.pull("org/repo", settings)
                }
                #expect(error.message.contains(mention), "\(error.message)")
                #expect(proxy.requests.first?.target == "hub.example:443")
            }
        }
    }

    @Test("NO_PROXY goes around the proxy")
    func noProxy() async throws {
        try await ScriptedServer.run { request, _ in
            Self.hub.reply(request)
        } _: { server in
            let test = try PullTest()
            try await test.pull(
                "org/repo",
                try PullTest.settings([
                    "HF_ENDPOINT": server.url, "http_proxy": "http://127.0.0.1:9",
                    "NO_PROXY": "127.0.0.1",
                ]))
        }
    }

    @Test("A port where nobody listens is refused in plain words, after some tries")
    func refused() async throws {
        let closed = try await ScriptedServer.closedPort()
        let test = try PullTest()
        let error = try await expectHubError(.transferFailed) {
            try await test.pull(
                "org/repo", try PullTest.settings(["HF_ENDPOINT": "http://127.0.0.1:\(closed)"]))
        }
        #expect(error.message.contains("127.0.0.1 refuses the connection"), "\(error.message)")
        #expect(test.notices.count == 3)
    }

    @Test("A host without an address is an error that speaks of spelling and network")
    func unknownHost() async throws {
        let test = try PullTest()
        let error = try await expectHubError(.unreachable) {
            try await test.pull(
                "org/repo", try PullTest.settings(["HF_ENDPOINT": "https://hub.invalid"]))
        }
        #expect(error.message.contains("hub.invalid has no address"), "\(error.message)")
    }

    @Test("A server that speaks no TLS where TLS is due is an error, not a hang")
    func notTLS() async throws {
        try await ScriptedServer.run { _, _ in
            .answer(200)
        } _: { server in
            let test = try PullTest()
            let error = try await expectHubError(.transferFailed) {
                try await test.pull(
                    "org/repo",
                    try PullTest.settings(["HF_ENDPOINT": "https://127.0.0.1:\(server.port)"]))
            }
            #expect(error.message.contains("127.0.0.1"), "\(error.message)")
        }
    }

    @Test("Two pulls of one file download it once; the second waits for the first")
    func twoPulls() async throws {
        try await ScriptedServer.run { request, _ in
            var reply = Self.hub.reply(request)
            if request.path == Self.file { reply.steps.insert(.pause(.milliseconds(150)), at: 0) }
            return reply
        } _: { server in
            let test = try PullTest()
            let settings = try PullTest.settings(["HF_ENDPOINT": server.url])
            async let first = test.pull("org/repo", settings)
            async let second = test.pull("org/repo", settings)
            let paths = try await [first.path, second.path]
            #expect(paths[0] == paths[1])
            #expect(try test.bytes(paths[0]) == Self.weights)
            #expect(server.requests.count { $0.path == Self.file } == 1)
            #expect(test.notices.contains { $0.contains("waiting for it") })
            #expect(test.parts.isEmpty)
        }
    }

    @Test("A pull that is cancelled keeps its part, and the next one continues it")
    func cancelled() async throws {
        try await ScriptedServer.run { request, count in
            guard request.path == Self.file, count == 0 else { return Self.hub.reply(request) }
            var reply = WireReply.bytes(
                "HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 50000\r\n\r\n",
                Array(Self.weights[..<30_000]))
            reply.steps.append(.pause(.seconds(10)))
            return reply
        } _: { server in
            let test = try PullTest()
            var settings = try PullTest.settings(["HF_ENDPOINT": server.url])
            settings.stallTimeout = .seconds(10)
            let patient = settings
            let pull = Task { try await test.pull("org/repo", patient) }
            let part = "\(test.store.folder)/partial/\(FakeHub.sha256(Self.weights))"
            let deadline = ContinuousClock.now + .seconds(5)
            while (try? test.bytes(part))?.count != 30_000, ContinuousClock.now < deadline {
                try await Task.sleep(for: .milliseconds(5))
            }
            pull.cancel()
            await #expect(throws: CancellationError.self) { try await pull.value }
            #expect(try test.bytes(part) == Array(Self.weights[..<30_000]))
            test.expectNothingListed()
            try await test.pull("org/repo", settings)
            #expect(server.requests.last?.rangeStart == 30_000)
        }
    }

    @Test("Too little space is told before the first byte, with what is needed and what is there")
    func space() async throws {
        try await ScriptedServer.run { request, _ in
            Self.hub.reply(request)
        } _: { server in
            let test = try PullTest()
            let settings = try PullTest.settings(["HF_ENDPOINT": server.url])
            let error = try await expectHubError(.storage) {
                try await test.pull("org/repo", settings, freeBytes: { _ in 49_999 })
            }
            #expect(error.message.contains("needs 50.0 kB more"), "\(error.message)")
            #expect(error.message.contains("49.9 kB free"))
            #expect(!server.requests.contains { $0.path == Self.file })
            test.expectNothingListed()
            try await test.pull("org/repo", settings, freeBytes: { _ in 50_000 })
            // What is there needs no space.
            try await test.pull("org/repo", settings, freeBytes: { _ in 0 })
        }
    }
}
