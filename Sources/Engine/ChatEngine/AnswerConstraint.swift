import ChatFormats
package import Sampling
import Tokenizers

/// What the arguments of a call must be: a place in a grammar of JSON.
package protocol ArgumentGrammar: Sendable {
    /// The tokens that may come next; `nil` where the grammar cannot tell any more.
    mutating func admitted() -> TokenMask?
    /// Takes a token; `false` where it may not come next.
    mutating func accept(_ token: Int) -> Bool
    /// Takes text, as if its tokens had been chosen.
    mutating func accept(_ bytes: [UInt8]) -> Bool
    /// Whether nothing more is to come.
    mutating func isComplete() -> Bool
    /// The tokens that must come next.
    mutating func forced() -> [Int]
}

/// Leads an answer through thought, text and calls: a state machine over tokens.
///
/// - A thought that has spent its budget is closed.
/// - Where a call is required it begins after the thought: the model chooses which tool, the rest of the head is written for it.
/// - Arguments that must fit a schema do, also where the model begins the call of its own accord. Other text is free.
/// - A form holds after the thought.
package struct AnswerConstraint: TokenConstraint {
    private enum Phase: Sendable {
        /// Within a thought, or where one may still begin.
        case thinking
        /// At a call's head, or at the beginning of a thought, whose index is the number of tools.
        case choosing(TokenChoice)
        /// Text that is written for the model.
        case writing(ArraySlice<Int>, then: Next)
        case arguments(any ArgumentGrammar, then: Next)
        case form
        case free
        /// Nothing more may come.
        case ending
    }

    private indirect enum Next: Sendable {
        case answer, free, ending
        case writing([Int], then: Next)
    }

    private let rules: AnswerRules
    private var phase = Phase.free
    private var thought: ReasoningBudget?
    private var form: (any TokenConstraint)?
    private var decoder: StreamingDecoder
    /// Sees calls that the model begins of its own accord.
    private var watcher: AnswerParser?

    package init(_ rules: AnswerRules) {
        self.rules = rules
        thought = rules.thought
        form = rules.form
        watcher = rules.watcher
        decoder = StreamingDecoder(rules.tokenizer, showing: rules.markers)
        if let thought, !thought.isOver {
            if rules.mustCall, !thought.isThinking {
                phase = .choosing(
                    TokenChoice(rules.heads(resuming: false) + [rules.openThought]))
            } else {
                phase = .thinking
            }
        } else {
            enter(.answer)
        }
    }

    package mutating func admitted(remaining: Int) -> TokenMask? {
        switch phase {
        case .thinking:
            let mayEnd = !rules.mustCall && form == nil
            return mayEnd ? nil : rules.allButEnd
        case .choosing(let choice):
            return rules.mask(choice.next)
        case .writing(let tokens, _):
            return tokens.first.map { rules.mask([$0]) }
        case .arguments(var grammar, let next):
            var mask = grammar.admitted()
            phase = .arguments(grammar, then: next)
            for token in rules.endTokens where token < rules.vocabulary { mask?.remove(token) }
            return mask
        case .form:
            return form?.admitted(remaining: remaining)
        case .free:
            return nil
        case .ending:
            return rules.mask(rules.endTokens)
        }
    }

    package mutating func takeForced(remaining: Int) -> [Int] {
        switch phase {
        case .thinking:
            guard let thought, thought.mustClose else { return [] }
            phase = .writing(rules.closing[...], then: .answer)
            return rules.closing
        case .choosing(let choice):
            return choice.certain
        case .writing(let tokens, _):
            return Array(tokens)
        case .arguments(var grammar, let next):
            defer { phase = .arguments(grammar, then: next) }
            return grammar.forced()
        case .form:
            return form?.takeForced(remaining: remaining) ?? []
        case .free, .ending:
            return []
        }
    }

    package mutating func accept(_ token: Int) {
        let begun = watch(token)
        if thought?.isOver == false {
            let bytes = rules.tokenizer.bytes(of: token)
            thought?.accept(bytes)
        }
        switch phase {
        case .thinking:
            guard thought?.isOver ?? true else { return }
            enter(.answer)
        case .choosing(var choice):
            guard let index = choice.accept(token) else {
                phase = .choosing(choice)
                return
            }
            if rules.tools.indices.contains(index) {
                beginCall(index)
            } else {
                phase = .thinking
            }
        case .writing(let tokens, let next):
            phase = .writing(tokens.dropFirst(), then: next)
            if tokens.count <= 1 { enter(next) }
        case .arguments(var grammar, let next):
            guard grammar.accept(token) else {
                phase = .free
                return
            }
            phase = .arguments(grammar, then: next)
            if grammar.isComplete() { enter(next) }
        case .form:
            form?.accept(token)
        case .free:
            if let begun { phase = .arguments(begun, then: .free) }
        case .ending:
            break
        }
    }

    private mutating func enter(_ next: Next) {
        switch next {
        case .answer:
            if rules.mustCall {
                phase = .choosing(TokenChoice(rules.heads(resuming: thought?.isOver ?? false)))
            } else {
                phase = form == nil ? .free : .form
            }
        case .free: phase = .free
        case .ending: phase = .ending
        case .writing(let tokens, let next):
            phase = .writing(tokens[...], then: next)
            if tokens.isEmpty { enter(next) }
        }
    }

    /// After a head that was written up to the arguments' `{`.
    private mutating func beginCall(_ index: Int) {
        let tool = rules.tools[index]
        let last: Next = tool.isLast || !rules.takesSeveralCalls ? .ending : .free
        guard var grammar = rules.grammars[tool.name], grammar.accept(Array("{".utf8)) else {
            phase = .free
            return
        }
        phase = .arguments(grammar, then: .writing(tool.tail, then: last))
    }

    /// Follows what the model writes.
    ///
    /// - Returns: the rest of what a call's arguments must be that this token begins.
    private mutating func watch(_ token: Int) -> (any ArgumentGrammar)? {
        guard watcher != nil else { return nil }
        var begun: (any ArgumentGrammar)?
        for part in watcher?.append(decoder.append(token)) ?? [] {
            switch part {
            case .call(let name, _): begun = rules.grammars[name]
            case .arguments(let text):
                // Written before it could be held to the schema, with the end of the head.
                if begun?.accept(Array(text.utf8)) == false { begun = nil }
            case .callEnd: begun = nil
            case .text, .reasoning: break
            }
        }
        return begun
    }
}
