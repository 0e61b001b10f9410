import StructuredJSON

/// A chat template and what it was found to understand: tools, calls, results, thoughts.
///
/// Found by rendering small conversations once, since templates say nothing about themselves: what a value in a message
/// does not reach the text, the template does not know.
package struct ChatFormat: Sendable {
    package let template: ChatTemplate
    /// How the model writes calls; ``ToolCallStyle/hermes`` where the template knows of none, or of a format that is
    /// unknown here.
    package let calls: ToolCallStyle
    /// Whether the template tells the model of tools, so that no other text has to.
    package let knowsTools: Bool
    /// Whether messages with calls and messages with results reach the text.
    package let knowsCalls: Bool
    /// Whether a message may hold several calls.
    package let takesSeveralCalls: Bool
    /// Whether calls' arguments are JSON text in messages; otherwise they are objects.
    package let argumentsAreText: Bool
    /// How ids of calls look.
    package let ids: CallIDStyle
    /// Whether a system message is understood.
    package let takesSystem: Bool
    /// How thoughts are set apart; `nil` where the template knows of none.
    package let reasoning: ReasoningStyle?
    /// Members of a message that hold its thought.
    package let reasoningKeys: [String]
    /// The template's own variable that turns thoughts on and off.
    package let reasoningSwitch: String?

    /// Looks into a template; takes a few milliseconds.
    ///
    /// - Throws: a ``TemplateError`` where the template is no valid Jinja.
    package init(source: String, name: String) throws(TemplateError) {
        template = try ChatTemplate(source: source, name: name)
        let probe = TemplateProbe(template: template)
        let style = ToolCallStyle(template: source)
        let thought = ReasoningStyle(template: source)
        let objects = probe.calls(asText: false)
        let texts = objects == nil ? probe.calls(asText: true) : nil
        argumentsAreText = texts != nil
        takesSeveralCalls = probe.showsSeveralCalls(asText: texts != nil, ids: objects ?? texts)
        ids = (objects ?? texts) ?? .openAI
        // A template that shows tools in no known style most likely asks for JSON.
        let likely = style ?? .llama
        let showsCalls = (objects ?? texts) != nil
        // Calls that cannot be read back are of a format unknown here: better one that is known.
        let isForeign =
            showsCalls
            && !probe.isReadBack(likely, asText: texts != nil, ids: ids, reasoning: thought)
        knowsTools = probe.showsTools && !isForeign
        knowsCalls = knowsTools && showsCalls
        calls = knowsTools ? likely : .hermes
        takesSystem = probe.showsSystem
        reasoning = thought
        reasoningKeys = probe.reasoningKeys(asText: texts != nil, ids: ids)
        reasoningSwitch = probe.reasoningSwitch
    }
}

/// Conversations that tell what a template understands.
private struct TemplateProbe {
    private static let needle = "berth_needle"
    private static let user: JSONValue = ["role": "user", "content": "berth_question"]
    private static let tools: [JSONValue] = [
        [
            "type": "function",
            "function": [
                "name": "berth_tool", "description": "berth_description",
                "parameters": [
                    "type": "object",
                    "properties": ["berth_needle": ["type": "string", "description": "text"]],
                    "required": ["berth_needle"],
                ],
            ],
        ]
    ]

    let template: ChatTemplate

    /// What the template makes of a conversation; `nil` where it refuses it.
    private func render(
        _ messages: [JSONValue], tools: [JSONValue] = [], _ variables: JSONObject = [:],
        addsPrompt: Bool = true
    ) -> String? {
        var variables = variables
        for name in ["bos_token", "eos_token"] { variables[name] = "" }
        // A refusal is an answer.
        return try? template.render(
            messages: messages, tools: tools, addGenerationPrompt: addsPrompt,
            variables: variables)
    }

    var showsTools: Bool {
        render([Self.user], tools: Self.tools)?.contains("berth_tool") ?? false
    }

    var showsSystem: Bool {
        let system: JSONValue = ["role": "system", "content": .string(Self.needle)]
        return render([system, Self.user])?.contains(Self.needle) ?? false
    }

    /// How ids of calls must look, where the template shows calls and their results.
    func calls(asText: Bool) -> CallIDStyle? {
        for ids in [CallIDStyle.openAI, .nineCharacters] {
            let messages = [Self.user] + conversation(calls: 1, asText: asText, ids: ids)
            guard let text = render(messages, tools: Self.tools) else { continue }
            // With single quotes an object was printed as Python does.
            let isShown =
                text.contains("berth_value0") && text.contains("berth_result0")
                && !text.contains("'\(Self.needle)'") && !text.contains("\\\"\(Self.needle)\\\"")
            if isShown { return ids }
        }
        return nil
    }

    func showsSeveralCalls(asText: Bool, ids: CallIDStyle?) -> Bool {
        guard let ids else { return false }
        let messages = [Self.user] + conversation(calls: 2, asText: asText, ids: ids)
        guard let text = render(messages, tools: Self.tools) else { return false }
        return text.contains("berth_value1") && text.contains("berth_result1")
    }

    /// Whether a parser finds in the text the call that the template wrote there.
    func isReadBack(
        _ style: ToolCallStyle, asText: Bool, ids: CallIDStyle, reasoning: ReasoningStyle?
    ) -> Bool {
        let messages = [Self.user] + conversation(calls: 1, asText: asText, ids: ids).prefix(1)
        guard let text = render(messages, tools: Self.tools),
            let start = render([Self.user], tools: Self.tools, addsPrompt: false)
        else { return false }
        let isPrefix = text.unicodeScalars.starts(with: start.unicodeScalars)
        var parser = AnswerParser(
            calls: style, tools: ToolSet(Self.tools),
            reasoning: reasoning == .harmony ? reasoning : nil)
        let answer = text.unicodeScalars.dropFirst(isPrefix ? start.unicodeScalars.count : 0)
        var (name, arguments) = ("", "")
        for part in parser.append(String(answer)) + parser.finish() {
            switch part {
            case .call(let called, _): name = called
            case .arguments(let more): arguments += more
            case .text, .reasoning, .callEnd: break
            }
        }
        // What is no JSON was not read.
        let value = try? JSONValue(parsing: arguments)
        return name == "berth_tool" && value?["berth_needle"] == "berth_value0"
    }

    func reasoningKeys(asText: Bool, ids: CallIDStyle) -> [String] {
        ["reasoning_content", "thinking", "reasoning"].filter { key in
            var messages = [Self.user] + conversation(calls: 1, asText: asText, ids: ids)
            guard var assistant = messages[1].object else { return false }
            assistant[key] = "berth_thought"
            messages[1] = .object(assistant)
            return render(messages, tools: Self.tools)?.contains("berth_thought") ?? false
        }
    }

    var reasoningSwitch: String? {
        ["enable_thinking", "thinking"].first { name in
            let (on, off) = (
                render([Self.user], [name: true]), render([Self.user], [name: false])
            )
            return on != nil && off != nil && on != off
        }
    }

    /// An assistant's calls and what came of them.
    private func conversation(calls: Int, asText: Bool, ids: CallIDStyle) -> [JSONValue] {
        let id = { (index: Int) -> JSONValue in
            switch ids {
            case .openAI: .string("call_berth000000000000000000\(index)")
            case .nineCharacters: .string("berth000\(index)")
            }
        }
        let objects = (0..<calls).map { index -> JSONValue in
            let arguments: JSONValue = ["berth_needle": .string("berth_value\(index)")]
            return [
                "id": id(index), "type": "function",
                "function": [
                    "name": "berth_tool",
                    "arguments": asText ? .string(arguments.serialized(.python)) : arguments,
                ],
            ]
        }
        let results = (0..<calls).map { index -> JSONValue in
            [
                "role": "tool", "content": .string("berth_result\(index)"), "name": "berth_tool",
                "tool_call_id": id(index),
            ]
        }
        return [["role": "assistant", "content": "", "tool_calls": .array(objects)]] + results
    }
}
