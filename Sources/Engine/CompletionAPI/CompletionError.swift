/// Why a request could not be served, in words for the person who sent it.
package struct CompletionError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// No model of that name is loaded.
        case modelNotFound
        /// The request itself is wrong; `field` names what to change.
        case invalidRequest
        /// The prompt does not fit the model's context.
        case contextLengthExceeded
        /// No room now; trying again later can succeed.
        case overloaded
        /// The request's deadline passed before its answer was complete.
        case deadlineExceeded
        /// The engine is shutting down.
        case shuttingDown
        /// A fault of ours.
        case engineFailure
    }

    package var code: Code
    /// Says what is wrong and what to do; holds no secrets.
    package var message: String
    /// The request's field at fault, in the request's own spelling (`messages[2].role`).
    package var field: String?

    package init(code: Code, message: String, field: String? = nil) {
        self.code = code
        self.message = message
        self.field = field
    }

    package var description: String {
        message
    }
}

extension CompletionError {
    package static let shuttingDown = CompletionError(
        code: .shuttingDown, message: "the server is shutting down; try again shortly")

    package static let deadlineExceeded = CompletionError(
        code: .deadlineExceeded,
        message: "the request's deadline passed before its answer was complete; allow more time")

    package static func overloaded(waiting: Int) -> CompletionError {
        CompletionError(
            code: .overloaded,
            message: "\(waiting) requests are waiting already; try again shortly")
    }
}
