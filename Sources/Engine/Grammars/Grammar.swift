import Sampling
package import StructuredJSON
import Synchronization

/// What texts an answer may be, compiled for one vocabulary.
///
/// Immutable to whoever holds it, and shared by any number of sequences: what one of them finds out about the grammar is
/// there for all. Compiling does little; states and masks are made as texts reach them.
package final class Grammar: Sendable {
    let engine: any GrammarEngine
    package let trie: TokenTrie

    private init(_ engine: any GrammarEngine, _ trie: TokenTrie) {
        self.engine = engine
        self.trie = trie
    }

    /// JSON that a JSON Schema (drafts 4 to 2020-12) accepts.
    ///
    /// - Throws: ``GrammarError`` for what cannot be enforced, with the place in the schema.
    package convenience init(
        jsonSchema: JSONValue, formatting: JSONFormatting = JSONFormatting(), trie: TokenTrie,
        limits: GrammarLimits = .standard
    ) throws(GrammarError) {
        let machine = try JSONMachine(
            schema: jsonSchema, formatting: formatting, limits: limits)
        self.init(SharedAutomaton(machine, limits: limits), trie)
    }

    /// Any JSON object.
    package convenience init(
        jsonObjectIn formatting: JSONFormatting = JSONFormatting(), trie: TokenTrie,
        limits: GrammarLimits = .standard
    ) throws(GrammarError) {
        try self.init(
            jsonSchema: ["type": "object"], formatting: formatting, trie: trie, limits: limits)
    }

    /// Texts that a regular expression of ECMA-262 matches from beginning to end.
    package convenience init(
        regularExpression: String, trie: TokenTrie, limits: GrammarLimits = .standard
    ) throws(GrammarError) {
        let machine = try ExpressionMachine(pattern: regularExpression, limits: limits)
        self.init(SharedAutomaton(machine, limits: limits), trie)
    }

    /// Texts of a grammar in llama.cpp's GBNF, from its rule `root`.
    package convenience init(
        gbnf: String, trie: TokenTrie, limits: GrammarLimits = .standard
    ) throws(GrammarError) {
        let machine = try RuleMachine(gbnf: gbnf, limits: limits)
        self.init(SharedAutomaton(machine, limits: limits), trie)
    }

    /// One of some texts.
    package convenience init(
        choices: [String], trie: TokenTrie, limits: GrammarLimits = .standard
    ) throws(GrammarError) {
        let machine = try ExpressionMachine(choices: choices, limits: limits)
        self.init(SharedAutomaton(machine, limits: limits), trie)
    }

    /// Why the grammar must not be used again: a question about one of its texts took too much work.
    package var failure: GrammarError? { engine.failure }

    /// The beginning of a text, in which nothing has been written.
    package func matcher() -> GrammarMatcher {
        GrammarMatcher(self)
    }
}

/// A place in an automaton that may since have been made anew.
struct AutomatonPosition: Sendable, Equatable {
    var generation: Int
    var state: Int32
}

/// What a ``GrammarMatcher`` needs of any kind of grammar.
protocol GrammarEngine: AnyObject, Sendable {
    /// The position after a text, from one that may be out of date.
    func position(
        _ old: AutomatonPosition?, after text: [UInt8]
    ) throws(GrammarError) -> AutomatonPosition
    /// `nil` where the bytes cannot follow, or where the position is out of date.
    func advance(
        _ position: AutomatonPosition, _ bytes: [UInt8]
    ) throws(GrammarError) -> AutomatonPosition?
    func accepts(_ position: AutomatonPosition) throws(GrammarError) -> Bool
    func mask(
        _ position: AutomatonPosition, _ trie: TokenTrie
    ) throws(GrammarError) -> (tokens: TokenMask, isComplete: Bool)
    func forced(_ position: AutomatonPosition, most: Int) throws(GrammarError) -> [UInt8]
    func completion(_ position: AutomatonPosition) throws(GrammarError) -> [UInt8]?
    /// Why the grammar must not be used again.
    var failure: GrammarError? { get }
}

/// An automaton behind a lock.
final class SharedAutomaton<M: Machine>: GrammarEngine {
    private struct Contents: Sendable {
        var automaton: LazyAutomaton<M>
        var generation = 0
        /// What a call failed with that took too much work: asked again it would fail again, as dearly.
        var failure: GrammarError?
    }

    /// As it was compiled, to begin anew when what was found out since takes too much memory.
    private let pristine: LazyAutomaton<M>
    private let limits: GrammarLimits
    private let contents: Mutex<Contents>

    init(_ machine: M, limits: GrammarLimits) {
        pristine = LazyAutomaton(machine, limits: limits)
        self.limits = limits
        contents = Mutex(Contents(automaton: pristine))
    }

    private func working<Result: Sendable>(
        _ work: (inout Contents) throws(GrammarError) -> Result
    ) throws(GrammarError) -> Result {
        let outcome = contents.withLock { contents -> Swift.Result<Result, GrammarError> in
            if let failure = contents.failure { return .failure(failure) }
            contents.automaton.machine.pool.account.begin()
            do throws(GrammarError) {
                let result = try work(&contents)
                if let failure = contents.automaton.failure ?? contents.automaton.machine.failure {
                    if case .work = contents.automaton.machine.pool.account.passed {
                        contents.failure = failure
                    }
                    contents.automaton = pristine
                    contents.generation += 1
                    return .failure(failure)
                }
                return .success(result)
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }

    var failure: GrammarError? { contents.withLock { $0.failure } }

    func position(
        _ old: AutomatonPosition?, after text: [UInt8]
    ) throws(GrammarError) -> AutomatonPosition {
        try working { contents throws(GrammarError) in
            let isLarge =
                contents.automaton.stateCount + contents.automaton.machine.size
                - pristine.machine.size > limits.maximumStates
            // What earlier texts left behind must not take this one's share of expressions.
            let half = (pristine.machine.pool.count + limits.maximumExpressions) / 2
            if isLarge || contents.automaton.machine.pool.count > half {
                contents.automaton = pristine
                contents.generation += 1
            }
            if let old, old.generation == contents.generation { return old }
            var state = contents.automaton.initial
            for byte in text { state = contents.automaton.step(state, byte) }
            return AutomatonPosition(generation: contents.generation, state: state)
        }
    }

    func advance(
        _ position: AutomatonPosition, _ bytes: [UInt8]
    ) throws(GrammarError) -> AutomatonPosition? {
        try working { contents throws(GrammarError) in
            guard position.generation == contents.generation else { return nil }
            var state = position.state
            for byte in bytes {
                state = contents.automaton.step(state, byte)
                if state == LazyAutomaton<M>.dead { return nil }
            }
            return AutomatonPosition(generation: position.generation, state: state)
        }
    }

    func accepts(_ position: AutomatonPosition) throws(GrammarError) -> Bool {
        try working { contents throws(GrammarError) in
            contents.automaton.accepts(position.state)
        }
    }

    func mask(
        _ position: AutomatonPosition, _ trie: TokenTrie
    ) throws(GrammarError) -> (tokens: TokenMask, isComplete: Bool) {
        try working { contents throws(GrammarError) in
            (
                contents.automaton.mask(position.state, trie),
                contents.automaton.accepts(position.state)
            )
        }
    }

    func forced(_ position: AutomatonPosition, most: Int) throws(GrammarError) -> [UInt8] {
        try working { contents throws(GrammarError) in
            var text: [UInt8] = []
            var state = position.state
            while text.count < most, let byte = contents.automaton.onlyByte(after: state) {
                text.append(byte)
                state = contents.automaton.step(state, byte)
            }
            return text
        }
    }

    func completion(_ position: AutomatonPosition) throws(GrammarError) -> [UInt8]? {
        try working { contents throws(GrammarError) in
            contents.automaton.completion(of: position.state)
        }
    }
}
