import CompletionAPI
import ScriptedBackend
import Server
import StructuredJSON
import Testing

@Suite("Administration of models and requests")
struct AdministrationTests {
    private static func model(_ name: String, _ state: ModelResidencyReport.State)
        -> ModelDescription
    {
        ModelDescription(
            name: name, summary: "no model at all", contextLength: 4096, loadedAt: 1_700_000_000,
            canChat: true, residency: ModelResidencyReport(state: state, bytes: 1 << 20))
    }

    private static func backend() -> ScriptedBackend {
        ScriptedBackend(models: [
            model("one", .ready), model("owner/two", .unloaded), model("broken", .unloaded),
        ])
    }

    private func state(_ server: TestServer, _ name: String) async throws -> String {
        let answer = try await server.answer("GET", "/admin/models")
        let models = try JSONField(answer.json)["models"].array()
        for model in models where try model["name"].string() == name {
            return try model["state"].string()
        }
        return "unknown"
    }

    @Test(
        "Models are listed with their memory, loaded, unloaded and pinned by name, slashes included"
    )
    func models() async throws {
        try await TestServer.run(Self.backend()) { server in
            let list = JSONField(try await server.answer("GET", "/admin/models").json)
            #expect(try list["memory"]["used_bytes"].int() == 1 << 20)
            #expect(try list["memory"]["budget_bytes"].int() == 8 << 30)
            #expect(try await server.answer("POST", "/admin/models/owner/two/load").status == 200)
            #expect(try await state(server, "owner/two") == "ready")
            #expect(
                try await server.answer("POST", "/admin/models/owner%2Ftwo/unload").status == 200)
            #expect(try await state(server, "owner/two") == "unloaded")
            let pinned = try await server.answer("POST", "/admin/models/one/pin")
            #expect(try JSONField(pinned.json)["pinned"].bool())
            #expect(
                try await server.answer("POST", "/admin/models", #"{"model": "owner/two"}"#).status
                    == 200)
        }
    }

    @Test(
        "What cannot be done says why",
        arguments: [
            ("POST", "/admin/models/nobody/load", "", 404),
            ("POST", "/admin/models/broken/load", "", 500),
            ("POST", "/admin/models/one/explode", "", 404),
            ("POST", "/admin/models/one", "", 404),
            ("POST", "/admin/models", #"{"model": 7}"#, 400),
            ("GET", "/admin/models/one/load", "", 405),
            ("DELETE", "/admin/requests/nobody", "", 404),
        ])
    func refusals(method: String, path: String, body: String, status: Int) async throws {
        try await TestServer.run(Self.backend()) { server in
            let answer = try await server.answer(method, path, body)
            #expect(answer.status == status)
            #expect(try !JSONField(answer.json)["error"]["message"].string().isEmpty)
        }
    }

    @Test(
        "A request that a proxy passed on is no administrator's, be the proxy on this machine or not"
    )
    func forwarded() async throws {
        try await TestServer.run(Self.backend()) { server in
            for field in ["X-Forwarded-For: 10.0.0.1", "Forwarded: for=10.0.0.1"] {
                let connection = try await server.connect()
                try await connection.send(
                    "GET", "/admin/models", headers: [field, "Connection: close"])
                try await connection.waitUntilClosed()
                #expect(try TestAnswer(connection.received.text).status == 403)
            }
        }
    }

    @Test("A live request is listed without its words, and ends when an administrator says so")
    func requests() async throws {
        let backend = ScriptedBackend { _ in
            .init(["secret"], isEndless: true, pause: .milliseconds(5))
        }
        try await TestServer.run(backend) { server in
            let connection = try await server.connect()
            try await connection.send(
                "POST", "/v1/completions", #"{"prompt": "whisper", "stream": true}"#)
            try await connection.wait(for: "secret")
            let answer = try await server.answer("GET", "/admin/requests")
            #expect(!answer.body.contains("whisper") && !answer.body.contains("secret"))
            let requests = try JSONField(answer.json)["requests"].array()
            #expect(requests.count == 1)
            let request = try #require(requests.first)
            #expect(try request["model"].string() == "scripted")
            #expect(try request["state"].string() == "decode")
            #expect(try request["prompt_tokens"].int() == 7)
            #expect(try request["completion_tokens"].int() > 0)
            #expect(try request["endpoint"].string() == "/v1/completions")
            let id = try request["id"].string()
            #expect(try await server.answer("DELETE", "/admin/requests/\(id)").status == 200)
            try await connection.wait(for: "cancelled")
            try await eventually("the backend is told") { backend.cancelled == 1 }
            try await eventually("the request is gone") {
                let body = try? await server.answer("GET", "/admin/requests").body
                return body?.contains(id) == false
            }
        }
    }

    @Test("A request that waits for its model is listed as waiting, and can be ended")
    func waiting() async throws {
        try await TestServer.run(SlowToStart()) { server in
            let connection = try await server.connect()
            try await connection.send("POST", "/v1/completions", #"{"prompt": "x"}"#)
            var id = ""
            try await eventually("the request waits") {
                guard let answer = try? await server.answer("GET", "/admin/requests"),
                    let request = try? JSONField(answer.json)["requests"].array().first,
                    (try? request["state"].string()) == "waiting"
                else { return false }
                id = (try? request["id"].string()) ?? ""
                return true
            }
            #expect(try await server.answer("DELETE", "/admin/requests/\(id)").status == 200)
            try await connection.wait(for: "409")
        }
    }
}

/// A backend whose model never finishes loading.
private struct SlowToStart: ModelBackend {
    private let other = ScriptedBackend()

    func models() async -> [ModelDescription] { await other.models() }
    func statistics() async -> BackendStatistics { await other.statistics() }

    func complete(_ request: CompletionRequest) async throws -> CompletionStream {
        try await Task.sleep(for: .seconds(600))
        return try await other.complete(request)
    }

    func embed(_ request: EmbeddingRequest) async throws -> EmbeddingResult {
        try await other.embed(request)
    }

    func rerank(_ request: RerankRequest) async throws -> RerankResult {
        try await other.rerank(request)
    }

    func tokens(of request: TokenizationRequest) async throws -> [Int] {
        try await other.tokens(of: request)
    }

    func pieces(of tokens: [Int], model: String) async throws -> [[UInt8]] {
        try await other.pieces(of: tokens, model: model)
    }

    func text(of tokens: [Int], model: String) async throws -> String {
        try await other.text(of: tokens, model: model)
    }

    func memory() async -> ModelMemoryReport { await other.memory() }
    func load(_ name: String) async throws -> ModelDescription { try await other.load(name) }
    func unload(_ name: String) async throws -> ModelDescription { try await other.unload(name) }

    func pin(_ name: String, _ isPinned: Bool) async throws -> ModelDescription {
        try await other.pin(name, isPinned)
    }

    func addAdapter(_ name: String, path: String, base: String?) async throws -> ModelDescription {
        try await other.addAdapter(name, path: path, base: base)
    }

    func dropAdapter(_ name: String) async throws { try await other.dropAdapter(name) }
}
