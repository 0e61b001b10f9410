package import StructuredJSON
import Synchronization

/// Compiled grammars by what they were compiled from, the least recently used dropped first.
///
/// Any number of threads may use one. Compiling happens outside the lock; two requests for one new grammar may both compile it.
package final class GrammarCache: Sendable {
    /// What a grammar is compiled from.
    package enum Source: Hashable, Sendable {
        case jsonObject(JSONFormatting)
        case jsonSchema(JSONValue, JSONFormatting)
        case regularExpression(String)
        case gbnf(String)
        case choices([String])
    }

    private struct Contents {
        var grammars: [Source: (grammar: Grammar, used: UInt64)] = [:]
        var clock: UInt64 = 0
    }

    private let trie: TokenTrie
    private let limits: GrammarLimits
    private let capacity: Int
    private let contents = Mutex(Contents())

    /// - Parameters:
    ///   - trie: the vocabulary of all its grammars.
    ///   - capacity: most grammars that are kept; each may take as much memory as `limits` allow.
    ///   - limits: of each grammar.
    package init(trie: TokenTrie, capacity: Int = 64, limits: GrammarLimits = .standard) {
        self.trie = trie
        self.capacity = max(capacity, 1)
        self.limits = limits
    }

    package var count: Int { contents.withLock { $0.grammars.count } }

    /// The grammar of a source, compiled if need be.
    ///
    /// - Throws: ``GrammarError`` of the compilation, which is not kept, or of a use that took too much work, which is.
    package func grammar(_ source: Source) throws(GrammarError) -> Grammar {
        let known = contents.withLock { contents -> Grammar? in
            contents.clock += 1
            contents.grammars[source]?.used = contents.clock
            return contents.grammars[source]?.grammar
        }
        if let known {
            if let failure = known.failure { throw failure }
            return known
        }
        let grammar = try compile(source)
        contents.withLock { contents in
            if contents.grammars.count >= capacity,
                let oldest = contents.grammars.min(by: { $0.value.used < $1.value.used })
            {
                contents.grammars[oldest.key] = nil
            }
            contents.grammars[source] = (grammar, contents.clock)
        }
        return grammar
    }

    private func compile(_ source: Source) throws(GrammarError) -> Grammar {
        switch source {
        case .jsonObject(let formatting):
            try Grammar(jsonObjectIn: formatting, trie: trie, limits: limits)
        case .jsonSchema(let schema, let formatting):
            try Grammar(jsonSchema: schema, formatting: formatting, trie: trie, limits: limits)
        case .regularExpression(let pattern):
            try Grammar(regularExpression: pattern, trie: trie, limits: limits)
        case .gbnf(let text): try Grammar(gbnf: text, trie: trie, limits: limits)
        case .choices(let choices): try Grammar(choices: choices, trie: trie, limits: limits)
        }
    }
}
