import Grammars
import Testing

@Suite("GBNF as a grammar")
struct GBNFTests {
    static let arithmetic = """
        # Sums and products, with parentheses.
        root   ::= term ([-+] term)*
        term   ::= factor ([*/] factor)*
        factor ::= [0-9]+ | "(" root ")"   # calls the root again
        """

    @Test("Rules that call each other admit nested texts")
    func recursion() throws {
        let grammar = try Grammar(gbnf: Self.arithmetic, trie: TestVocabulary.trie)
        for text in ["1", "1+2*3", "((1))", "(1+2)*(3-(4/5))"] {
            #expect(try TestVocabulary.admits(text, grammar), "\(text)")
        }
        for text in ["", "1+", "(1", "1)", "a", "()"] {
            #expect(try !TestVocabulary.admits(text, grammar), "\(text)")
        }
    }

    @Test("Literals, classes, counts and escapes mean what they do in llama.cpp")
    func syntax() throws {
        let grammar = try Grammar(
            gbnf: #"""
                root ::= item{2,3} "\n" [^a-c\]]? ("x" |
                  "\u4F60") .
                item ::= "it\x2D" [A-Z]+
                """#, trie: TestVocabulary.trie)
        for text in ["it-AB" + "it-C\nx!", "it-Ait-Bit-C\nz你é"] {
            #expect(try TestVocabulary.admits(text, grammar), "\(text)")
        }
        for text in ["it-A\nxx", "it-Ait-B\nax!", "it-Ait-B\nx"] {
            #expect(try !TestVocabulary.admits(text, grammar), "\(text)")
        }
    }

    @Test(
        "What is wrong is named with its line",
        arguments: [
            ("root ::= missing", "line 1, column 10"),
            ("root ::= \"a\"\nother ::= (\"b\"", "line 2, column 15"),
            ("start ::= \"a\"", "line 1, column 14"),
            ("root ::= [z-a]", "line 1, column 14"),
            ("root ::= \"a", "line 1, column 12"),
        ])
    func faults(text: String, place: String) throws {
        let error = try #require(throws: GrammarError.self) {
            try Grammar(gbnf: text, trie: TestVocabulary.trie)
        }
        #expect(error.path == place)
    }

    @Test(
        "A rule that begins with itself, or never ends, is refused",
        arguments: [
            "root ::= root \"a\" | \"b\"", "root ::= x \"a\"\nx ::= \"b\"? root",
            "root ::= \"a\" root",
        ])
    func endless(text: String) {
        #expect(throws: GrammarError.self) { try Grammar(gbnf: text, trie: TestVocabulary.trie) }
    }

    @Test("A text that is broken off can be completed")
    func completion() throws {
        let grammar = try Grammar(gbnf: Self.arithmetic, trie: TestVocabulary.trie)
        var matcher = grammar.matcher()
        for byte in "(1+(2*".utf8 { #expect(try matcher.accept(Int(byte) + 1)) }
        let rest = try #require(try matcher.completion())
        #expect(rest.bytes.count == 3)
        for token in rest.tokens { #expect(try matcher.accept(token)) }
        #expect(try matcher.isComplete())
    }
}
