import HTTPTypes
import Hummingbird
import Logging
import Store

/// Finds out who calls, holds that against the limits, and tells the rest of the way.
struct AccessMiddleware: RouterMiddleware {
    let access: AccessControl
    let ledger: UsageLedger
    let logsPrompts: Bool

    func handle(
        _ request: Request, context: ServerContext,
        next: @concurrent (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        let door = Door(path: request.uri.path)
        // Browsers ask what they may send before they send a key.
        guard door != .open, request.method != .options else {
            return try await next(request, context)
        }
        let caller: Caller
        do {
            caller = try await access.identify(
                door, request.headers, isLocal: context.isLocal && !request.isForwarded)
        } catch let error as StoreError {
            context.logger.error("the store of keys fails", metadata: ["error": "\(error)"])
            throw APIError(
                status: .serviceUnavailable, kind: .server,
                message: "keys cannot be checked now; the server's log says why",
                code: "store_unavailable", headers: [.retryAfter: "5"])
        }
        var context = context
        context.caller = caller
        context.origin = try .init(caller, request.headers, now: .now)
        context.record?.note(caller)
        if door == .user, request.method == .post {
            try access.begin(caller)
            guard let record = context.record else {
                preconditionFailure("a request has no record")
            }
            record.whenClosed { [access] in access.end(caller) }
        }
        let scope = RequestScope(
            caller: caller, origin: context.origin, access: access, ledger: ledger,
            record: context.record, logsPrompts: logsPrompts)
        var response = try await RequestScope.$current.withValue(scope) {
            try await next(request, context)
        }
        response.headers.append(contentsOf: access.levels(of: caller))
        guard response.body.contentLength == nil else { return response }
        // What a streamed answer still asks of the engine is this caller's, too.
        let body = response.body
        response.body = ResponseBody { writer in
            try await RequestScope.$current.withValue(scope) {
                try await body.write(writer)
            }
        }
        return response
    }
}
