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
            var mask = TokenMask(try matcher.mask())
            if completes, remaining <= Self.margin, try matcher.isComplete() {
                mask = TokenMask(vocabulary: mask.vocabulary)
                for token in endTokens { mask.insert(token) }
            }
            return mask
        } catch {
            // The grammar has outgrown its limits: the answer ends here.
            return TokenMask(vocabulary: 0)
        }
    }

    mutating func accept(_ token: Int) {
        // One that does not fit can only be forced from outside; the next mask goes on from before it.
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
struct SchemaArguments: ArgumentGrammar {
    private var matcher: GrammarMatcher
    private let grammar: Grammar

    init(_ grammar: Grammar) {
        self.grammar = grammar
        matcher = grammar.matcher()
    }

    mutating func admitted() -> TokenMask? {
        // Outgrown limits leave the arguments free, as those of a tool without a schema.
        (try? matcher.mask()).map(TokenMask.init)
    }

    mutating func accept(_ token: Int) -> Bool {
        (try? matcher.accept(token)) ?? false
    }

    mutating func accept(_ bytes: [UInt8]) -> Bool {
        let tokens = grammar.trie.tokens(for: bytes)
        let covered = tokens.reduce(0) { $0 + grammar.trie.bytes(of: $1).count }
        return covered == bytes.count && tokens.allSatisfy { accept($0) }
    }

    mutating func isComplete() -> Bool {
        (try? matcher.isComplete()) ?? false
    }

    mutating func forced() -> [Int] {
        (try? matcher.forcedTokens()) ?? []
    }
}

extension TokenMask {
    fileprivate init(_ tokens: TokenSet) {
        self.init(vocabulary: tokens.capacity, words: tokens.words)
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
    /// - Throws: ``CompletionError`` where a strict tool's schema cannot be enforced.
    func arguments(of tool: ToolSet.Tool) throws(CompletionError) -> (any ArgumentGrammar)? {
        do {
            let schema = tool.parameters ?? ["type": "object"]
            return SchemaArguments(
                try grammars.grammar(.jsonSchema(schema, JSONFormatting())))
        } catch {
            guard !tool.isStrict else {
                throw CompletionError(
                    code: .invalidRequest,
                    message: """
                        the arguments of tool "\(tool.name)" cannot be held to its parameters: \(error); \
                        change the schema, or leave strict out
                        """, field: "tools")
            }
        }
        // Without strict any object will do.
        return (try? grammars.grammar(.jsonObject(JSONFormatting()))).map { SchemaArguments($0) }
    }
}
