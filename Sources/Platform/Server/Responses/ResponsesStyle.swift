package import CompletionAPI
package import StructuredJSON

/// Answers of `/v1/responses`.
///
/// A stream is the response as it begins, its items one after the other, each added, written and done, and the response as
/// it ends. Every event has the next number.
package struct ResponsesStyle: AnswerStyle {
    fileprivate enum Item {
        case reasoning(String)
        case message(String, [TokenReport])
        case call(ToolCall)
    }

    private let head: ResponseHead
    /// Items that are done.
    private var output: [JSONValue] = []
    /// The item that is being written.
    private var open: Item?
    private var end: (FinishReason, Usage)?
    private var number = 0

    package init(head: ResponseHead) {
        self.head = head
    }

    package static let streamType = ServerSentEvent.contentType

    package func whole(_ answers: [CollectedAnswer]) -> JSONValue {
        guard let answer = answers.first, let reason = answer.reason else { return .null }
        return head.object(head.output(of: answer), end: (reason, answer.usage))
    }

    // MARK: Streams

    package mutating func frames(for event: CompletionEvent, choice: Int) -> String {
        switch event {
        case .started:
            let response = head.object([])
            return frame("response.created", ["response": response])
                + frame("response.in_progress", ["response": response])
        case .prompt: return ""
        case .text(let text, let tokens):
            guard !text.isEmpty || !tokens.isEmpty else { return "" }
            return write(text, tokens)
        case .reasoning(let text): return think(text)
        case .toolCall(_, let id, let name):
            let call = ToolCall(id: id, name: name, arguments: "")
            return close() + begin(.call(call), head.call(call, output.count, isComplete: false))
        case .toolArguments(_, let text):
            guard case .call(var call) = open else { return "" }
            call.arguments += text
            open = .call(call)
            return part("response.function_call_arguments.delta", ["delta": .string(text)], nil)
        case .finished(let reason, let usage):
            end = (reason, usage)
            // A message without a word is one still.
            let isEmpty = output.allSatisfy { $0["type"] == "reasoning" }
            return (isEmpty && open?.isAnswer != true ? write("", []) : "") + close()
        }
    }

    package mutating func closing() -> String {
        let name = end?.0 == .length ? "response.incomplete" : "response.completed"
        return frame(name, ["response": head.object(output, end: end)])
    }

    package mutating func frames(for error: APIError) -> String {
        frame("response.failed", ["response": head.object(output, error: error)])
    }

    private mutating func write(_ text: String, _ tokens: [TokenReport]) -> String {
        var frames = ""
        var (whole, all) = ("", [TokenReport]())
        if case .message(let text, let tokens) = open {
            (whole, all) = (text, tokens)
        } else {
            frames = close() + begin(.message("", []), head.message(nil, output.count))
            frames += part(
                "response.content_part.added", ["part": ResponseHead.outputText("")])
        }
        open = .message(whole + text, all + tokens)
        guard !text.isEmpty || !tokens.isEmpty else { return frames }
        return frames
            + part(
                "response.output_text.delta",
                ["delta": .string(text), "logprobs": .array(tokens.map(\.openAI))])
    }

    private mutating func think(_ text: String) -> String {
        var frames = ""
        var whole = ""
        if case .reasoning(let text) = open {
            whole = text
        } else {
            frames = close() + begin(.reasoning(""), head.reasoning(nil, output.count))
            frames += part(
                "response.content_part.added", ["part": ["type": "reasoning_text", "text": ""]])
        }
        open = .reasoning(whole + text)
        return frames + part("response.reasoning_text.delta", ["delta": .string(text)])
    }

    private mutating func begin(_ item: Item, _ value: JSONValue) -> String {
        open = item
        return frame(
            "response.output_item.added",
            ["output_index": .integer(output.count), "item": value])
    }

    /// Ends the open item.
    private mutating func close() -> String {
        var frames = ""
        let item: JSONValue
        switch open {
        case nil: return ""
        case .reasoning(let text):
            frames += part("response.reasoning_text.done", ["text": .string(text)])
            frames += part(
                "response.content_part.done",
                ["part": ["type": "reasoning_text", "text": .string(text)]])
            item = head.reasoning(text, output.count)
        case .message(let text, let tokens):
            let content = ResponseHead.outputText(text, tokens)
            frames += part(
                "response.output_text.done",
                ["text": .string(text), "logprobs": .array(tokens.map(\.openAI))])
            frames += part("response.content_part.done", ["part": content])
            item = head.message(content, output.count, isCut: end?.0 == .length)
        case .call(let call):
            frames += part(
                "response.function_call_arguments.done",
                ["name": .string(call.name), "arguments": .string(call.arguments)], nil)
            item = head.call(call, output.count, isComplete: true)
        }
        frames += frame(
            "response.output_item.done",
            ["output_index": .integer(output.count), "item": item])
        output.append(item)
        open = nil
        return frames
    }

    /// An event about the open item, and the one part of its content that it has.
    private mutating func part(
        _ name: String, _ members: JSONObject, _ contentIndex: Int? = 0
    ) -> String {
        let prefix =
            switch open {
            case .reasoning: "rs_"
            case .call: "fc_"
            case .message, nil: "msg_"
            }
        var all: JSONObject = [
            "item_id": .string(head.itemID(prefix, output.count)),
            "output_index": .integer(output.count),
        ]
        all["content_index"] = contentIndex.map(JSONValue.integer)
        for (name, value) in members { all[name] = value }
        return frame(name, all)
    }

    private mutating func frame(_ name: String, _ members: JSONObject) -> String {
        var data: JSONObject = ["type": .string(name), "sequence_number": .integer(number)]
        number += 1
        for (name, value) in members { data[name] = value }
        return ServerSentEvent.frame(.object(data), name: name)
    }
}

extension ResponsesStyle.Item {
    /// Whether it is more than a thought.
    fileprivate var isAnswer: Bool {
        if case .reasoning = self { false } else { true }
    }
}
