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
    @Test(
        "Every text has exactly the ids in the file",
        arguments: ["bert-bge", "deepseek-llm", "gpt-2", "llama-spm", "qwen2"])
    func conformance(name: String) throws {
        let path = try #require(vocabularies) + "/ggml-vocab-\(name).gguf"
        let tokenizer = try Tokenizer(
            TokenizerDefinition(metadata: Checkpoint.open(path: path)))
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
            if name != "bert-bge" {
                #expect(tokenizer.decode(ids, skipSpecial: true).isIdentical(to: text))
            }
        }
    }
}
