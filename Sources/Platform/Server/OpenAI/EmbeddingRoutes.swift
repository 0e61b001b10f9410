import CompletionAPI
import Hummingbird
import StructuredJSON
import Synchronization

/// `/v1/embeddings` and `/v1/rerank`.
struct EmbeddingRoutes: Sendable {
    let backend: any ModelBackend
    let answers: ActiveAnswers
    let configuration: ServerConfiguration

    func add(to router: Router<ServerContext>) {
        router.endpoint("v1/embeddings", [.post: embed])
        router.endpoint("v1/rerank", [.post: rerank])
    }

    @Sendable
    private func embed(_ request: Request, _ context: ServerContext) async throws -> Response {
        let body = try EmbeddingBody(
            parsing: try await request.jsonBytes(limit: configuration.bodyLimit))
        let model = try await backend.modelName(body.model, for: .embedding)
        let result: EmbeddingResult
        do {
            result = try await finish(context) {
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
        let result = try await finish(context) {
            try await backend.rerank(body.request(model: model))
        }
        return Response(json: body.answer(result, model: model))
    }

    /// The result of work that ends early when the client leaves or the server must stop.
    private func finish<Result: Sendable>(
        _ context: ServerContext, _ work: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        let slot = Slot<Result>()
        let (stream, continuation) = CompletionStream.makeStream()
        let task = Task {
            do {
                let result = try await work()
                slot.value.withLock { $0 = result }
                continuation.finish()
            } catch {
                continuation.finish(throwing: error)
            }
        }
        continuation.onTermination = { _ in task.cancel() }
        // The stream has no events: only its end matters.
        for try await _ in answers.follow(stream, until: await context.departure()) {}
        guard let result = slot.value.withLock({ $0 }) else { throw CompletionError.endedEarly }
        return result
    }
}

/// Where a task leaves its result.
private final class Slot<Value: Sendable>: Sendable {
    let value = Mutex<Value?>(nil)
}
