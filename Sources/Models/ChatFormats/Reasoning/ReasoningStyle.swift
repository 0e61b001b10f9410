/// How a model sets its thoughts apart from its answer.
package enum ReasoningStyle: Sendable, Equatable {
    /// Between two markers, before the answer.
    case markers(open: String, close: String)
    /// In messages of the analysis channel: see ``HarmonyParser``.
    case harmony

    private static let known = [
        (open: "<think>", close: "</think>"),
        (open: "[THINK]", close: "[/THINK]"),
        (open: "<seed:think>", close: "</seed:think>"),
        (open: "<|START_THINKING|>", close: "<|END_THINKING|>"),
    ]

    /// The style that a chat template is written for; `nil` where it knows of no thoughts.
    package init?(template source: String) {
        if ToolCallStyle(template: source) == .harmony {
            self = .harmony
            return
        }
        guard let found = Self.known.first(where: { source.contains($0.close) }) else { return nil }
        self = .markers(open: found.open, close: found.close)
    }

    /// Special tokens that a decoder must show as text, so that a parser can see them.
    package var markers: [String] {
        switch self {
        case .markers(let open, let close): [open, close]
        case .harmony: HarmonyParser.markers
        }
    }

    /// What ends a thought that is open, so that the answer begins.
    package var closing: String {
        switch self {
        case .markers(_, let close): "\n\(close)\n\n"
        case .harmony: "<|end|><|start|>assistant<|channel|>final<|message|>"
        }
    }

    /// The same, where the head of what follows is written, too: of a call or of the answer.
    package var closingBeforeHead: String {
        self == .harmony ? "<|end|>" : closing
    }

    /// What stands before an answer that follows this prompt without a thought.
    package func answerHead(after prompt: String) -> String {
        self == .harmony && !prompt.hasSuffix("<|message|>") ? "<|channel|>final<|message|>" : ""
    }

    /// What stands before an answer that follows a thought of the same turn.
    package var resumingAnswerHead: String {
        self == .harmony ? "<|start|>assistant<|channel|>final<|message|>" : ""
    }

    /// Markers that cannot stand within a thought, and do not end it well.
    package var strangers: [String] {
        self == .harmony ? HarmonyParser.markers.filter { $0 != "<|end|>" } : []
    }

    /// What begins a thought.
    package var opening: String {
        switch self {
        case .markers(let open, _): open
        case .harmony: "<|channel|>analysis<|message|>"
        }
    }

    /// What makes a prompt one whose answer has no thought, where the template has no switch for it.
    package func closed(_ prompt: String) -> String {
        switch self {
        case .markers(let open, let close):
            if isOpen(after: prompt) {
                return prompt + (prompt.last == "\n" ? "\n" : "") + "\(close)\n\n"
            }
            return isClosed(after: prompt) ? prompt : prompt + "\(open)\n\n\(close)\n\n"
        case .harmony:
            // An empty analysis, and not the final channel at once: that would rule calls out.
            guard prompt.hasSuffix("<|start|>assistant") else { return prompt }
            return prompt + "<|channel|>analysis<|message|><|end|><|start|>assistant"
        }
    }

    /// Whether a prompt ends after a thought, so that the answer has none.
    package func isClosed(after prompt: String) -> Bool {
        switch self {
        case .markers(_, let close): prompt.utf8.trimmed.text.hasSuffix(close)
        case .harmony:
            prompt.hasSuffix("<|end|><|start|>assistant")
                && prompt.contains("<|channel|>analysis<|message|>")
                || prompt.hasSuffix("<|channel|>final<|message|>")
        }
    }

    /// Whether a prompt ends within a thought.
    package func isOpen(after prompt: String) -> Bool {
        switch self {
        case .markers(let open, _): prompt.utf8.trimmed.text.hasSuffix(open)
        case .harmony: false
        }
    }
}
