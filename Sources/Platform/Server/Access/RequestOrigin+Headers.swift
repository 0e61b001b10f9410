import CompletionAPI
import HTTPTypes

extension RequestOrigin {
    /// Longest time that a client may give an answer, in milliseconds: a day.
    private static let longestTimeout = 86_400_000

    /// Who calls, and what the headers say of how urgent it is.
    ///
    /// `x-priority` makes a request less urgent than its key, never more; `x-request-timeout-ms` is when the answer is
    /// of no use any more.
    ///
    /// - Throws: ``APIError``, 400 that names the header.
    init(_ caller: Caller, _ headers: HTTPFields, now: ContinuousClock.Instant) throws {
        self.init(tenant: caller.tenant, weight: caller.weight, priority: caller.priority)
        if let text = headers[.priorityOfRequest] {
            guard let wanted = RequestPriority(rawValue: text.lowercased()) else {
                throw Self.wrong(.priorityOfRequest, "interactive, normal or batch", text)
            }
            priority = min(wanted, caller.priority)
        }
        if let text = headers[.requestTimeout] {
            guard let milliseconds = Int(text), (1...Self.longestTimeout).contains(milliseconds)
            else {
                throw Self.wrong(.requestTimeout, "1 to \(Self.longestTimeout)", text)
            }
            deadline = now + .milliseconds(milliseconds)
        }
    }

    private static func wrong(
        _ name: HTTPField.Name, _ right: String, _ text: String
    ) -> APIError {
        APIError(
            status: .badRequest, kind: .invalidRequest,
            message: "the header \(name) must be \(right), got \"\(text.prefix(50))\"",
            field: "\(name)", code: "invalid_value")
    }
}
