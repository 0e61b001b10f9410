import ChatFormats
import CompletionAPI
import Grammars
import Sampling
import StructuredJSON

/// Holds a whole answer to a grammar.
struct FormConstraint: TokenConstraint {
    /// Tokens before the limit at which an answer is led to its end, beside those that its end takes.
    private static let margin = 8
    /// The end of an answer is looked for when so many tokens are left.
    private static let horizon = 512

    private var matcher: GrammarMatcher
    private let endTokens: [Int]
    private let completes: Bool
    private(set) var failure: String?

    /// - Parameters:
    ///   - grammar: what the answer must be.
    ///   - completes: whether an answer that nears its limit is led to its end.
    init(_ grammar: Grammar, completes: Bool) {
        matcher = grammar.matcher()
        endTokens = grammar.trie.endTokens
        self.completes = completes
    }

    mutating func admitted(remaining: Int) -> TokenMask? {
        do {
            var mask = try matcher.mask()
            if completes, remaining <= Self.margin, try matcher.isComplete() {
                mask = TokenMask(vocabulary: mask.vocabulary)
                for token in endTokens { mask.insert(token) }
            }
            return mask
        } catch {
            failure = "the answer cannot be held to its form any longer: \(error)"
            return TokenMask(vocabulary: 0)
        }
    }

    mutating func accept(_ token: Int) {
        // One that does not fit can only be forced from outside; the next mask goes on from before it. That mask tells
        // of failures, too.
        _ = try? matcher.accept(token)
    }

    mutating func takeForced(remaining: Int) -> [Int] {
        // Without an answer the model is asked, and its mask tells of the failure.
        if completes, remaining <= Self.horizon, let end = (try? matcher.completion()) ?? nil,
            end.tokens.count + Self.margin >= remaining
        {
            return end.tokens
        }
        return (try? matcher.forcedTokens()) ?? []
    }
}

/// Holds the arguments of one call to a schema.
///
/// Where the schema's grammar outgrows its limits, arguments of a tool that is not strict go on as those of any object.
struct SchemaArguments: ArgumentGrammar {
    private var matcher: GrammarMatcher
    private var grammar: Grammar
    /// What arguments are held to instead, once.
    private var fallback: Grammar?
    private(set) var failure: String?

    init(_ grammar: Grammar, fallback: Grammar? = nil) {
        self.grammar = grammar
        self.fallback = fallback
        matcher = grammar.matcher()
    }

    mutating func admitted() -> TokenMask {
        let mask = ask { matcher throws(GrammarError) in try matcher.mask() }
        return mask ?? TokenMask(vocabulary: 0)
    }

    mutating func accept(_ token: Int) -> Bool {
        ask { matcher throws(GrammarError) in try matcher.accept(token) } ?? false
    }

    mutating func accept(_ bytes: [UInt8]) -> Bool {
        let tokens = grammar.trie.tokens(for: bytes)
        let covered = tokens.reduce(0) { $0 + grammar.trie.bytes(of: $1).count }
        return covered == bytes.count && tokens.allSatisfy { accept($0) }
    }

    mutating func isComplete() -> Bool {
        ask { matcher throws(GrammarError) in try matcher.isComplete() } ?? false
    }

    mutating func forced() -> [Int] {
        ask { matcher throws(GrammarError) in try matcher.forcedTokens() } ?? []
    }

    /// What the matcher answers; `nil` after a failure.
    private mutating func ask<Answer>(
        _ question: (inout GrammarMatcher) throws(GrammarError) -> Answer
    ) -> Answer? {
        guard failure == nil else { return nil }
        do {
            return try question(&matcher)
        } catch {
            guard relax() else {
                failure = "a call's arguments cannot be held to the tool's parameters: \(error)"
                return nil
            }
            return ask(question)
        }
    }

    /// Goes on by the fallback from where the arguments are; `false` where there is none that takes them.
    private mutating func relax() -> Bool {
        guard let fallback else { return false }
        let text = matcher.bytes
        self.fallback = nil
        grammar = fallback
        matcher = fallback.matcher()
        return accept(text)
    }
}

extension LoadedModel {
    /// What an answer of a form must obey.
    ///
    /// - Throws: ``CompletionError`` where the form cannot be enforced, in words for the client.
    func constraint(_ form: AnswerForm, completes: Bool) throws(CompletionError)
        -> any TokenConstraint
    {
        let source: GrammarCache.Source =
            switch form {
            case .jsonObject: .jsonObject(JSONFormatting())
            case .jsonSchema(let schema): .jsonSchema(schema, JSONFormatting())
            case .regularExpression(let pattern): .regularExpression(pattern)
            case .grammar(let text): .gbnf(text)
            case .choice(let texts): .choices(texts)
            }
        do {
            return FormConstraint(try grammars.grammar(source), completes: completes)
        } catch {
            throw CompletionError(
                code: .invalidRequest, message: "the answer cannot be held to this form: \(error)",
                field: "response_format")
        }
    }

    /// What the arguments of a tool must be.
    ///
    /// - Parameters:
    ///   - tool: which may be strict.
    ///   - isCompact: whether there is no white space, so that the model cannot go on with that forever; where the model
    ///     begins a call of its own accord it may have written some already.
    /// - Returns: the start of the arguments' grammar.
    /// - Throws: ``CompletionError`` where a strict tool's schema cannot be enforced.
    func arguments(of tool: ToolSet.Tool, isCompact: Bool) throws(CompletionError)
        -> any ArgumentGrammar
    {
        let formatting = JSONFormatting(whitespace: isCompact ? .none : .flexible)
        do {
            let object: Grammar? =
                tool.isStrict ? nil : try grammars.grammar(.jsonObject(formatting))
            let schema = tool.parameters ?? ["type": "object"]
            do {
                let grammar = try grammars.grammar(.jsonSchema(schema, formatting))
                var probe = SchemaArguments(grammar)
                guard probe.accept(Array("{".utf8)) else {
                    throw GrammarError(
                        .unsatisfiable, at: "", "no object fits, and arguments are one")
                }
                return SchemaArguments(grammar, fallback: object)
            } catch {
                // Without strict any object will do.
                guard let object else { throw error }
                return SchemaArguments(object)
            }
        } catch {
            throw CompletionError(
                code: .invalidRequest,
                message: """
                    the arguments of tool "\(tool.name)" cannot be held to its parameters: \(error); \
                    change the schema, or leave strict out
                    """, field: "tools")
        }
    }
}
