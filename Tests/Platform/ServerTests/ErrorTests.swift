import CompletionAPI
import HTTPTypes
import Server
import StructuredJSON
import Testing

@Suite("Wording errors")
struct ErrorTests {
    @Test("ids are OpenAI's kind and differ")
    func ids() {
        let ids = (0..<100).map { _ in ReplyHead.randomID(prefix: "cmpl-") }
        #expect(Set(ids).count == 100)
        #expect(ids.allSatisfy { $0.hasPrefix("cmpl-") && $0.count == 29 })
    }

    @Test(
        "every error of the engine has its status and code",
        arguments: [
            (.modelNotFound, 404, "invalid_request_error", "model_not_found"),
            (.invalidRequest, 400, "invalid_request_error", "invalid_value"),
            (.contextLengthExceeded, 400, "invalid_request_error", "context_length_exceeded"),
            (.overloaded, 503, "server_error", "overloaded"),
            (.shuttingDown, 503, "server_error", "shutting_down"),
            (.engineFailure, 500, "server_error", "engine_failure"),
        ] as [(CompletionError.Code, Int, String, String)])
    func engineErrors(code: CompletionError.Code, status: Int, type: String, name: String) {
        let error = APIError(CompletionError(code: code, message: "so", field: "prompt"))
        #expect(error.status.code == status)
        #expect(
            error.body == [
                "error": [
                    "message": "so", "type": .string(type), "param": "prompt",
                    "code": .string(name),
                ]
            ])
        #expect((error.headers[.retryAfter] != nil) == (status == 503))
    }

    @Test("what an unexpected error says stays inside")
    func unexpectedError() {
        struct Secret: Error { let path = "/secret" }
        let error = APIError(Secret())
        #expect(error.status == .internalServerError)
        #expect(!error.message.contains("secret"))
    }
}
