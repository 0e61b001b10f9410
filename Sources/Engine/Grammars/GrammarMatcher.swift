package import Sampling

/// One sequence's way through a grammar.
///
///     var matcher = grammar.matcher()
///     while true {
///         let allowed = try matcher.mask()      // while the model computes its logits
///         let token = ...                       // one of those
///         guard try matcher.accept(token) else { ... }
///         if matcher.hasEnded { break }
///     }
///
/// A value: a copy goes on by itself. Not for use on two threads at a time, but any number of matchers may share a grammar.
package struct GrammarMatcher: Sendable {
    private let grammar: Grammar
    private var position: AutomatonPosition?
    private var text: [UInt8] = []
    /// Of each accepted token, where its text ends and where the automaton was before it.
    private var history: [(start: Int, position: AutomatonPosition?)] = []
    /// Whether an end token was accepted; nothing follows it.
    package private(set) var hasEnded = false

    init(_ grammar: Grammar) {
        self.grammar = grammar
    }

    /// Tokens accepted so far.
    package var tokenCount: Int { history.count }

    /// The text so far.
    package var bytes: [UInt8] { text }

    private mutating func current() throws(GrammarError) -> AutomatonPosition {
        let position = try grammar.engine.position(position, after: text)
        self.position = position
        return position
    }

    /// The tokens that may come next, end tokens among them where the text may end.
    ///
    /// Never empty, unless an end token was accepted. Cost: about a microsecond where the grammar has been in this state before,
    /// some 10 to 300 otherwise.
    ///
    /// - Throws: ``GrammarError`` where the grammar has become larger than its limits; the sequence cannot go on.
    package mutating func mask() throws(GrammarError) -> TokenMask {
        guard !hasEnded else { return TokenMask(vocabulary: grammar.trie.count) }
        var (tokens, isComplete) = try grammar.engine.mask(try current(), grammar.trie)
        if isComplete {
            for token in grammar.trie.endTokens { tokens.insert(token) }
        }
        return tokens
    }

    /// Takes a token in; false, and nothing happens, where it may not come next.
    package mutating func accept(_ token: Int) throws(GrammarError) -> Bool {
        guard !hasEnded, token >= 0, token < grammar.trie.count else { return false }
        let before = try current()
        if grammar.trie.endTokens.contains(token) {
            guard try grammar.engine.accepts(before) else { return false }
            history.append((text.count, before))
            hasEnded = true
            return true
        }
        let bytes = grammar.trie.tokenBytes[token]
        guard !bytes.isEmpty, let after = try grammar.engine.advance(before, bytes) else {
            return false
        }
        history.append((text.count, before))
        text += bytes
        position = after
        return true
    }

    /// Takes back the last tokens.
    ///
    /// - Parameter count: at most ``tokenCount``.
    package mutating func rollback(_ count: Int) {
        precondition(count >= 0 && count <= history.count, "more tokens taken back than accepted")
        guard count > 0 else { return }
        let entry = history[history.count - count]
        history.removeLast(count)
        text.removeSubrange(entry.start...)
        position = entry.position
        hasEnded = false
    }

    /// Whether the text may end here.
    package mutating func isComplete() throws(GrammarError) -> Bool {
        try grammar.engine.accepts(try current())
    }

    /// The text that must come next whatever the model says; empty where there is a choice.
    package mutating func forcedBytes(most: Int = 256) throws(GrammarError) -> [UInt8] {
        guard !hasEnded else { return [] }
        return try grammar.engine.forced(try current(), most: most)
    }

    /// Tokens for the text that must come next, which the model need not be asked for.
    ///
    /// The last piece of that text is left to the model where a longer token could begin with it.
    package mutating func forcedTokens(most: Int = 256) throws(GrammarError) -> [Int] {
        let bytes = try forcedBytes(most: most)
        guard !bytes.isEmpty else { return [] }
        var tokens = grammar.trie.tokens(for: bytes)
        if !tokens.isEmpty { tokens.removeLast() }
        return tokens
    }

    /// A short text that makes the answer complete, and tokens that write it; `nil` where none was found.
    ///
    /// An engine whose answer nears its limit compares the number of tokens with what is left, and writes them when it must.
    package mutating func completion() throws(GrammarError) -> (bytes: [UInt8], tokens: [Int])? {
        guard !hasEnded else { return ([], []) }
        guard let bytes = try grammar.engine.completion(try current()) else { return nil }
        return (bytes, grammar.trie.tokens(for: bytes))
    }
}
