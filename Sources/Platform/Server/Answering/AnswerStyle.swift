package import CompletionAPI
package import StructuredJSON

/// How one API words answers: whole, or as the frames of a stream.
///
/// A pure state machine without any I/O; ``AnswerService`` does that. A request may ask for several answers: they
/// are its choices and count from 0 in the order of their requests to the engine.
package protocol AnswerStyle: Sendable {
    /// The content type of a stream.
    static var streamType: String { get }
    /// The text to send for an event of one choice.
    mutating func frames(for event: CompletionEvent, choice: Int) -> String
    /// The text to send when every choice has finished.
    mutating func closing() -> String
    /// The text to send when an answer failed after its start; nothing follows it.
    mutating func frames(for error: APIError) -> String
    /// The whole answer, of every choice.
    func whole(_ answers: [CollectedAnswer]) -> JSONValue
}

/// Server-sent events (WHATWG HTML, section 9.2).
enum ServerSentEvent {
    static let contentType = "text/event-stream; charset=utf-8"

    /// JSON without indentation has no line feeds, so one `data` line holds it.
    static func frame(_ data: JSONValue, name: String? = nil) -> String {
        let name = name.map { "event: \($0)\n" } ?? ""
        return "\(name)data: \(data.serialized())\n\n"
    }
}
