package import CompletionAPI
package import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
package import StructuredJSON

/// A failed request; its ``body`` has the form that OpenAI's clients read:
/// `{"error":{"message":...,"type":...,"param":...,"code":...}}`.
package struct APIError: Error, Sendable, Equatable, CustomStringConvertible {
    /// OpenAI's coarse classes of errors.
    package enum Kind: String, Sendable {
        case invalidRequest = "invalid_request_error"
        case server = "server_error"
        /// A limit of requests, a minute or at a time.
        case requests
        /// A limit of tokens a minute.
        case tokens
    }

    package var status: HTTPResponse.Status
    package var kind: Kind
    /// Says what is wrong and what to do.
    package var message: String
    /// The field at fault in the request's own spelling, such as `messages[2].role`.
    package var field: String?
    /// For programs, such as `model_not_found`.
    package var code: String?
    package var headers: HTTPFields

    package init(
        status: HTTPResponse.Status, kind: Kind, message: String, field: String? = nil,
        code: String? = nil, headers: HTTPFields = [:]
    ) {
        self.status = status
        self.kind = kind
        self.message = message
        self.field = field
        self.code = code
        self.headers = headers
    }

    package var description: String { message }

    package var body: JSONValue {
        [
            "error": [
                "message": .string(message), "type": .string(kind.rawValue),
                "param": field.map(JSONValue.string) ?? .null,
                "code": code.map(JSONValue.string) ?? .null,
            ]
        ]
    }
}

// MARK: Errors of HTTP itself

extension APIError {
    static func notFound(_ path: String) -> APIError {
        APIError(
            status: .notFound, kind: .invalidRequest,
            message: "there is nothing at \(path); the API is below /v1, as in /v1/models",
            code: "unknown_url")
    }

    static func methodNotAllowed(_ method: String, allowed: String) -> APIError {
        APIError(
            status: .methodNotAllowed, kind: .invalidRequest,
            message: "\(method) is not possible here; allowed: \(allowed)",
            code: "method_not_allowed", headers: [.allow: allowed])
    }

    static func bodyTooLarge(limit: Int) -> APIError {
        APIError(
            status: .contentTooLarge, kind: .invalidRequest,
            message: "the request body is longer than the limit of \(limit) bytes",
            code: "request_too_large", headers: [.connection: "close"])
    }

    /// Bytes that are not HTTP; the connection cannot be used any further.
    init(_ error: HTTPParserError) {
        let isLong = error == .headerOverflow
        self.init(
            status: isLong ? .requestHeaderFieldsTooLarge : .badRequest, kind: .invalidRequest,
            message: "the request is not valid HTTP: \(error)", code: "invalid_http",
            headers: [.connection: "close"])
    }

    static func malformed(_ message: String, code: String) -> APIError {
        APIError(status: .badRequest, kind: .invalidRequest, message: message, code: code)
    }
}

// MARK: Errors of the layers below

extension APIError {
    /// Any error that reached the edge of the server.
    package init(_ error: any Error) {
        switch error {
        case let error as APIError: self = error
        case let error as CompletionError: self.init(error)
        case let error as JSONError: self.init(error)
        case is ClientLeft:
            // Nobody reads it; nginx's number for it makes logs and metrics tell it apart.
            self.init(
                status: .clientLeft, kind: .invalidRequest, message: "the client left",
                code: "client_left")
        case is CancellationError:
            self.init(CompletionError.shuttingDown)
        default:
            // What it was goes to the log: it may name files or addresses of this machine.
            self.init(
                status: .internalServerError, kind: .server,
                message: "something failed inside the server; its log says what",
                code: "internal_error")
        }
    }

    /// What the engine refused or could not finish.
    package init(_ error: CompletionError) {
        var kind = Kind.server
        let status: HTTPResponse.Status
        var code: String?
        var headers: HTTPFields = [:]
        switch error.code {
        case .modelNotFound: (status, kind, code) = (.notFound, .invalidRequest, "model_not_found")
        case .invalidRequest: (status, kind, code) = (.badRequest, .invalidRequest, "invalid_value")
        case .contextLengthExceeded:
            (status, kind, code) = (.badRequest, .invalidRequest, "context_length_exceeded")
        case .overloaded:
            (status, code) = (.serviceUnavailable, "overloaded")
            headers[.retryAfter] = "2"
        case .deadlineExceeded: (status, code) = (.gatewayTimeout, "deadline_exceeded")
        case .shuttingDown:
            (status, code) = (.serviceUnavailable, "shutting_down")
            headers[.retryAfter] = "5"
        case .engineFailure: (status, code) = (.internalServerError, "engine_failure")
        }
        self.init(
            status: status, kind: kind, message: error.message, field: error.field, code: code,
            headers: headers)
    }

    /// A body that is not JSON, or a field of it that is not what it should be.
    package init(_ error: JSONError) {
        let code =
            switch error.code {
            case .missingField: "missing_required_parameter"
            case .wrongType: "invalid_type"
            case .invalidValue: "invalid_value"
            default: "invalid_json"
            }
        // Where the text is broken, no field is at fault.
        let isSyntax = error.location != nil
        let path = error.path.description
        self.init(
            status: .badRequest, kind: .invalidRequest,
            message: (isSyntax ? "the request body is not valid JSON: " : "") + error.message,
            field: path.isEmpty || isSyntax ? nil : path, code: code)
    }
}

extension HTTPResponse.Status {
    /// nginx's number for a client that closed the connection before it had its answer.
    static let clientLeft = HTTPResponse.Status(code: 499, reasonPhrase: "Client Closed Request")
}
