package import CompletionAPI

/// One complete answer: what its events add up to.
package struct CollectedAnswer: Sendable, Equatable {
    package var text = ""
    package var reasoning = ""
    package var toolCalls: [ToolCall] = []
    /// How likely the answer's tokens were, where the request asked for it.
    package var tokens: [TokenReport] = []
    /// How likely the prompt's tokens were, where the request asked for it.
    package var promptTokens: [TokenReport] = []
    /// `nil` until the answer has finished.
    package var reason: FinishReason?
    package var usage = Usage(promptTokens: 0, completionTokens: 0)

    package init() {}

    /// What these events add up to.
    package init(_ events: some Sequence<CompletionEvent>) {
        for event in events { add(event) }
    }

    package mutating func add(_ event: CompletionEvent) {
        switch event {
        case .started(let tokens): usage.promptTokens = tokens
        case .prompt(let reports): promptTokens += reports
        case .text(let piece, let reports):
            text += piece
            tokens += reports
        case .reasoning(let piece): reasoning += piece
        case .toolCall(_, let id, let name):
            toolCalls.append(ToolCall(id: id, name: name, arguments: ""))
        case .toolArguments(let index, let piece):
            // Calls come in their order, so the index is one that was begun.
            if toolCalls.indices.contains(index) { toolCalls[index].arguments += piece }
        case .finished(let reason, let usage):
            self.reason = reason
            self.usage = usage
        }
    }
}

extension Usage {
    /// What several answers took together, `choices` of each prompt in a row.
    ///
    /// A prompt counts once, however many answers it gets. Answers are made side by side, so the longest time is the
    /// time of all.
    init(_ usages: [Usage], choices: Int) {
        self.init(promptTokens: 0, completionTokens: 0)
        for (index, usage) in usages.enumerated() {
            if index.isMultiple(of: choices) {
                promptTokens += usage.promptTokens
                cachedTokens += usage.cachedTokens
            }
            completionTokens += usage.completionTokens
            reasoningTokens += usage.reasoningTokens
            prefillSeconds = max(prefillSeconds, usage.prefillSeconds)
            decodeSeconds = max(decodeSeconds, usage.decodeSeconds)
        }
    }
}
