/// Takes an answer apart as it comes into thoughts, text and calls of tools: a pure state machine over pieces of text.
///
/// The text must hold special tokens that are markers as they are written; ``markers`` lists them.
package struct AnswerParser: Sendable {
    private enum Format {
        case harmony(HarmonyParser)
        case plain(ReasoningSplitter?, ToolCallParser?)
    }

    private var format: Format

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
            format = .harmony(
                HarmonyParser(readsCalls: calls == .harmony, head: head.map(String.init) ?? ""))
            return
        }
        var splitter: ReasoningSplitter?
        if let reasoning, case .markers(let open, let close) = reasoning {
            splitter = ReasoningSplitter(
                open: open, close: close, isOpen: reasoning.isOpen(after: prompt))
        }
        let parser = calls.map { ToolCallParser(style: $0, tools: tools) }
        format = .plain(splitter, parser)
    }

    /// Whether what comes next belongs to a thought, as far as is known.
    package var isReasoning: Bool {
        switch format {
        case .harmony(let parser): parser.isReasoning
        case .plain(let splitter, _): splitter?.isReasoning ?? false
        }
    }

    package mutating func append(_ text: String) -> [AnswerPart] {
        switch format {
        case .harmony(var parser):
            let parts = parser.append(text)
            format = .harmony(parser)
            return parts
        case .plain(var splitter, var parser):
            let (thought, answer) = splitter?.append(text) ?? ("", text)
            let parts = Self.parts(thought, answer, &parser)
            format = .plain(splitter, parser)
            return parts
        }
    }

    /// The end of the answer: what was held back.
    package mutating func finish() -> [AnswerPart] {
        switch format {
        case .harmony(var parser):
            let parts = parser.finish()
            format = .harmony(parser)
            return parts
        case .plain(var splitter, var parser):
            let (thought, answer) = splitter?.finish() ?? ("", "")
            let parts = Self.parts(thought, answer, &parser) + (parser?.finish() ?? [])
            format = .plain(splitter, parser)
            return parts
        }
    }

    private static func parts(
        _ thought: String, _ answer: String, _ parser: inout ToolCallParser?
    ) -> [AnswerPart] {
        let first: [AnswerPart] = thought.isEmpty ? [] : [.reasoning(thought)]
        guard !answer.isEmpty else { return first }
        return first + (parser?.append(answer) ?? [.text(answer)])
    }
}
