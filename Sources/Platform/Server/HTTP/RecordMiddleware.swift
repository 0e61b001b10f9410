import HTTPTypes
import Hummingbird

/// Outermost: gives every request a record and every answer the request's id.
struct RecordMiddleware: RouterMiddleware {
    let metrics: ServerMetrics

    func handle(
        _ request: Request, context: ServerContext,
        next: @concurrent (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        let record = RequestRecord(request, context: context, metrics: metrics)
        var context = context
        context.record = record
        var response = try await next(request, context)
        response.headers[.requestID] = context.requestID
        response.headers[.traceParent] = record.trace.header
        if request.method == .head {
            response = response.createHeadResponse()
        }
        let status = response.status.code
        guard response.body.contentLength == nil else {
            record.close(status: status)
            return response
        }
        let body = response.body
        response.body = ResponseBody { writer in
            do {
                try await body.write(writer)
            } catch {
                record.close(status: APIError(ClientLeft()).status.code)
                throw error
            }
            record.close(status: status)
        }
        return response
    }
}
