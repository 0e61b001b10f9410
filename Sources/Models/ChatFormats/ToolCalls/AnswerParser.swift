/// Takes an answer apart as it comes into thoughts, text and calls of tools: a pure state machine over pieces of text.
///
/// The text must hold special tokens that are markers as they are written; ``markers`` lists them.
package struct AnswerParser: Sendable {
    private var harmony: HarmonyParser?
    private var splitter: ReasoningSplitter?
    private var parser: ToolCallParser?

    /// - Parameters:
    ///   - calls: how the model writes calls; `nil` takes them for text.
    ///   - tools: what can be called.
    ///   - reasoning: how the model sets thoughts apart; `nil` takes them for text.
    ///   - prompt: the end of what the model continues, which may open a thought.
    package init(
        calls: ToolCallStyle?, tools: ToolSet = ToolSet(), reasoning: ReasoningStyle? = nil,
        prompt: String = ""
    ) {
        if reasoning == .harmony {
            let head = prompt.ranges(of: "<|start|>assistant").last.map { prompt[$0.upperBound...] }
            harmony = HarmonyParser(
                readsCalls: calls == .harmony, head: head.map(String.init) ?? "")
            return
        }
        if let reasoning, case .markers(let open, let close) = reasoning {
            splitter = ReasoningSplitter(
                open: open, close: close, isOpen: reasoning.isOpen(after: prompt))
        }
        parser = calls.map { ToolCallParser(style: $0, tools: tools) }
    }

    /// Whether what comes next belongs to a thought, as far as is known.
    package var isReasoning: Bool {
        harmony?.isReasoning ?? splitter?.isReasoning ?? false
    }

    package mutating func append(_ text: String) -> [AnswerPart] {
        if let parts = harmony?.append(text) { return parts }
        let (thought, answer) = splitter?.append(text) ?? ("", text)
        return parts(thought, answer)
    }

    /// The end of the answer: what was held back.
    package mutating func finish() -> [AnswerPart] {
        if let parts = harmony?.finish() { return parts }
        let (thought, answer) = splitter?.finish() ?? ("", "")
        return parts(thought, answer) + (parser?.finish() ?? [])
    }

    private mutating func parts(_ thought: String, _ answer: String) -> [AnswerPart] {
        let first: [AnswerPart] = thought.isEmpty ? [] : [.reasoning(thought)]
        guard !answer.isEmpty else { return first }
        return first + (parser?.append(answer) ?? [.text(answer)])
    }
}
