import HTTPTypes
import Hummingbird

extension Router<ServerContext> {
    typealias Handler = @Sendable (Request, ServerContext) async throws -> Response

    /// Answers one path completely: the given methods, HEAD beside GET, OPTIONS, and 405 for others.
    func endpoint(_ path: RouterPath, _ handlers: [HTTPRequest.Method: Handler]) {
        var handlers = handlers
        if let get = handlers[.get] {
            // ``RecordMiddleware`` takes the body off, here and from errors.
            handlers[.head] = get
        }
        let methods: [HTTPRequest.Method] = [.get, .head, .post, .put, .patch, .delete, .options]
        let allowed = methods.filter { handlers[$0] != nil || $0 == .options }
            .map(\.rawValue).joined(separator: ", ")
        handlers[.options] = { _, _ in
            Response(status: .noContent, headers: [.allow: allowed])
        }
        for method in methods {
            let handler =
                handlers[method] ?? { request, _ in
                    throw APIError.methodNotAllowed(request.method.rawValue, allowed: allowed)
                }
            on(path, method: method, use: handler)
        }
    }
}
