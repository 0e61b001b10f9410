import Grammars
import Sampling
import StructuredJSON

/// A vocabulary small enough to read: every byte, and some longer tokens that cross the borders of JSON's own.
enum TestVocabulary {
    static let end = 0
    static let trie: TokenTrie = {
        var tokens: [[UInt8]] = [[]]
        tokens += (0...255 as ClosedRange<UInt8>).map { [$0] }
        let longer = [
            "\",", "\":", "\": ", ", \"", "{\"", "\"}", "}}", "]}", "true", "false", "null", "name",
            "na", "12", "123", "hello", " world", "\n  ", "é", "你好", "\\n", "\\u00", "ab", "abc",
        ]
        tokens += longer.map { Array($0.utf8) }
        return TokenTrie(tokens: tokens, endTokens: [end])
    }()

    /// How many bytes of a text are admitted, one by one, and whether it may end there.
    static func read(
        _ text: String, _ grammar: Grammar
    ) throws -> (admitted: Int, isComplete: Bool) {
        var matcher = grammar.matcher()
        for (index, byte) in text.utf8.enumerated() {
            let token = Int(byte) + 1
            let isInMask = try matcher.mask().contains(token)
            let isAccepted = try matcher.accept(token)
            precondition(isInMask == isAccepted, "mask and acceptance differ")
            guard isAccepted else { return (index, false) }
        }
        return (text.utf8.count, try matcher.isComplete())
    }

    static func admits(_ text: String, _ grammar: Grammar) throws -> Bool {
        let (admitted, isComplete) = try read(text, grammar)
        return admitted == text.utf8.count && isComplete
    }

    static func schema(
        _ text: String, _ formatting: JSONFormatting = JSONFormatting()
    ) throws -> Grammar {
        try Grammar(
            jsonSchema: JSONValue(parsing: Array(text.utf8)), formatting: formatting, trie: trie)
    }
}
