import CompletionAPI
import FoundationEssentials
import HTTPTypes
import Hummingbird
import StructuredJSON

/// `/v1/responses`.
struct ResponsesRoutes: Sendable {
    let service: AnswerService
    let configuration: ServerConfiguration
    let store: any ResponseStore

    /// Most answers in a row that a request may go on from.
    private static let longestChain = 1024

    func add(to router: Router<ServerContext>) {
        router.endpoint("v1/responses", [.post: answer])
        router.endpoint("v1/responses/{id}", [.get: read, .delete: delete])
        router.endpoint("v1/responses/{id}/input_items", [.get: items])
        router.endpoint(
            "v1/responses/{id}/cancel",
            [
                .post: { _, _ in
                    throw APIError.malformed(
                        "only a response in the background can be cancelled, and there are none "
                            + "here; close the connection instead", code: "not_supported")
                }
            ])
    }

    @Sendable
    private func answer(_ request: Request, _ context: ServerContext) async throws -> Response {
        let body = try ResponsesRequest(
            parsing: try await request.json(limit: configuration.bodyLimit))
        let model = try await service.backend.modelName(body.generation.model, for: .generation)
        let tenant = context.tenant
        let completion = try body.completion(
            model: model, earlier: try await history(before: body, of: tenant))
        let head = ResponseHead(
            id: ReplyHead.randomID(prefix: "resp_"),
            created: Int(Date.now.timeIntervalSince1970), model: model, repeated: body.repeated)
        let style = ResponsesStyle(head: head)
        guard body.stores else {
            return try await service.respond(
                to: [completion], as: style, streams: body.generation.streams, context)
        }
        return try await service.respond(
            to: [completion], as: style, streams: body.generation.streams, context
        ) { [store] answers in
            try await store.save(
                StoredResponse(
                    id: head.id, object: style.whole(answers), input: body.input,
                    previous: body.previous), for: tenant)
        }
    }

    /// The items of all answers that a request goes on from, the oldest first.
    private func history(
        before request: ResponsesRequest, of tenant: String
    ) async throws -> [JSONValue] {
        var turns: [[JSONValue]] = []
        var next = request.previous
        while let id = next {
            guard turns.count < Self.longestChain,
                let stored = try await store.response(id, for: tenant)
            else {
                throw APIError(
                    status: .badRequest, kind: .invalidRequest,
                    message: "no response \"\(id)\" is kept any more to go on from; send the "
                        + "earlier turns as input", field: "previous_response_id",
                    code: "previous_response_not_found")
            }
            turns.append(stored.input + (stored.object["output"]?.array ?? []))
            next = stored.previous
        }
        return turns.reversed().flatMap { $0 }
    }

    // MARK: Kept answers

    @Sendable
    private func read(_ request: Request, _ context: ServerContext) async throws -> Response {
        Response(json: try await stored(context).object)
    }

    @Sendable
    private func delete(_ request: Request, _ context: ServerContext) async throws -> Response {
        let id = context.parameters.get("id") ?? ""
        guard try await store.delete(id, for: context.tenant) else { throw Self.notFound(id) }
        return Response(json: ["id": .string(id), "object": "response", "deleted": true])
    }

    /// A page of the items of an answer's request, the newest first unless `order` is `asc`.
    @Sendable
    private func items(_ request: Request, _ context: ServerContext) async throws -> Response {
        let query = request.uri.queryParameters
        var items = try await stored(context).input
        if query["order"] != "asc" { items.reverse() }
        if let after = query["after"] {
            let start = items.firstIndex { $0["id"]?.string == String(after) }
            items.removeFirst(start.map { $0 + 1 } ?? 0)
        }
        let limit = min(max(query["limit"].flatMap { Int($0) } ?? 20, 1), 100)
        let page = Array(items.prefix(limit))
        return Response(json: [
            "object": "list", "data": .array(page), "first_id": page.first?["id"] ?? .null,
            "last_id": page.last?["id"] ?? .null, "has_more": .bool(items.count > limit),
        ])
    }

    private func stored(_ context: ServerContext) async throws -> StoredResponse {
        let id = context.parameters.get("id") ?? ""
        guard let stored = try await store.response(id, for: context.tenant) else {
            throw Self.notFound(id)
        }
        return stored
    }

    private static func notFound(_ id: String) -> APIError {
        APIError(
            status: .notFound, kind: .invalidRequest, message: "no response \"\(id)\" is kept",
            code: "response_not_found")
    }
}
