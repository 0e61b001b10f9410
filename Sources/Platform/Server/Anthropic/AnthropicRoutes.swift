import CompletionAPI
import FoundationEssentials
import Hummingbird
import StructuredJSON

/// `/v1/messages` and `/v1/messages/count_tokens`.
struct AnthropicRoutes: Sendable {
    let service: AnswerService
    let configuration: ServerConfiguration

    func add(to router: Router<ServerContext>) {
        router.endpoint("v1/messages", [.post: answer])
        router.endpoint("v1/messages/count_tokens", [.post: count])
    }

    @Sendable
    private func answer(_ request: Request, _ context: ServerContext) async throws -> Response {
        let body = try MessagesRequest(
            parsing: try await request.json(limit: configuration.bodyLimit))
        let model = try await service.backend.modelName(body.model, for: .generation)
        let style = MessagesStyle(id: ReplyHead.randomID(prefix: "msg_"), model: model)
        return try await service.respond(
            to: [body.completion(model: model)], as: style, streams: body.streams, context)
    }

    @Sendable
    private func count(_ request: Request, _ context: ServerContext) async throws -> Response {
        let body = try MessagesRequest(
            parsing: try await request.json(limit: configuration.bodyLimit), counts: true)
        let model = try await service.backend.modelName(body.model, for: .generation)
        let tokens = try await service.backend.tokens(
            of: TokenizationRequest(
                model: model, prompt: .chat(body.conversation), reasoning: body.reasoning))
        return Response(json: ["input_tokens": .integer(tokens.count)])
    }
}

extension ModelDescription {
    /// An element of Anthropic's list of models.
    var anthropic: JSONValue {
        [
            "type": "model", "id": .string(name), "display_name": .string(name),
            "created_at": .string(
                Date(timeIntervalSince1970: Double(loadedAt)).formatted(.iso8601)),
        ]
    }
}
