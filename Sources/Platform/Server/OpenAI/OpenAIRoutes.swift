import CompletionAPI
import FoundationEssentials
import Hummingbird
import StructuredJSON

/// `/v1/models`, `/v1/chat/completions` and `/v1/completions`.
struct OpenAIRoutes: Sendable {
    let service: AnswerService
    let configuration: ServerConfiguration
    private var backend: any ModelBackend { service.backend }

    func add(to router: Router<ServerContext>) {
        router.endpoint("v1/models", [.get: { request, _ in await models(request) }])
        // A model's name may hold slashes.
        router.endpoint("v1/models/**", [.get: { request, _ in try await model(request) }])
        router.endpoint("v1/chat/completions", [.post: chat])
        router.endpoint("v1/completions", [.post: complete])
    }

    // MARK: Models

    private func models(_ request: Request) async -> Response {
        let models = await backend.models()
        // Two APIs have this path; a client of Anthropic's tells that it is one.
        guard request.headers[.anthropicVersion] == nil else {
            return Response(json: [
                "data": .array(models.map(\.anthropic)), "has_more": false,
                "first_id": models.first.map { .string($0.name) } ?? .null,
                "last_id": models.last.map { .string($0.name) } ?? .null,
            ])
        }
        return Response(json: ["object": "list", "data": .array(models.map(\.openAI))])
    }

    private func model(_ request: Request) async throws -> Response {
        let name = PercentEncoding.decoded(request.uri.path.dropFirst("/v1/models/".count))
        guard let model = await backend.models().first(where: { $0.name == name }) else {
            throw CompletionError(
                code: .modelNotFound, message: "no model is named \"\(name)\"", field: "model")
        }
        let isAnthropic = request.headers[.anthropicVersion] != nil
        return Response(json: isAnthropic ? model.anthropic : model.openAI)
    }

    // MARK: Completions

    @Sendable
    private func chat(_ request: Request, _ context: ServerContext) async throws -> Response {
        let chat = try ChatCompletionRequest(
            parsing: try await request.json(limit: configuration.bodyLimit))
        let model = try await backend.modelName(chat.generation.model, for: .generation)
        let style = ChatStyle(
            head: head("chatcmpl-", model), choices: chat.generation.choices,
            includesUsage: chat.generation.includesUsage, showsLogprobs: chat.reports != nil)
        return try await service.respond(
            to: chat.completions(model: model), as: style, streams: chat.generation.streams,
            context)
    }

    @Sendable
    private func complete(_ request: Request, _ context: ServerContext) async throws -> Response {
        let text = try TextCompletionRequest(
            parsing: try await request.jsonBytes(limit: configuration.bodyLimit))
        let model = try await backend.modelName(text.generation.model, for: .generation)
        let style = TextStyle(
            head: head("cmpl-", model), choices: text.generation.choices,
            echoes: try await echoes(of: text, model: model),
            includesUsage: text.generation.includesUsage, showsLogprobs: text.reports != nil)
        return try await service.respond(
            to: text.completions(model: model), as: style, streams: text.generation.streams,
            context)
    }

    /// What each answer starts with; empty where nothing is to be repeated.
    private func echoes(of request: TextCompletionRequest, model: String) async throws -> [String] {
        guard request.echoes else { return [] }
        var echoes: [String] = []
        for prompt in request.prompts {
            let echo =
                switch prompt {
                case .text(let text): text
                case .tokens(let tokens): try await backend.text(of: tokens, model: model)
                case .chat: ""
                }
            echoes += Array(repeating: echo, count: request.generation.choices)
        }
        return echoes
    }

    private func head(_ prefix: String, _ model: String) -> ReplyHead {
        ReplyHead(
            id: ReplyHead.randomID(prefix: prefix),
            created: Int(Date.now.timeIntervalSince1970), model: model,
            fingerprint: configuration.fingerprint)
    }
}

extension ModelDescription {
    fileprivate var openAI: JSONValue {
        var fields: JSONObject = [
            "id": .string(name), "object": "model", "created": .integer(loadedAt),
            "owned_by": "berth", "context_length": .integer(contextLength),
            "summary": .string(summary), "can_chat": .bool(canChat), "task": .string(task.rawValue),
        ]
        if let parent { fields["parent"] = .string(parent) }
        return .object(fields)
    }
}
