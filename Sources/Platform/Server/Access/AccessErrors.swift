import HTTPTypes

extension APIError {
    static let missingKey = APIError(
        status: .unauthorized, kind: .invalidRequest,
        message: """
            this server needs a key: send Authorization: Bearer KEY, or x-api-key; whoever runs it makes one with \
            berth keys create
            """, code: "missing_api_key", headers: [.wwwAuthenticate: "Bearer"])

    /// The secret itself is not repeated: it may be one of another server.
    static let unknownKey = APIError(
        status: .unauthorized, kind: .invalidRequest,
        message: "the key that was sent is none of this server's; check that it is whole",
        code: "invalid_api_key", headers: [.wwwAuthenticate: #"Bearer error="invalid_token""#])

    static func endedKey(_ name: String, isRevoked: Bool) -> APIError {
        APIError(
            status: .unauthorized, kind: .invalidRequest,
            message:
                "the key \"\(name)\" \(isRevoked ? "was revoked" : "has expired"); ask for a new one",
            code: isRevoked ? "revoked_api_key" : "expired_api_key",
            headers: [.wwwAuthenticate: #"Bearer error="invalid_token""#])
    }

    static func adminOnly(isKeyKnown: Bool) -> APIError {
        APIError(
            status: .forbidden, kind: .invalidRequest,
            message: isKeyKnown
                ? "this needs the key of an admin (berth keys create NAME --admin)"
                : "without keys this is open to the server's own machine only; make a key with "
                    + "berth keys create NAME --admin",
            code: "admin_only")
    }

    static func modelNotAllowed(_ model: String, key: String) -> APIError {
        APIError(
            status: .forbidden, kind: .invalidRequest,
            message: "the key \"\(key)\" may not use the model \"\(model)\"", field: "model",
            code: "model_not_allowed")
    }

    /// A limit of a key; `headers` tell how much is left.
    init(_ refusal: RateLimiter.Refusal, headers: HTTPFields) {
        let seconds = max(Int((refusal.retryAfter / .seconds(1)).rounded(.up)), 1)
        let what =
            switch refusal.resource {
            case .requests: "\(refusal.limit) requests a minute"
            case .tokens: "\(refusal.limit) tokens a minute"
            case .concurrency: "\(refusal.limit) requests at a time"
            }
        var headers = headers
        headers[.retryAfter] = "\(seconds)"
        self.init(
            status: .tooManyRequests, kind: refusal.resource == .tokens ? .tokens : .requests,
            message: "the limit of \(what) is reached; try again in \(seconds) s",
            code: "rate_limit_exceeded", headers: headers)
    }
}
