package import ChatFormats
package import CompletionAPI
package import Sampling
package import Tokenizers

/// What one request asks of its answer's tokens.
package struct AnswerRules: Sendable {
    /// A tool that may be called, with what stands around its arguments.
    struct Tool: Sendable {
        var name: String
        var head: [Int]
        /// The head of a call after a thought.
        var resumingHead: [Int]
        var tail: [Int]
        var isLast: Bool
    }

    let tokenizer: Tokenizer
    let endTokens: Set<Int>
    /// Special tokens that are text to the watcher.
    let markers: Set<Int>
    /// `nil` where the model does not think, or thinks as long as it likes and nothing follows that must wait for it.
    let thought: ReasoningBudget?
    /// What opens a thought, and what closes it.
    let openThought: [Int]
    let closing: [Int]
    /// What stands before an answer of a form, without a thought and after one.
    let answerHead: [Int]
    let resumingAnswerHead: [Int]
    let mustCall: Bool
    let takesSeveralCalls: Bool
    /// Those that may be called where a call is required.
    let tools: [Tool]
    /// What arguments must fit, by the tool's name.
    let grammars: [String: any ArgumentGrammar]
    let watcher: AnswerParser?
    let form: (any TokenConstraint)?

    /// The tokens of a thought that must not end the answer, but only itself; `nil` where it may.
    let withinThought: TokenMask?

    var vocabulary: Int { tokenizer.count }

    /// Masks of these tokens; others may not come.
    func mask(_ tokens: some Sequence<Int>) -> TokenMask {
        var mask = TokenMask(vocabulary: vocabulary)
        for token in tokens where token < vocabulary { mask.insert(token) }
        return mask
    }

    func heads(resuming: Bool) -> [[Int]] {
        tools.map { resuming ? $0.resumingHead : $0.head }
    }
}

extension AnswerRules {
    /// The rules of a request; `nil` where its answer is free.
    ///
    /// - Parameters:
    ///   - format: the model's.
    ///   - tools: what can be called.
    ///   - request: what is wanted.
    ///   - prompt: the rendered conversation, whose end may open a thought.
    ///   - tokenizer: the model's.
    ///   - form: what the answer must be after a thought.
    ///   - grammar: makes the grammar of a tool's arguments.
    /// - Throws: what `grammar` throws.
    package init?(
        format: ChatFormat, tools: ToolSet, request: CompletionRequest, prompt: String,
        tokenizer: Tokenizer, form: (any TokenConstraint)? = nil,
        grammar: (ToolSet.Tool) throws(CompletionError) -> (any ArgumentGrammar)? = { _ in nil }
    ) throws(CompletionError) {
        let called: [ToolSet.Tool] =
            switch request.toolChoice {
            case .auto, .none: []
            case .required: tools.tools
            case .named(let name): tools[name].map { [$0] } ?? []
            }
        self.mustCall = !called.isEmpty
        var grammars: [String: any ArgumentGrammar] = [:]
        if request.toolChoice != .none {
            // Between tags a grammar of JSON would be in the way.
            let strict = format.calls.isTagged ? [] : tools.tools.filter(\.isStrict)
            for tool in called.isEmpty ? strict : called {
                grammars[tool.name] = try grammar(tool)
            }
        }
        self.grammars = grammars
        self.form = called.isEmpty ? form : nil
        self.tokenizer = tokenizer
        endTokens = tokenizer.endOfGeneration
        // Who names a tool wants one call of it, and nothing after.
        let isNamed = if case .named = request.toolChoice { true } else { false }
        takesSeveralCalls = request.callsToolsInParallel && !isNamed

        let end = String(prompt.suffix(256))
        let style = format.reasoning
        let mustCall = !called.isEmpty
        let holds = mustCall || self.form != nil
        thought = style.flatMap { style in
            guard request.reasoning.budget != nil || holds, !style.isClosed(after: end) else {
                return nil
            }
            return ReasoningBudget(
                style: style, limit: request.reasoning.budget ?? .max,
                isOpen: style.isOpen(after: end))
        }
        guard thought != nil || holds || !grammars.isEmpty else { return nil }

        var thoughts: TokenMask?
        if holds, thought != nil {
            var mask = TokenMask(vocabulary: tokenizer.count)
            let strangers = (style?.strangers ?? []).compactMap(tokenizer.token(named:))
            let others = endTokens.union(strangers)
            for token in 0..<tokenizer.count where !others.contains(token) { mask.insert(token) }
            thoughts = mask
        }
        withinThought = thoughts
        let encode = { (text: String) in
            text.isEmpty ? [] : tokenizer.encode(text, addSpecial: false, parseSpecial: true)
        }
        openThought = style.map { encode($0.opening) } ?? []
        closing = style.map { encode(holds ? $0.closingBeforeHead : $0.closing) } ?? []
        answerHead = style.map { encode($0.answerHead(after: end)) } ?? []
        resumingAnswerHead = style.map { encode($0.resumingAnswerHead) } ?? []
        self.tools = called.map { tool in
            let frame = CallFrame(tool.name, style: format.calls)
            return Tool(
                name: tool.name, head: encode(frame.head + "{"),
                resumingHead: encode(frame.resumption + frame.head + "{"),
                tail: encode(frame.tail), isLast: frame.isLast)
        }
        let watches = !grammars.isEmpty && !holds
        watcher =
            watches
            ? AnswerParser(
                calls: format.calls, tools: tools, reasoning: style, prompt: end) : nil
        let texts = format.calls.markers + (style?.markers ?? [])
        markers = watches ? Set(texts.compactMap(tokenizer.token(named:))) : []
    }
}
