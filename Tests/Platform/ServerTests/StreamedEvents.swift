import CompletionAPI
import Server
import StructuredJSON
import Testing

/// One server-sent event.
struct StreamedEvent {
    var name: String?
    /// A JSON value; the text itself where it is no JSON, such as `[DONE]`.
    var data: JSONValue

    /// The events of a stream, each checked to be one.
    static func all(_ text: String) throws -> [StreamedEvent] {
        try text.split(separator: "\n\n").map { frame in
            var name: String?
            var data: String?
            for line in frame.split(separator: "\n") {
                if line.hasPrefix("event: ") { name = String(line.dropFirst(7)) }
                if line.hasPrefix("data: ") { data = String(line.dropFirst(6)) }
            }
            let text = try #require(data)
            return StreamedEvent(
                name: name, data: text == "[DONE]" ? "[DONE]" : try JSONValue(parsing: text))
        }
    }
}

extension AnswerStyle {
    /// The whole stream of a request whose choices report these events, one choice after the other.
    mutating func stream(_ choices: [[CompletionEvent]]) -> String {
        var text = ""
        for (choice, events) in choices.enumerated() {
            for event in events { text += frames(for: event, choice: choice) }
        }
        return text + closing()
    }

    /// The whole answer of a request whose choices report these events.
    func answer(_ choices: [[CompletionEvent]]) -> JSONValue {
        whole(choices.map { CollectedAnswer($0) })
    }
}

extension Usage {
    /// Ten tokens in, five out.
    static let tenAndFive = Usage(
        promptTokens: 10, completionTokens: 5, cachedTokens: 4, reasoningTokens: 2,
        prefillSeconds: 0.5, decodeSeconds: 2)
}

extension TokenReport {
    /// A report on a text, with the likeliest ones beside it.
    static func of(
        _ text: String, _ logProbability: Double?, top: [(String, Double)] = []
    ) -> TokenReport {
        TokenReport(
            chosen: Candidate(token: 1, bytes: Array(text.utf8), logProbability: logProbability),
            top: top.map {
                Candidate(token: 1, bytes: Array($0.0.utf8), logProbability: $0.1)
            })
    }
}
