import HTTPTypes
import Hummingbird

/// Applies the ``BrowserPolicy`` and tells browsers what they may read (CORS).
struct BrowserMiddleware: RouterMiddleware {
    let policy: BrowserPolicy

    func handle(
        _ request: Request, context: ServerContext,
        next: @concurrent (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        let origin: String?
        switch policy.judge(origin: request.headers[.origin], authority: request.head.authority) {
        case .refused(let error): return error.response(to: request)
        case .allowed(let allowed): origin = allowed
        }
        var response = try await next(request, context)
        response.headers[.xContentTypeOptions] = "nosniff"
        guard let origin else { return response }
        response.headers[.accessControlAllowOrigin] = origin
        response.headers[.vary] = "Origin"
        response.headers[.accessControlExposeHeaders] = "x-request-id, retry-after, traceparent"
        if request.method == .options, request.headers[.accessControlRequestMethod] != nil {
            response.headers[.accessControlAllowMethods] = response.headers[.allow]
            // Clients send headers of their own (x-stainless-os); none of them can do harm here.
            response.headers[.accessControlAllowHeaders] =
                request.headers[.accessControlRequestHeaders]
            response.headers[.accessControlMaxAge] = "600"
        }
        return response
    }
}
