import HTTPTypes
import Hummingbird
import StructuredJSON

/// In whose form a request's errors are answered: that of the API whose clients ask.
enum ErrorForm: Sendable {
    case openAI
    case anthropic
    case ollama

    init(_ request: Request) {
        let path = request.uri.path
        if path.hasPrefix("/api/") {
            self = .ollama
        } else if path.hasPrefix("/v1/messages") || request.headers[.anthropicVersion] != nil {
            self = .anthropic
        } else {
            self = .openAI
        }
    }
}

extension APIError {
    /// The answer to that request.
    func response(to request: Request) -> Response {
        let body: JSONValue
        var status = status
        switch ErrorForm(request) {
        case .openAI: body = self.body
        case .anthropic:
            body = anthropicBody
            // What Anthropic's clients take as a reason to wait and try again.
            if status == .serviceUnavailable { status = .overloaded }
        case .ollama: body = ollamaBody
        }
        var response = Response(json: body, status: status)
        response.headers.append(contentsOf: headers)
        return response
    }

    /// `{"error": "..."}`.
    var ollamaBody: JSONValue { ["error": .string(message)] }
}

extension HTTPResponse.Status {
    fileprivate static let overloaded = HTTPResponse.Status(code: 529, reasonPhrase: "Overloaded")
}
