import CompletionAPI
import FoundationEssentials
import HTTPTypes
import Hummingbird
import StructuredJSON

/// Ollama's API, below `/api`.
struct OllamaRoutes: Sendable {
    let service: AnswerService
    let configuration: ServerConfiguration
    private var backend: any ModelBackend { service.backend }

    /// Ollama's release whose fields this API knows; clients look at it to learn what they may ask for.
    private static let version = "0.12.11"

    /// What only the machine's owner does, and how.
    private static let elsewhere: [(String, HTTPRequest.Method, String)] = [
        ("api/pull", .post, "run 'berth pull NAME' on the server's machine"),
        ("api/push", .post, "this server publishes no models"),
        ("api/create", .post, "make a GGUF file with 'berth convert' or 'berth quantize'"),
        ("api/copy", .post, "models are files; see 'berth models'"),
        ("api/delete", .delete, "run 'berth models remove NAME' on the server's machine"),
    ]

    func add(to router: Router<ServerContext>) {
        router.endpoint("api/chat", [.post: chat])
        router.endpoint("api/generate", [.post: generate])
        router.endpoint("api/embed", [.post: embed])
        router.endpoint("api/embeddings", [.post: embedOne])
        router.endpoint("api/tags", [.get: { _, _ in await list { _ in true } }])
        router.endpoint(
            "api/ps", [.get: { _, _ in await list { $0.residency.state == .ready } }])
        router.endpoint("api/show", [.post: show])
        router.endpoint("api/version", [.get: { _, _ in version() }])
        for (path, method, advice) in Self.elsewhere {
            router.endpoint(
                RouterPath(path),
                [
                    method: { _, _ in
                        throw APIError(
                            status: .notImplemented, kind: .invalidRequest,
                            message: "/\(path) is not possible here; \(advice)",
                            code: "not_supported")
                    }
                ])
        }
    }

    // MARK: Answers

    @Sendable
    private func chat(_ request: Request, _ context: ServerContext) async throws -> Response {
        let body = try OllamaRequest(
            chat: try await request.json(limit: configuration.bodyLimit))
        return try await respond(to: body, at: .chat, context)
    }

    @Sendable
    private func generate(_ request: Request, _ context: ServerContext) async throws -> Response {
        let body = try OllamaRequest(
            generate: try await request.json(limit: configuration.bodyLimit))
        return try await respond(to: body, at: .generate, context)
    }

    private func respond(
        to body: OllamaRequest, at endpoint: OllamaStyle.Endpoint, _ context: ServerContext
    ) async throws -> Response {
        let model = try await backend.ollamaModel(body.model, for: .generation)
        let style = OllamaStyle(
            // Under the name that the client used.
            model: body.model, endpoint: endpoint, showsLogprobs: body.reports != nil)
        guard let description = await backend.models().first(where: { $0.name == model }) else {
            throw CompletionError(
                code: .modelNotFound, message: "model '\(body.model)' not found", field: "model")
        }
        guard !body.subject.isEmpty else {
            // Any question brings a model into memory; this one costs nothing else.
            _ = try await service.answers.finish(model: model, context) {
                try await backend.tokens(
                    of: TokenizationRequest(model: model, prompt: .tokens([])))
            }
            return Response(json: style.loaded())
        }
        return try await service.respond(
            to: [try body.completion(model: model, canChat: description.canChat)], as: style,
            streams: body.streams, context)
    }

    // MARK: Embeddings

    @Sendable
    private func embed(_ request: Request, _ context: ServerContext) async throws -> Response {
        let start = Date.now
        let body = try EmbeddingBody(
            parsing: try await request.jsonBytes(limit: configuration.bodyLimit))
        let name = try await backend.ollamaModel(body.model, for: .embedding)
        var wanted = body.request(model: name)
        wanted.truncates = body.truncates ?? true
        let result = try await service.answers.finish(model: name, context) { [wanted] in
            try await backend.embed(wanted)
        }
        return Response(json: [
            "model": .string(body.model ?? name),
            "embeddings": .array(result.vectors.map(EmbeddingBody.list)),
            "total_duration": .nanoseconds(Date.now.timeIntervalSince(start)), "load_duration": 0,
            "prompt_eval_count": .integer(result.promptTokens),
        ])
    }

    /// The older route, of one text.
    @Sendable
    private func embedOne(_ request: Request, _ context: ServerContext) async throws -> Response {
        let root = JSONField(try await request.json(limit: configuration.bodyLimit))
        let text = try root["prompt"].string()
        let name = try await backend.ollamaModel(try root["model"].string(), for: .embedding)
        let wanted = EmbeddingRequest(model: name, inputs: [.text(text)], truncates: true)
        let result = try await service.answers.finish(model: name, context) {
            try await backend.embed(wanted)
        }
        return Response(json: [
            "embedding": result.vectors.first.map(EmbeddingBody.list) ?? []
        ])
    }

    // MARK: Models

    private func list(where isMeant: (ModelDescription) -> Bool) async -> Response {
        let models = await backend.models().filter(isMeant)
        return Response(json: ["models": .array(models.map(\.ollama))])
    }

    @Sendable
    private func show(_ request: Request, _ context: ServerContext) async throws -> Response {
        let root = JSONField(try await request.json(limit: configuration.bodyLimit))
        let name = try (root["name"].ifPresent ?? root["model"]).string()
        let models = await backend.models()
        guard
            let model = models.first(where: { $0.name == name })
                ?? models.first(where: { $0.name == name.withoutLatest })
        else {
            throw CompletionError(
                code: .modelNotFound, message: "model '\(name)' not found", field: "model")
        }
        return Response(json: model.ollamaDetails)
    }

    private func version() -> Response {
        var object: JSONObject = ["version": .string(Self.version)]
        object["server"] = configuration.fingerprint.map(JSONValue.string)
        return Response(json: .object(object))
    }
}

extension CompletionBackend {
    /// As ``modelName(_:for:)``; a model without a tag is also found by the tag `latest`.
    fileprivate func ollamaModel(
        _ requested: String?, for task: ModelTask
    ) async throws -> String {
        let names = await models().map(\.name)
        guard let requested, !names.contains(requested) else {
            return try await modelName(requested, for: task)
        }
        return try await modelName(requested.withoutLatest, for: task)
    }
}

extension String {
    fileprivate var withoutLatest: String {
        hasSuffix(":latest") ? String(dropLast(":latest".count)) : self
    }
}

extension ModelDescription {
    fileprivate var ollama: JSONValue {
        [
            "name": .string(name), "model": .string(name),
            "modified_at": .string(Date(timeIntervalSince1970: Double(loadedAt)).ollama),
            "size": .integer(file?.bytes ?? 0), "digest": "", "details": details,
        ]
    }

    fileprivate var ollamaDetails: JSONValue {
        let architecture = file?.architecture ?? ""
        let capability: JSONValue = task == .generation ? "completion" : "embedding"
        return [
            "modelfile": "", "parameters": "", "template": "", "license": "",
            "modified_at": .string(Date(timeIntervalSince1970: Double(loadedAt)).ollama),
            "details": details,
            "model_info": [
                "general.architecture": .string(architecture),
                "general.parameter_count": .integer(file?.parameters ?? 0),
                "\(architecture).context_length": .integer(contextLength),
            ], "capabilities": [capability],
        ]
    }

    private var details: JSONValue {
        let family = JSONValue.string(file?.architecture ?? "")
        return [
            "parent_model": "", "format": "gguf", "family": family, "families": [family],
            "parameter_size": .string(file?.parameterSize ?? ""),
            "quantization_level": .string(file?.weightType ?? ""),
        ]
    }
}
