import ChatFormats
package import Sampling
import Tokenizers

/// What the arguments of a call must be: a place in a grammar of JSON.
package protocol ArgumentGrammar: Sendable {
    /// The tokens that may come next; none after a failure.
    mutating func admitted() -> TokenMask
    /// Takes a token; `false` where it may not come next.
    mutating func accept(_ token: Int) -> Bool
    /// Takes text, as if its tokens had been chosen.
    mutating func accept(_ bytes: [UInt8]) -> Bool
    /// Whether nothing more is to come.
    mutating func isComplete() -> Bool
    /// The tokens that must come next.
    mutating func forced() -> [Int]
    /// Why the arguments cannot go on; `nil` where they can.
    var failure: String? { get }
}

/// Leads an answer through thought, text and calls: a state machine over tokens.
///
/// - A thought that has spent its budget is closed.
/// - Where a call is required it begins after the thought: the model chooses which tool, the rest of the head is written for it.
/// - Arguments that must fit a schema do, also where the model begins the call of its own accord. Other text is free.
/// - A form holds after the thought, or from the start where there is none.
/// - What cannot be held to any longer ends the answer with a ``failure``.
package struct AnswerConstraint: TokenConstraint {
    private enum Phase: Sendable {
        /// Within a thought, or where one may still begin and nothing must follow.
        case thinking
        /// Where a thought may begin, or the form's text, which is followed as long as it fits, too.
        case beginning(TokenChoice)
        /// At a call's head, or at the beginning of a thought, whose index is the number of tools, or at the answer's head.
        case choosing(TokenChoice)
        /// Text that is written for the model.
        case writing(ArraySlice<Int>, then: Next)
        case arguments(then: Next)
        case form
        case free
        /// Nothing more may come.
        case ending
        case failed(String)
    }

    private indirect enum Next: Sendable {
        case answer, form, free, ending, thinking
        case writing([Int], then: Next)
    }

    /// What a token of the model's own brought.
    private enum Watched {
        case nothing
        /// A call, and what is left of its arguments' grammar.
        case begun(any ArgumentGrammar)
        case refused(String)
    }

    private let rules: AnswerRules
    private var phase = Phase.free
    private var thought: ReasoningBudget?
    private var form: (any TokenConstraint)?
    /// Of the call whose arguments are being written; beside the phase, so that nothing copies it.
    private var arguments: (any ArgumentGrammar)?
    private var decoder: StreamingDecoder
    /// Sees calls that the model begins of its own accord.
    private var watcher: AnswerParser?

    package init(_ rules: AnswerRules) {
        self.rules = rules
        thought = rules.thought
        form = rules.form
        watcher = rules.watcher
        decoder = StreamingDecoder(rules.tokenizer, showing: rules.markers)
        guard let thought, !thought.isOver else {
            enter(.answer)
            return
        }
        if thought.isThinking || !rules.mustCall && rules.form == nil {
            phase = .thinking
        } else if rules.mustCall {
            phase = .choosing(TokenChoice(rules.heads(resuming: false) + [rules.openThought]))
        } else if rules.answerHead.isEmpty {
            phase = .beginning(TokenChoice([rules.openThought]))
        } else {
            phase = .choosing(TokenChoice([rules.openThought, rules.answerHead]))
        }
    }

    package var failure: String? {
        switch phase {
        case .failed(let reason): reason
        case .form, .beginning: form?.failure
        case .arguments: arguments?.failure
        case .thinking, .choosing, .writing, .free, .ending: nil
        }
    }

    package mutating func admitted(remaining: Int) -> TokenMask? {
        switch phase {
        case .thinking:
            return rules.withinThought
        case .beginning(let choice):
            var mask = form?.admitted(remaining: remaining)
            guard form?.failure == nil else { return mask }
            for token in choice.next { mask?.insert(token) }
            return mask
        case .choosing(let choice):
            return rules.mask(choice.next)
        case .writing(let tokens, _):
            return tokens.first.map { rules.mask([$0]) }
        case .arguments:
            var mask = arguments?.admitted()
            for token in rules.endTokens where token < mask?.vocabulary ?? 0 {
                mask?.remove(token)
            }
            return mask
        case .form:
            return form?.admitted(remaining: remaining)
        case .free:
            return nil
        case .ending:
            return rules.mask(rules.endTokens)
        case .failed:
            return rules.mask([])
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
        case .arguments:
            return arguments?.forced() ?? []
        case .form:
            return form?.takeForced(remaining: remaining) ?? []
        case .beginning, .free, .ending, .failed:
            return []
        }
    }

    package mutating func accept(_ token: Int) {
        let watched = watch(token)
        if thought?.isOver == false {
            let bytes = rules.tokenizer.bytes(of: token)
            thought?.accept(bytes)
        }
        switch phase {
        case .thinking:
            if thought?.isOver ?? true { enter(.answer) }
            follow(watched)
        case .beginning(let choice):
            begin(token, choice)
        case .choosing(var choice):
            guard let index = choice.accept(token) else {
                phase = .choosing(choice)
                return
            }
            if rules.tools.indices.contains(index) {
                beginCall(index)
            } else {
                phase = index == rules.tools.count ? .thinking : .form
            }
        case .writing(let tokens, let next):
            phase = .writing(tokens.dropFirst(), then: next)
            if tokens.count <= 1 { enter(next) }
        case .arguments(let next):
            guard arguments?.accept(token) == true else {
                fail(arguments?.failure ?? "a call's arguments do not fit the tool's parameters")
                return
            }
            if arguments?.isComplete() == true {
                arguments = nil
                enter(next)
            }
        case .form:
            form?.accept(token)
        case .free:
            follow(watched)
        case .ending, .failed:
            break
        }
    }

    private mutating func enter(_ next: Next) {
        switch next {
        case .answer:
            let isOver = thought?.isOver ?? false
            if rules.mustCall {
                phase = .choosing(TokenChoice(rules.heads(resuming: isOver)))
            } else if form == nil {
                phase = .free
            } else {
                enter(
                    .writing(isOver ? rules.resumingAnswerHead : rules.answerHead, then: .form))
            }
        case .form: phase = .form
        case .free: phase = .free
        case .ending: phase = .ending
        case .thinking: phase = .thinking
        case .writing(let tokens, let next):
            phase = .writing(tokens[...], then: next)
            if tokens.isEmpty { enter(next) }
        }
    }

    private mutating func fail(_ reason: String) {
        arguments = nil
        phase = .failed(reason)
    }

    /// Where a token may belong to a thought's opening, to the form, or to both.
    private mutating func begin(_ token: Int, _ choice: TokenChoice) {
        guard choice.next.contains(token) else {
            thought = nil
            phase = .form
            form?.accept(token)
            return
        }
        let mask = form?.admitted(remaining: .max)
        let fits = mask.map { token < $0.vocabulary && $0.contains(token) } ?? true
        var choice = choice
        let isOpen = choice.accept(token) != nil
        if fits, !isOpen {
            form?.accept(token)
            phase = .beginning(choice)
        } else {
            // The form holds from its own start after the thought.
            form = rules.form
            enter(.writing(isOpen ? [] : choice.certain, then: .thinking))
        }
    }

    /// After a head that was written up to the arguments' `{`.
    private mutating func beginCall(_ index: Int) {
        let tool = rules.tools[index]
        let last: Next = tool.isLast || !rules.takesSeveralCalls ? .ending : .free
        guard var grammar = rules.grammars[tool.name] else {
            phase = .free
            return
        }
        guard grammar.accept(Array("{".utf8)) else {
            fail(grammar.failure ?? "the parameters of tool \"\(tool.name)\" admit no object")
            return
        }
        arguments = grammar
        phase = .arguments(then: .writing(tool.tail, then: last))
    }

    /// Follows what the model writes.
    private mutating func watch(_ token: Int) -> Watched {
        guard watcher != nil else { return .nothing }
        var called = ""
        var begun: (any ArgumentGrammar)?
        for part in watcher?.append(decoder.append(token)) ?? [] {
            switch part {
            case .call(let name, _):
                called = name
                begun = rules.grammars[name]
            case .arguments(let text):
                // Written before it could be held to the schema, with the end of the head.
                if begun?.accept(Array(text.utf8)) == false {
                    return .refused(
                        begun?.failure
                            ?? """
                            the model's arguments for tool "\(called)" do not fit its parameters; \
                            ask again, or require the call in tool_choice
                            """)
                }
            case .callEnd: begun = nil
            case .text, .reasoning: break
            }
        }
        return begun.map(Watched.begun) ?? .nothing
    }

    /// Holds a call that the model began to its grammar.
    private mutating func follow(_ watched: Watched) {
        switch watched {
        case .nothing:
            break
        case .begun(var grammar):
            // All of the arguments may have come in one token.
            guard !grammar.isComplete() else { return }
            arguments = grammar
            phase = .arguments(then: .free)
        case .refused(let reason):
            fail(reason)
        }
    }
}
