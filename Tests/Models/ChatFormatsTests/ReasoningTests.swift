import ChatFormats
import Testing

@Suite("Thoughts are told from answers, however they are cut")
struct ReasoningTests {
    struct Case: Sendable {
        var style: ReasoningStyle
        var prompt = ""
        var answer: String
        var reasoning = ""
        var text = ""
        var calls: [ParsedAnswer.Call] = []
    }

    private static let think = ReasoningStyle.markers(open: "<think>", close: "</think>")
    private static let mistral = ReasoningStyle.markers(open: "[THINK]", close: "[/THINK]")

    static let cases: [Case] = [
        Case(
            style: think, answer: "<think>\nTide? 泊位 < 3\n\nYes.\n</think>\n\nNoon.",
            reasoning: "Tide? 泊位 < 3\n\nYes.", text: "Noon."),
        Case(
            style: think, prompt: "user\nassistant\n<think>\n", answer: "Hm.\n</think>\n\nNoon.\n",
            reasoning: "Hm.", text: "Noon.\n"),
        Case(style: think, answer: "\n Noon, <think> no.", text: "\n Noon, <think> no."),
        Case(style: think, answer: "<think>\n\n</think>\n\nNoon.", text: "Noon."),
        Case(style: think, answer: "<think>never ends </thin", reasoning: "never ends </thin"),
        Case(style: think, answer: "<thin", text: "<thin"),
        Case(style: think, answer: "", text: ""),
        Case(
            style: mistral, answer: "[THINK]Hm.[/THINK]Noon [THINK].", reasoning: "Hm.",
            text: "Noon [THINK]."),
        Case(
            style: think,
            answer:
                "<think>a <tool_call></think><tool_call>{\"name\": \"tide\", \"arguments\": {}}</tool_call>",
            reasoning: "a <tool_call>", calls: [.call("tide", "{}")]),
        Case(
            style: .harmony, prompt: "<|start|>assistant",
            answer: """
                <|channel|>analysis<|message|>Ask for the tide.<|end|><|start|>assistant<|channel|>commentary\
                <|message|>One moment.<|end|><|start|>assistant<|channel|>commentary to=functions.tide \
                <|constrain|>json<|message|>{"at": "<noon>"}<|call|>
                """, reasoning: "Ask for the tide.", text: "One moment.",
            calls: [.call("tide", #"{"at": "<noon>"}"#)]),
        Case(
            style: .harmony, prompt: "<|start|>assistant",
            answer: " to=functions.tide<|channel|>commentary json<|message|>{}",
            calls: [.call("tide", "{}")]),
        Case(
            style: .harmony, prompt: "<|start|>assistant",
            answer:
                "<|channel|>analysis<|message|>a<|start|>assistant<|channel|>final<|message|>b < c",
            reasoning: "a", text: "b < c"),
        Case(
            style: .harmony, prompt: "<|start|>assistant", answer: "Just text: to=you",
            text: "Just text: to=you"),
        Case(
            style: .harmony, prompt: "<|start|>assistant", answer: "assist me", text: "assist me"),
        Case(
            style: .harmony, prompt: "<|start|>assistant<|channel|>final<|message|>", answer: "b",
            text: "b"),
        Case(style: .harmony, prompt: "<|start|>assistant", answer: "<|channel|>fin"),
    ]

    @Test("Thought, text and calls are apart", arguments: cases)
    func splitting(_ test: Case) {
        let parser = AnswerParser(
            calls: test.style == .harmony ? .harmony : .hermes, tools: harbourTools,
            reasoning: test.style, prompt: test.prompt)
        let expected = ParsedAnswer(
            reasoning: test.reasoning, text: test.text, calls: test.calls)
        for pieces in cuts(of: test.answer) {
            let answer = ParsedAnswer(pieces, by: parser)
            #expect(answer == expected, "\(pieces)")
            if answer != expected { return }
        }
    }

    @Test("A thought is closed when its budget is spent, and counted without its markers")
    func budget() {
        var budget = ReasoningBudget(style: Self.think, limit: 3, isOpen: false)
        for (piece, mustClose) in [
            ("<think>", false), ("\n", false), ("a", false), (" b", true), ("\n</think>", false),
            ("c", false), ("<think>", false), ("d", false),
        ] {
            budget.accept(piece.utf8)
            #expect(budget.mustClose == mustClose, "\(piece)")
        }
        #expect(budget.isOver)
    }

    @Test("A budget of nothing closes a thought that the prompt opens, before the first token")
    func nothing() {
        #expect(ReasoningBudget(style: Self.think, limit: 0, isOpen: true).mustClose)
        #expect(!ReasoningBudget(style: Self.think, limit: 0, isOpen: false).mustClose)
    }

    @Test("An answer without a thought has no budget to keep, and harmony counts its analysis")
    func others() {
        var budget = ReasoningBudget(style: Self.think, limit: 1, isOpen: false)
        for piece in ["No", "<think>", "a", "b"] { budget.accept(piece.utf8) }
        #expect(!budget.mustClose && budget.isOver)
        var harmony = ReasoningBudget(style: .harmony, limit: 2, isOpen: false)
        for piece in ["<|channel|>", "analysis", "<|message|>", "a"] { harmony.accept(piece.utf8) }
        #expect(!harmony.mustClose && harmony.isThinking)
        harmony.accept("b".utf8)
        #expect(harmony.mustClose)
        var final = ReasoningBudget(style: .harmony, limit: 2, isOpen: false)
        for piece in ["<|channel|>", "final", "<|message|>", "a"] { final.accept(piece.utf8) }
        #expect(final.isOver)
    }

    @Test("Off closes a thought in the prompt, whether the template opened it or not")
    func off() {
        let closed = Self.think.closed
        #expect(closed("assistant\n") == "assistant\n<think>\n\n</think>\n\n")
        #expect(closed("assistant\n<think>\n") == "assistant\n<think>\n\n</think>\n\n")
        #expect(closed("a<think></think>") == "a<think></think>")
        #expect(
            ReasoningStyle.harmony.closed("<|start|>assistant").hasSuffix(
                "<|end|><|start|>assistant"))
    }
}
