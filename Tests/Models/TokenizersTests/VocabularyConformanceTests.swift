import Checkpoints
import Foundation
import Testing
import Tokenizers

/// Where real vocabularies lie: NAME.gguf, NAME.gguf.inp (texts) and NAME.gguf.out (their ids).
private let vocabularies = ProcessInfo.processInfo.environment["BERTH_VOCABS"]

@Suite(
    "Real vocabularies",
    .enabled(
        if: vocabularies != nil,
        "did not run: set BERTH_VOCABS to a folder with ggml-vocab-NAME.gguf, .gguf.inp and .gguf.out"
    ))
struct VocabularyConformanceTests {
    @Test("Every text has exactly the ids in the file", arguments: ["qwen2", "gpt-2", "llama-spm"])
    func conformance(name: String) throws {
        let path = try #require(vocabularies) + "/ggml-vocab-\(name).gguf"
        let tokenizer = try Tokenizer(Self.definition(of: path))
        let texts = try String(contentsOfFile: path + ".inp", encoding: .utf8)
            .components(separatedBy: "\n__ggml_vocab_test__\n")
        let lines = try String(contentsOfFile: path + ".out", encoding: .utf8)
            .components(separatedBy: "\n")
        // A text of nothing has an empty line; the file ends with a line break.
        #expect(lines.count == texts.count || lines.count == texts.count + 1)
        #expect(texts.count >= 40)
        for (text, line) in zip(texts, lines) {
            let expected = line.split(separator: " ").compactMap { Int($0) }
            let ids = tokenizer.encode(text, addSpecial: false, parseSpecial: false)
            #expect(ids == expected, "\(text.debugDescription)")
            #expect(tokenizer.decode(ids, skipSpecial: true).isIdentical(to: text))
        }
    }

    private static func definition(of path: String) throws -> TokenizerDefinition {
        let file = try Checkpoint.open(path: path)
        let model = try #require(
            TokenizerDefinition.Model(rawValue: try file.string("tokenizer.ggml.model")))
        return TokenizerDefinition(
            model: model,
            preTokenizer: try file.optionalString("tokenizer.ggml.pre") ?? "default",
            tokens: try file.strings("tokenizer.ggml.tokens"),
            types: try file.optionalIntegers("tokenizer.ggml.token_type") ?? [],
            scores: try file.optionalFloats("tokenizer.ggml.scores") ?? [],
            merges: try file.optionalStrings("tokenizer.ggml.merges") ?? [],
            bosToken: try file.optionalInteger("tokenizer.ggml.bos_token_id"),
            eosToken: try file.optionalInteger("tokenizer.ggml.eos_token_id"),
            unknownToken: try file.optionalInteger("tokenizer.ggml.unknown_token_id"))
    }
}
