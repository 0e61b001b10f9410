import Grammars
import Sampling
import StructuredJSON
import Testing

@Suite("A sequence's way through a grammar")
struct MatcherTests {
    static let schema =
        ##"{"type":"object","properties":{"name":{"type":"string"},"n":{"type":"array","items":{"type":"integer"},"minItems":2}},"required":["name","n"],"additionalProperties":false}"##

    @Test("The mask holds exactly the tokens that would be accepted")
    func maskIsExact() throws {
        let grammar = try TestVocabulary.schema(Self.schema)
        for text in [
            "", "{", #"{"na"#, #"{"name": "x"#, #"{"n": [12"#, #"{"name": "x", "n": [1, 2]"#,
        ] {
            var matcher = grammar.matcher()
            for byte in text.utf8 { #expect(try matcher.accept(Int(byte) + 1)) }
            let mask = try matcher.mask()
            for token in 0..<TestVocabulary.trie.count {
                var copy = matcher
                #expect(
                    try copy.accept(token) == mask.contains(token), "token \(token) after \(text)")
            }
        }
    }

    @Test("Tokens that are taken back leave no trace")
    func rollback() throws {
        let grammar = try TestVocabulary.schema(Self.schema)
        var matcher = grammar.matcher()
        var masks: [TokenMask] = []
        let text = Array(##"{"name": "ab", "n": [1, 23]}"##.utf8)
        for byte in text {
            masks.append(try matcher.mask())
            #expect(try matcher.accept(Int(byte) + 1))
        }
        #expect(try matcher.accept(TestVocabulary.end))
        #expect(matcher.hasEnded)
        matcher.rollback(1)
        for index in masks.indices.reversed() {
            matcher.rollback(1)
            #expect(try matcher.mask() == masks[index])
        }
        #expect(matcher.tokenCount == 0)
    }

    @Test(
        "A text broken off anywhere can be completed",
        arguments: [
            schema, ##"{"type":"array","items":{"type":"number","multipleOf":0.5},"minItems":3}"##,
            ##"{"type":"string","pattern":"^[a-c]{4}-[0-9]+$"}"##,
            ##"{"type":"object","minProperties":2,"additionalProperties":{"enum":["yes","no"]}}"##,
            ##"{"$ref":"#/$defs/t","$defs":{"t":{"anyOf":[{"type":"array","items":{"$ref":"#/$defs/t"},"minItems":1},{"type":"string","minLength":5}]}}}"##,
        ])
    func completion(schema: String) throws {
        let grammar = try TestVocabulary.schema(schema)
        var matcher = grammar.matcher()
        // Walks at random through whatever is admitted.
        var seed: UInt64 = 7
        for _ in 0..<60 {
            var copy = matcher
            let rest = try #require(try copy.completion())
            for token in rest.tokens { #expect(try copy.accept(token)) }
            #expect(try copy.isComplete())
            let choices = try matcher.mask().members.filter { $0 != TestVocabulary.end }
            if choices.isEmpty { break }
            seed = seed &* 6_364_136_223_846_793_005 &+ 1
            #expect(try matcher.accept(choices[Int(seed >> 33) % choices.count]))
        }
    }

    @Test("Text without a choice is known before the model says it")
    func forced() throws {
        let grammar = try TestVocabulary.schema(
            Self.schema, JSONFormatting(whitespace: .none, propertyOrder: .declared))
        var matcher = grammar.matcher()
        #expect(try String(decoding: matcher.forcedBytes(), as: UTF8.self) == #"{"name":""#)
        for token in try matcher.forcedTokens() { #expect(try matcher.accept(token)) }
    }

    @Test("Expressions and choices admit their texts only")
    func otherForms() throws {
        let expression = try Grammar(
            regularExpression: "(yes|no)( [0-9]{2,3})?", trie: TestVocabulary.trie)
        for text in ["yes", "no 12", "yes 123"] {
            #expect(try TestVocabulary.admits(text, expression))
        }
        for text in ["", "ye", "no 1", "yes 1234", "yes!"] {
            #expect(try !TestVocabulary.admits(text, expression))
        }
        let choice = try Grammar(choices: ["red", "green", "greenish"], trie: TestVocabulary.trie)
        #expect(try TestVocabulary.admits("green", choice))
        #expect(try TestVocabulary.admits("greenish", choice))
        #expect(try !TestVocabulary.admits("gree", choice))
        #expect(throws: GrammarError.self) {
            try Grammar(choices: [], trie: TestVocabulary.trie)
        }
    }
}
