package import CompletionAPI
package import StructuredJSON

/// Answers of `/v1/completions`.
package struct TextStyle: AnswerStyle {
    /// What each choice's answer starts with where the prompt is repeated; otherwise empty.
    private let echoes: [String]
    /// Whether the prompt's probabilities come before the answer's.
    private let reportsPrompt: Bool
    private let showsLogprobs: Bool
    private var stream: ChunkStream
    /// Characters of each choice so far.
    private var offsets: [Int: Int] = [:]

    /// Answers, `choices` of each prompt in a row; `echoes` holds for each the prompt to repeat, or nothing at all.
    package init(
        head: ReplyHead, choices: Int = 1, echoes: [String] = [], includesUsage: Bool = false,
        showsLogprobs: Bool = false
    ) {
        self.echoes = echoes
        self.showsLogprobs = showsLogprobs
        reportsPrompt = showsLogprobs && !echoes.isEmpty
        stream = ChunkStream(
            head: head, kind: "text_completion", includesUsage: includesUsage, choices: choices)
    }

    package static let streamType = ServerSentEvent.contentType

    // MARK: Streams

    package mutating func frames(for event: CompletionEvent, choice: Int) -> String {
        switch event {
        case .started:
            let echo = echo(choice)
            return echo.isEmpty || reportsPrompt ? "" : piece(choice, echo, [])
        case .prompt(let tokens):
            return reportsPrompt ? piece(choice, echo(choice), tokens) : ""
        case .text(let text, let tokens):
            guard !text.isEmpty || showsLogprobs else { return "" }
            return piece(choice, text, tokens)
        case .reasoning, .toolCall, .toolArguments: return ""
        case .finished(let reason, let usage):
            return stream.last(self.choice(choice, "", reason: reason), of: choice, usage)
        }
    }

    package mutating func closing() -> String { stream.closing() }

    package mutating func frames(for error: APIError) -> String {
        ServerSentEvent.frame(error.body)
    }

    private mutating func piece(_ choice: Int, _ text: String, _ tokens: [TokenReport]) -> String {
        let logprobs = logprobs(tokens, from: &offsets[choice, default: 0], of: choice)
        return stream.chunk(self.choice(choice, text, logprobs: logprobs))
    }

    // MARK: Whole answers

    package func whole(_ answers: [CollectedAnswer]) -> JSONValue {
        let usage = Usage(answers.map(\.usage), choices: stream.choices)
        let choices = answers.enumerated().map { index, answer in
            var offset = 0
            let tokens = (reportsPrompt ? answer.promptTokens : []) + answer.tokens
            return choice(
                index, echo(index) + answer.text,
                logprobs: logprobs(tokens, from: &offset, of: index), reason: answer.reason)
        }
        return stream.head.object(
            "text_completion", choices, ["usage": usage.openAI, "timings": usage.timings])
    }

    // MARK: Both

    private func echo(_ choice: Int) -> String {
        echoes.indices.contains(choice) ? echoes[choice] : ""
    }

    private func choice(
        _ index: Int, _ text: String, logprobs: JSONValue = .null, reason: FinishReason? = nil
    ) -> JSONValue {
        [
            "index": .integer(index), "text": .string(text), "logprobs": logprobs,
            "finish_reason": reason.map { .string($0.rawValue) } ?? .null,
        ]
    }

    /// Four lists of one element a token; the offsets count Unicode scalars, as Python does.
    private func logprobs(
        _ tokens: [TokenReport], from offset: inout Int, of choice: Int
    ) -> JSONValue {
        guard showsLogprobs, !tokens.isEmpty else { return .null }
        var names: [JSONValue] = []
        var numbers: [JSONValue] = []
        var tops: [JSONValue] = []
        var offsets: [JSONValue] = []
        for token in tokens {
            names.append(.string(token.chosen.name))
            numbers.append(token.chosen.finiteLogProbability.map(JSONValue.number) ?? .null)
            tops.append(token.topByName)
            offsets.append(.integer(offset))
            // A beginning-of-text token stands before the prompt's text, not in it.
            let isOutside =
                offset == 0 && token.chosen.logProbability == nil
                && !echo(choice).utf8.starts(with: token.chosen.bytes)
            offset += isOutside ? 0 : token.chosen.scalarsBegun
        }
        return [
            "tokens": .array(names), "token_logprobs": .array(numbers),
            "top_logprobs": .array(tops), "text_offset": .array(offsets),
        ]
    }
}

extension TokenReport {
    /// The likeliest tokens and the chosen one; of tokens with one text, the likelier counts.
    fileprivate var topByName: JSONValue {
        // A prompt's first token has no probability.
        guard chosen.logProbability != nil else { return .null }
        var members = JSONObject()
        for candidate in top + [chosen] where members[candidate.name] == nil {
            members[candidate.name] =
                candidate.finiteLogProbability.map(JSONValue.number) ?? .null
        }
        return .object(members)
    }
}

extension TokenReport.Candidate {
    /// The token's text, or OpenAI's `bytes:\xe4\xbd` for a part of a character.
    fileprivate var name: String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        let digits = Array("0123456789abcdef")
        return "bytes:"
            + bytes.map { "\\x\(digits[Int($0 >> 4)])\(digits[Int($0 & 15)])" }.joined()
    }

    /// Unicode scalars that begin in this token.
    fileprivate var scalarsBegun: Int { bytes.count { $0 & 0xC0 != 0x80 } }
}
