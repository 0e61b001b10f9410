import FoundationEssentials
import HTTPTypes
import Hummingbird
import Store
import StructuredJSON

/// `/admin/keys`: who may use the server, and how much.
struct KeyRoutes: Sendable {
    /// `nil` where nothing is kept.
    let store: (any PlatformStore)?
    let configuration: ServerConfiguration

    func add(to router: Router<ServerContext>) {
        router.endpoint("admin/keys", [.get: list, .post: create])
        router.endpoint("admin/keys/:id", [.delete: revoke])
    }

    @Sendable
    private func list(_ request: Request, _ context: ServerContext) async throws -> Response {
        let keys = try await store?.keys() ?? []
        return Response(json: ["keys": .array(keys.map(\.json))])
    }

    /// The only answer that ever holds the secret.
    @Sendable
    private func create(_ request: Request, _ context: ServerContext) async throws -> Response {
        let body = JSONField(try await request.json(limit: configuration.bodyLimit))
        let secret = KeySecret.random()
        let key = try APIKey(body, prefix: secret.prefix, created: Self.now)
        try await asked { try await $0.insert(key, hash: secret.hash) }
        guard case .object(var answer) = key.json else { return Response(json: key.json) }
        answer["secret"] = .string(secret.text)
        return Response(json: .object(answer))
    }

    @Sendable
    private func revoke(_ request: Request, _ context: ServerContext) async throws -> Response {
        let id = PercentEncoding.decoded(try context.parameters.require("id"))
        let key = try await asked { try await $0.revokeKey(id, at: Self.now) }
        return Response(json: key.json)
    }

    /// What the store does, its refusals in words for the one who asked.
    private func asked<Result>(
        _ work: (any PlatformStore) async throws -> Result
    ) async throws -> Result {
        guard let store else {
            throw APIError(
                status: .conflict, kind: .invalidRequest,
                message: "this server keeps no keys; start it with --store", code: "no_store")
        }
        do {
            return try await work(store)
        } catch let error as StoreError {
            let status: HTTPResponse.Status
            switch error.code {
            case .invalidValue: status = .badRequest
            case .nameTaken: status = .conflict
            case .unknownKey: status = .notFound
            default: throw error
            }
            throw APIError(
                status: status, kind: .invalidRequest, message: error.message,
                code: error.code.rawValue)
        }
    }

    private static var now: Int { Int(Date.now.timeIntervalSince1970) }
}

extension APIKey {
    /// A new key as a request describes it.
    fileprivate init(_ body: JSONField, prefix: String, created: Int) throws {
        func choice<Choice: RawRepresentable<String> & CaseIterable>(
            _ name: String, _ usual: Choice
        ) throws -> Choice {
            guard let field = body[name].ifPresent else { return usual }
            return Choice(rawValue: try field.oneOf(Choice.allCases.map(\.rawValue))) ?? usual
        }
        func count(_ name: String) throws -> Int? {
            try body[name].ifPresent?.int(in: 1...1_000_000_000)
        }
        self.init(
            id: APIKey.randomID(), name: try body["name"].string(), prefix: prefix,
            role: try choice("role", .user), priority: try choice("priority", .normal),
            weight: try body["weight"].ifPresent?.double(in: 0.001...1000) ?? 1,
            limits: Limits(
                requestsPerMinute: try count("requests_per_minute"),
                tokensPerMinute: try count("tokens_per_minute"),
                concurrency: try count("concurrency")),
            models: try body["models"].ifPresent?.array().map { try $0.string() } ?? [],
            created: created, expires: try body["expires"].ifPresent?.int())
    }

    fileprivate var json: JSONValue {
        func number(_ value: Int?) -> JSONValue { value.map { .integer($0) } ?? .null }
        return [
            "id": .string(id), "name": .string(name), "prefix": .string(prefix),
            "role": .string(role.rawValue), "priority": .string(priority.rawValue),
            "weight": .number(weight), "requests_per_minute": number(limits.requestsPerMinute),
            "tokens_per_minute": number(limits.tokensPerMinute),
            "concurrency": number(limits.concurrency),
            "models": .array(models.map { .string($0) }), "created": .integer(created),
            "expires": number(expires), "revoked": number(revoked),
        ]
    }
}
