import CompletionAPI
import Hummingbird
import StructuredJSON

/// `/v1/embeddings` and `/v1/rerank`.
struct EmbeddingRoutes: Sendable {
    let service: AnswerService
    let configuration: ServerConfiguration
    private var backend: any ModelBackend { service.backend }

    func add(to router: Router<ServerContext>) {
        router.endpoint("v1/embeddings", [.post: embed])
        router.endpoint("v1/rerank", [.post: rerank])
        router.endpoint("rerank", [.post: rerank])
    }

    @Sendable
    private func embed(_ request: Request, _ context: ServerContext) async throws -> Response {
        let body = try EmbeddingBody(
            parsing: try await request.jsonBytes(limit: configuration.bodyLimit))
        let model = try await backend.modelName(body.model, for: .embedding)
        let result: EmbeddingResult
        do {
            result = try await service.answers.finish(model: model, context) {
                try await backend.embed(body.request(model: model))
            }
        } catch var error as CompletionError where error.code == .contextLengthExceeded {
            error.message += "; \"truncate\": true cuts inputs"
            throw error
        }
        return Response(json: body.answer(result, model: model))
    }

    @Sendable
    private func rerank(_ request: Request, _ context: ServerContext) async throws -> Response {
        let body = try RerankBody(parsing: try await request.json(limit: configuration.bodyLimit))
        let model = try await backend.modelName(body.model, for: .reranking)
        let result = try await service.answers.finish(model: model, context) {
            try await backend.rerank(body.request(model: model))
        }
        return Response(json: body.answer(result, model: model))
    }
}
