import CompletionAPI
package import StructuredJSON

/// What every state of one response repeats, and how its output is worded.
package struct ResponseHead: Sendable, Equatable {
    /// `resp_` and a random part, which the ids of its items repeat.
    package var id: String
    /// Seconds since 1970.
    package var created: Int
    package var model: String
    /// Fields of the request.
    package var repeated: JSONObject

    package init(id: String, created: Int, model: String, repeated: JSONObject = [:]) {
        self.id = id
        self.created = created
        self.model = model
        self.repeated = repeated
    }

    func itemID(_ prefix: String, _ index: Int) -> String {
        "\(prefix)\(id.drop { $0 != "_" }.dropFirst())\(index)"
    }

    /// The response; without a reason it is still being made.
    func object(
        _ output: [JSONValue], end: (FinishReason, Usage)? = nil, error: APIError? = nil
    ) -> JSONValue {
        let status =
            switch (error, end?.0) {
            case (.some, _): "failed"
            case (nil, .length): "incomplete"
            case (nil, .some): "completed"
            case (nil, nil): "in_progress"
            }
        var object: JSONObject = [
            "id": .string(id), "object": "response", "created_at": .integer(created),
            "status": .string(status), "background": false,
            "error": error.map {
                ["code": .string($0.code ?? "server_error"), "message": .string($0.message)]
            } ?? .null,
            "incomplete_details":
                status == "incomplete" ? ["reason": "max_output_tokens"] : .null,
            "model": .string(model), "output": .array(output),
        ]
        for (name, value) in repeated { object[name] = value }
        object["usage"] = end?.1.responses ?? .null
        return .object(object)
    }

    // MARK: Items

    func reasoning(_ text: String?, _ index: Int) -> JSONValue {
        [
            "id": .string(itemID("rs_", index)), "type": "reasoning", "summary": [],
            "content": text.map { [["type": "reasoning_text", "text": .string($0)]] } ?? [],
            "status": .string(text == nil ? "in_progress" : "completed"),
        ]
    }

    func message(_ part: JSONValue?, _ index: Int, isCut: Bool = false) -> JSONValue {
        [
            "id": .string(itemID("msg_", index)), "type": "message",
            "status": .string(
                part == nil ? "in_progress" : isCut ? "incomplete" : "completed"),
            "role": "assistant", "content": part.map { [$0] } ?? [],
        ]
    }

    static func outputText(_ text: String, _ tokens: [TokenReport] = []) -> JSONValue {
        [
            "type": "output_text", "text": .string(text), "annotations": [],
            "logprobs": .array(tokens.map(\.openAI)),
        ]
    }

    func call(_ call: ToolCall, _ index: Int, isComplete: Bool) -> JSONValue {
        [
            "id": .string(itemID("fc_", index)), "type": "function_call",
            "call_id": .string(call.id), "name": .string(call.name),
            "arguments": .string(call.arguments),
            "status": .string(isComplete ? "completed" : "in_progress"),
        ]
    }

    /// The items of a complete answer; there is always a message or a call.
    func output(of answer: CollectedAnswer) -> [JSONValue] {
        var output: [JSONValue] = []
        if !answer.reasoning.isEmpty { output.append(reasoning(answer.reasoning, 0)) }
        if !answer.text.isEmpty || answer.toolCalls.isEmpty {
            let part = Self.outputText(answer.text, answer.tokens)
            output.append(message(part, output.count, isCut: answer.reason == .length))
        }
        for call in answer.toolCalls {
            output.append(self.call(call, output.count, isComplete: true))
        }
        return output
    }
}

extension Usage {
    fileprivate var responses: JSONValue {
        [
            "input_tokens": .integer(promptTokens),
            "input_tokens_details": ["cached_tokens": .integer(cachedTokens)],
            "output_tokens": .integer(completionTokens),
            "output_tokens_details": ["reasoning_tokens": .integer(reasoningTokens)],
            "total_tokens": .integer(promptTokens + completionTokens),
        ]
    }
}
