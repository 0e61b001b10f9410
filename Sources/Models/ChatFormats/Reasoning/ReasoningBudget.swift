/// Ends a thought that has taken as many tokens as it may: a pure state machine over the tokens of an answer.
///
/// The owner hands it what each token stands for and, when it says so, makes the model's next tokens those of
/// ``ReasoningStyle/closing``.
package struct ReasoningBudget: Sendable {
    private enum State {
        case before, thinking, after
    }

    private let style: ReasoningStyle
    private let limit: Int
    private var state: State
    private var scanner: MarkerScanner
    /// Tokens of the thought so far.
    package private(set) var spent = 0

    /// - Parameters:
    ///   - style: how the model sets thoughts apart.
    ///   - limit: most tokens of a thought, markers not counted.
    ///   - isOpen: whether the prompt ends within a thought.
    package init(style: ReasoningStyle, limit: Int, isOpen: Bool) {
        self.style = style
        self.limit = limit
        state = isOpen ? .thinking : .before
        scanner = MarkerScanner(Self.markers(of: style, isOpen: isOpen))
    }

    /// Whether the thought must be closed before any more tokens are chosen.
    package var mustClose: Bool {
        state == .thinking && spent >= limit
    }

    /// Whether the answer is within a thought.
    package var isThinking: Bool { state == .thinking }

    /// Whether the thought is over, if there was one.
    package var isOver: Bool { state == .after }

    /// Takes the next token's bytes, those of markers included.
    package mutating func accept(_ bytes: some Sequence<UInt8>) {
        let wasThinking = state == .thinking
        for byte in bytes {
            guard state != .after else { return }
            guard case .found(let index) = scanner.advance(byte) else {
                if state == .before, style != .harmony, !scanner.released.trimmed.isEmpty {
                    // An answer without a thought.
                    state = .after
                }
                continue
            }
            state = state == .before && index == 0 ? .thinking : .after
            scanner = MarkerScanner(Self.markers(of: style, isOpen: true))
        }
        if wasThinking, state == .thinking { spent += 1 }
    }

    private static func markers(of style: ReasoningStyle, isOpen: Bool) -> [String] {
        switch (style, isOpen) {
        case (.markers(let open, _), false): [open]
        case (.markers(_, let close), true): [close]
        // The first begins a thought, the others an answer without one.
        case (.harmony, false):
            ["<|channel|>analysis<|message|>", "<|channel|>final", "<|channel|>commentary"]
        case (.harmony, true): ["<|end|>", "<|start|>"]
        }
    }
}
