package import ChatFormats
package import CompletionAPI
package import StructuredJSON

/// Puts a conversation into the shape that a chat template expects.
///
/// Templates differ in what a message may hold: calls whose arguments are objects or text, one call a message or several,
/// ids of one length. What a template does not know at all is written into ordinary messages.
package struct ConversationShape {
    private let format: ChatFormat
    package private(set) var messages: [JSONValue] = []
    package private(set) var tools: [JSONValue] = []

    package init(_ conversation: Conversation, format: ChatFormat) {
        self.format = format
        let hasCalls = conversation.messages.contains { !$0.toolCalls.isEmpty || $0.role == "tool" }
        if format.knowsTools { tools = conversation.tools }
        let isPlain = !format.knowsCalls && hasCalls
        let turns = isPlain ? plain(conversation.messages) : conversation.messages
        let told = conversation.tools.isEmpty || format.knowsTools
        add(told ? turns : explaining(conversation.tools, to: turns))
    }

    /// The tools with all that a template could look for.
    var completeTools: [JSONValue] {
        tools.map { tool in
            guard var object = tool.object, var function = object["function"]?.object else {
                return tool
            }
            if function["description"]?.string == nil { function["description"] = "" }
            if function["parameters"]?.object == nil {
                function["parameters"] = ["type": "object", "properties": [:]]
            }
            object["function"] = .object(function)
            return .object(object)
        }
    }

    // MARK: Messages that the template knows

    private mutating func add(_ turns: [ChatMessage]) {
        var index = 0
        while index < turns.count {
            let turn = turns[index]
            index += 1
            guard turn.toolCalls.count > 1, !format.takesSeveralCalls else {
                messages.append(value(turn))
                continue
            }
            // Every call in a message of its own, followed by its result.
            var results: [ChatMessage] = []
            while index < turns.count, turns[index].role == "tool" {
                results.append(turns[index])
                index += 1
            }
            for (number, call) in turn.toolCalls.enumerated() {
                var part = turn
                part.toolCalls = [call]
                if number > 0 { (part.content, part.reasoning) = ("", nil) }
                messages.append(value(part))
                let own =
                    results.firstIndex { $0.toolCallID == call.id }
                    ?? results.firstIndex { $0.toolCallID == nil }
                if let own { messages.append(value(results.remove(at: own))) }
            }
            messages += results.map(value)
        }
    }

    private func value(_ turn: ChatMessage) -> JSONValue {
        var value: JSONObject = ["role": .string(turn.role), "content": .string(turn.content)]
        if let name = turn.name { value["name"] = .string(name) }
        if let id = turn.toolCallID { value["tool_call_id"] = .string(fitted(id)) }
        if let reasoning = turn.reasoning, !reasoning.isEmpty {
            var thought = reasoning
            if format.reasoning == .harmony, !turn.toolCalls.isEmpty, !turn.content.isEmpty {
                // Harmony's template takes one or the other beside a call.
                thought += "\n\n" + turn.content
                value["content"] = ""
            }
            for key in format.reasoningKeys.isEmpty ? ["reasoning_content"] : format.reasoningKeys {
                value[key] = .string(thought)
            }
        }
        if !turn.toolCalls.isEmpty {
            value["tool_calls"] = .array(turn.toolCalls.map(call))
        }
        return .object(value)
    }

    private func call(_ call: ToolCall) -> JSONValue {
        [
            "id": .string(fitted(call.id)), "type": "function",
            "function": ["name": .string(call.name), "arguments": arguments(call.arguments)],
        ]
    }

    private func arguments(_ text: String) -> JSONValue {
        let text = text.isEmpty ? "{}" : text
        // A model may have written no JSON; the next one reads it as it stands.
        guard !format.argumentsAreText,
            let value = try? JSONValue(
                parsing: text, limits: JSONLimits(duplicateKeys: .keepLast)), value.object != nil
        else { return .string(text) }
        return value
    }

    /// An id of the length that the template demands: the same for the same, whoever gave it.
    private func fitted(_ id: String) -> String {
        guard case .nineCharacters = format.ids else { return id }
        let isFit =
            id.utf8.count == 9
            && id.utf8.allSatisfy { (48...57).contains($0) || (65...90).contains($0 & 0xDF) }
        guard !isFit else { return id }
        // Fowler, Noll and Vo's hash, in base 36.
        let hash = id.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) {
            ($0 ^ UInt64($1)) &* 0x100_0000_01B3
        }
        let digits = String(hash, radix: 36)
        return String((String(repeating: "0", count: 9) + digits).suffix(9))
    }

    // MARK: Messages that it does not know

    /// Calls and results as text; results in a row are one message of the user.
    private func plain(_ turns: [ChatMessage]) -> [ChatMessage] {
        var plain: [ChatMessage] = []
        var followsResult = false
        for turn in turns {
            var text = turn
            if turn.role == "tool" {
                text = ChatMessage(role: "user", content: GenericTools.result(turn.content))
            }
            text.toolCalls = []
            let calls = turn.toolCalls.map { call in
                let frame = CallFrame(call.name, style: format.calls)
                return frame.head + (call.arguments.isEmpty ? "{}" : call.arguments) + frame.tail
            }
            text.content = ([text.content].filter { !$0.isEmpty } + calls).joined(separator: "\n")
            if followsResult, text.role == "user", let last = plain.popLast() {
                text.content = last.content + "\n" + text.content
            }
            followsResult = turn.role == "tool"
            plain.append(text)
        }
        return plain
    }

    /// Adds what a model must know of the tools to the system message, or to the first one where there can be none.
    private func explaining(_ tools: [JSONValue], to turns: [ChatMessage]) -> [ChatMessage] {
        let explanation = GenericTools.explanation(tools)
        var turns = turns
        let index = turns.firstIndex {
            $0.role == "system" || $0.role == "developer"
                || !format.takesSystem && $0.role == "user"
        }
        if let index {
            let isSystem = turns[index].role != "user"
            let parts =
                isSystem
                ? [turns[index].content, explanation] : [explanation, turns[index].content]
            turns[index].content = parts.filter { !$0.isEmpty }.joined(separator: "\n\n")
        } else {
            turns.insert(ChatMessage(role: "system", content: explanation), at: 0)
        }
        return turns
    }
}
