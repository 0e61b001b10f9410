import CompletionAPI
import HTTPTypes
import Hummingbird
import StructuredJSON

/// `/admin/...`: models, live requests and statistics, for those who run the server.
struct AdministrationRoutes: Sendable {
    let backend: any ModelBackend
    let answers: ActiveAnswers
    let sampler: StatisticsSampler
    let configuration: ServerConfiguration

    func add(to router: Router<ServerContext>) {
        router.endpoint("admin/models", [.get: models, .post: loadNamed])
        // A model's name may hold slashes.
        router.endpoint("admin/models/**", [.post: change])
        router.endpoint("admin/adapters", [.post: addAdapter])
        router.endpoint("admin/adapters/**", [.delete: dropAdapter])
        router.endpoint("admin/requests", [.get: requests])
        router.endpoint("admin/requests/:id", [.delete: cancel])
        router.endpoint("admin/statistics", [.get: statistics])
    }

    // MARK: Models

    @Sendable
    private func models(_ request: Request, _ context: ServerContext) async -> Response {
        let memory = await backend.memory()
        return Response(json: [
            "memory": [
                "budget_bytes": memory.budget.map { .integer($0) } ?? .null,
                "used_bytes": .integer(memory.used),
            ],
            "models": .array(await backend.models().map(\.administration)),
        ])
    }

    /// `{"model": "NAME"}`: one that is known, or that lies where models may be loaded from.
    @Sendable
    private func loadNamed(_ request: Request, _ context: ServerContext) async throws -> Response {
        let body = JSONField(try await request.json(limit: configuration.bodyLimit))
        return try await load(try body["model"].string(), context)
    }

    @Sendable
    private func change(_ request: Request, _ context: ServerContext) async throws -> Response {
        let path = request.uri.path.dropFirst("/admin/models/".count)
        guard let slash = path.lastIndex(of: "/") else {
            throw APIError.notFound(request.uri.path)
        }
        let name = PercentEncoding.decoded(path[..<slash])
        switch path[path.index(after: slash)...] {
        case "load": return try await load(name, context)
        case "unload": return Response(json: try await backend.unload(name).administration)
        case "pin":
            let isPinned = try await self.isPinned(request)
            return Response(json: try await backend.pin(name, isPinned).administration)
        default: throw APIError.notFound(request.uri.path)
        }
    }

    private func load(_ name: String, _ context: ServerContext) async throws -> Response {
        let model = try await answers.finish(model: name, context) {
            try await backend.load(name)
        }
        return Response(json: model.administration)
    }

    /// `{"pinned": false}`; without a body, true.
    private func isPinned(_ request: Request) async throws -> Bool {
        let length = request.headers[.contentLength] ?? "0"
        guard length != "0" || request.headers[.transferEncoding] != nil else { return true }
        let body = JSONField(try await request.json(limit: configuration.bodyLimit))
        return try body["pinned"].bool()
    }

    // MARK: Adapters

    /// `{"lora_name": "NAME", "lora_path": "PATH", "model": "BASE"}`; the first two as in vLLM.
    @Sendable
    private func addAdapter(_ request: Request, _ context: ServerContext) async throws -> Response {
        let body = JSONField(try await request.json(limit: configuration.bodyLimit))
        let name = try body["lora_name"].string()
        let path = try body["lora_path"].string()
        let base = try body["model"].ifPresent?.string()
        let added = try await answers.finish(model: name, context) {
            try await backend.addAdapter(name, path: path, base: base)
        }
        return Response(json: added.administration)
    }

    @Sendable
    private func dropAdapter(_ request: Request, _ context: ServerContext) async throws -> Response
    {
        let name = PercentEncoding.decoded(request.uri.path.dropFirst("/admin/adapters/".count))
        try await backend.dropAdapter(name)
        return Response(json: ["name": .string(name), "dropped": true])
    }

    // MARK: Requests

    @Sendable
    private func requests(_ request: Request, _ context: ServerContext) -> Response {
        Response(json: ["requests": .array(answers.requests.all.map(\.json))])
    }

    @Sendable
    private func cancel(_ request: Request, _ context: ServerContext) async throws -> Response {
        let id = try context.parameters.require("id")
        guard answers.requests.cancel(id) else {
            throw APIError(
                status: .notFound, kind: .invalidRequest,
                message: "no request \(id) is being answered; it may have ended",
                code: "request_not_found")
        }
        return Response(json: ["id": .string(id), "cancelled": true])
    }

    @Sendable
    private func statistics(_ request: Request, _ context: ServerContext) -> Response {
        Response(json: sampler.series.json)
    }
}

extension ModelDescription {
    fileprivate var administration: JSONValue {
        [
            "name": .string(name), "summary": .string(summary), "task": .string(task.rawValue),
            "context_length": .integer(contextLength),
            "state": .string(residency.state.rawValue), "bytes": .integer(residency.bytes),
            "pinned": .bool(residency.isPinned), "users": .integer(residency.users),
            "last_used_at": residency.lastUsedAt.map { .integer($0) } ?? .null,
            "unloads_at": residency.unloadsAt.map { .integer($0) } ?? .null,
            "failure": residency.failure.map { .string($0) } ?? .null,
            "parent": parent.map { .string($0) } ?? .null,
        ]
    }
}

extension LiveRequest {
    fileprivate var json: JSONValue {
        let progress = progress
        return [
            "id": .string(id), "key": key.isEmpty ? .null : .string(key), "model": .string(model),
            "endpoint": .string(endpoint), "state": .string(progress.phase.rawValue),
            "prompt_tokens": progress.promptTokens.map { .integer($0) } ?? .null,
            "completion_tokens": .integer(progress.completionTokens),
            "age_seconds": .number((age * 1000).rounded() / 1000),
        ]
    }
}
