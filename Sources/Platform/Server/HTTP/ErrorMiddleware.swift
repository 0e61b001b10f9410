import CompletionAPI
import HTTPTypes
import Hummingbird
import Logging

/// Gives every error the body that the API's clients read, and refuses new work while draining.
struct ErrorMiddleware: RouterMiddleware {
    let answers: ActiveAnswers

    func handle(
        _ request: Request, context: ServerContext,
        next: @concurrent (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        guard !answers.isDraining else {
            var response = APIError(CompletionError.shuttingDown).response(to: request)
            response.headers[.connection] = "close"
            return response
        }
        do {
            return try await next(request, context)
        } catch let error as HTTPError where error.status == .notFound {
            return APIError.notFound(request.uri.path).response(to: request)
        } catch {
            let answer = APIError(error)
            if answer.status == .internalServerError {
                context.logger.error("request failed", metadata: ["error": "\(error)"])
            }
            return answer.response(to: request)
        }
    }
}
