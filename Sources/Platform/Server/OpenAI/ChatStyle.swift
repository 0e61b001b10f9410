package import CompletionAPI
package import StructuredJSON

/// Answers of `/v1/chat/completions`.
package struct ChatStyle: AnswerStyle {
    private let showsLogprobs: Bool
    private var stream: ChunkStream
    private var head: ReplyHead { stream.head }

    /// So many answers; their tokens' probabilities are shown where the request asks for them.
    package init(
        head: ReplyHead, choices: Int = 1, includesUsage: Bool = false, showsLogprobs: Bool = false
    ) {
        self.showsLogprobs = showsLogprobs
        stream = ChunkStream(
            head: head, kind: "chat.completion.chunk", includesUsage: includesUsage,
            choices: choices)
    }

    package static let streamType = ServerSentEvent.contentType

    // MARK: Streams

    package mutating func frames(for event: CompletionEvent, choice: Int) -> String {
        switch event {
        case .started: return piece(choice, ["role": "assistant", "content": ""])
        case .prompt: return ""
        case .text(let text, let tokens):
            guard !text.isEmpty || showsLogprobs else { return "" }
            return piece(choice, ["content": .string(text)], tokens)
        case .reasoning(let text): return piece(choice, ["reasoning_content": .string(text)])
        case .toolCall(let index, let id, let name):
            return call(
                choice,
                [
                    "index": .integer(index), "id": .string(id), "type": "function",
                    "function": ["name": .string(name), "arguments": ""],
                ])
        case .toolArguments(let index, let text):
            return call(
                choice, ["index": .integer(index), "function": ["arguments": .string(text)]])
        case .finished(let reason, let usage):
            return stream.last(delta(choice, [:], reason: reason), of: choice, usage)
        }
    }

    package mutating func closing() -> String { stream.closing() }

    package mutating func frames(for error: APIError) -> String {
        ServerSentEvent.frame(error.body)
    }

    private func piece(
        _ choice: Int, _ delta: JSONValue, _ tokens: [TokenReport] = []
    ) -> String {
        stream.chunk(self.delta(choice, delta, logprobs: logprobs(tokens)))
    }

    private func call(_ choice: Int, _ call: JSONValue) -> String {
        piece(choice, ["tool_calls": [call]])
    }

    private func delta(
        _ choice: Int, _ delta: JSONValue, logprobs: JSONValue = .null,
        reason: FinishReason? = nil
    ) -> JSONValue {
        [
            "index": .integer(choice), "delta": delta, "logprobs": logprobs,
            "finish_reason": reason.map { .string($0.rawValue) } ?? .null,
        ]
    }

    private func logprobs(_ tokens: [TokenReport]) -> JSONValue {
        guard showsLogprobs, !tokens.isEmpty else { return .null }
        return ["content": .array(tokens.map(\.openAI)), "refusal": nil]
    }

    // MARK: Whole answers

    package func whole(_ answers: [CollectedAnswer]) -> JSONValue {
        let usage = Usage(answers.map(\.usage), choices: stream.choices)
        return head.object(
            "chat.completion", answers.enumerated().map { whole($1, choice: $0) },
            ["usage": usage.openAI, "timings": usage.timings])
    }

    private func whole(_ answer: CollectedAnswer, choice: Int) -> JSONValue {
        var message: JSONObject = ["role": "assistant", "content": .string(answer.text)]
        if !answer.reasoning.isEmpty {
            message["reasoning_content"] = .string(answer.reasoning)
        }
        if !answer.toolCalls.isEmpty {
            if answer.text.isEmpty { message["content"] = .null }
            message["tool_calls"] = .array(answer.toolCalls.map(\.openAI))
        }
        return [
            "index": .integer(choice), "message": .object(message),
            "logprobs": logprobs(answer.tokens),
            "finish_reason": answer.reason.map { .string($0.rawValue) } ?? .null,
        ]
    }
}

extension ToolCall {
    fileprivate var openAI: JSONValue {
        [
            "id": .string(id), "type": "function",
            "function": ["name": .string(name), "arguments": .string(arguments)],
        ]
    }
}

extension TokenReport {
    /// An element of `logprobs.content`; also Ollama's form.
    var openAI: JSONValue {
        guard var entry = chosen.openAI.object else { return .null }
        entry["top_logprobs"] = .array(top.map(\.openAI))
        return .object(entry)
    }
}

extension TokenReport.Candidate {
    /// What clients get for a token that could not have stood there: JSON has no infinity.
    static let leastLogProbability = -9999.0

    /// `nil` for a prompt's first token.
    var finiteLogProbability: Double? {
        logProbability.map { max($0, Self.leastLogProbability) }
    }

    fileprivate var openAI: JSONValue {
        [
            // A part of a character shows as U+FFFD; its bytes say what it is.
            "token": .string(String(decoding: bytes, as: UTF8.self)),
            "logprob": finiteLogProbability.map(JSONValue.number) ?? .null,
            "bytes": .array(bytes.map { .integer(Int($0)) }),
        ]
    }
}
