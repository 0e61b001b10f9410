package import CompletionAPI
import StructuredJSON

/// Turns the events of a completion into server-sent events, without doing any I/O.
///
/// A stream is: the opening (for chats the role), pieces of text, the chunk with the finish reason,
/// the usage where it was asked for, and `[DONE]`. A failure after the start is a chunk that holds
/// the error, and then the end without `[DONE]`: the status line has long been sent.
package struct EventStream: Sendable {
    private let reply: any CompletionReply
    private let includesUsage: Bool

    package init(reply: any CompletionReply, includesUsage: Bool) {
        self.reply = reply
        self.includesUsage = includesUsage
    }

    /// The text to send for an event.
    package func frames(for event: CompletionEvent) -> String {
        switch event {
        case .started:
            reply.opening.map { frame([$0]) }.joined()
        case .text(let text, _):
            frame([reply.piece(text)])
        case .prompt, .reasoning, .toolCall, .toolArguments:
            ""
        case .finished(let reason, let usage):
            frame([reply.ending(reason)], [("timings", usage.timings)])
                + (includesUsage ? frame([], usage: usage.openAI) : "") + "data: [DONE]\n\n"
        }
    }

    /// The text to send when the completion failed on its way.
    package func frames(for error: APIError) -> String {
        Self.frame(error.body)
    }

    /// Where usage was asked for, every other chunk says null, as OpenAI's do.
    private func frame(
        _ choices: [JSONValue], _ extra: [(String, JSONValue)] = [], usage: JSONValue = .null
    ) -> String {
        let members = includesUsage ? extra + [("usage", usage)] : extra
        return Self.frame(reply.chunk(choices, members))
    }

    /// JSON without indentation has no line feeds, so one `data` line holds it.
    private static func frame(_ value: JSONValue) -> String {
        "data: \(value.serialized())\n\n"
    }
}
