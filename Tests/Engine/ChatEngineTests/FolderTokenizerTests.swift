import ChatEngine
import Checkpoints
import Foundation
import StructuredJSON
import Testing
import Tokenizers

@Suite("Tokenizers of Hugging Face folders")
struct FolderTokenizerTests {
    /// What transformers saved, and the ids that it gives texts.
    private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "InferenceTests/Fixtures/Transformers")

    @Test(
        "Texts have the ids of transformers",
        arguments: ["llama-sharded", "mistral-BF16", "qwen2-F16", "qwen3-BF16", "bert-sentences"])
    func ids(name: String) throws {
        let list = try JSONValue(
            parsing: [UInt8](Data(contentsOf: Self.fixtures.appending(path: "expected.json"))))
        let expected = try #require(list.array?.first { $0["name"]?.string == name })
        let tokenizer = try Tokenizer(
            Checkpoint.open(path: Self.fixtures.appending(path: name).path))
        let texts = try #require(expected["texts"]?.array)
        #expect(!texts.isEmpty)
        for entry in texts {
            let text = try #require(entry["text"]?.string)
            let ids = tokenizer.encode(text, addSpecial: true, parseSpecial: true)
            #expect(ids == entry["ids"]?.array?.compactMap(\.int), "\(text.debugDescription)")
        }
    }

    @Test("Rules that GGUF has no name for are run, and generation_config.json ends answers")
    func unnamedRule() throws {
        let copy = URL(filePath: NSTemporaryDirectory() + "berth-folder-\(UUID().uuidString)")
        try FileManager.default.copyItem(
            at: Self.fixtures.appending(path: "qwen2-F16"), to: copy)
        defer { try? FileManager.default.removeItem(at: copy) }
        let file = """
            {"added_tokens": [], "normalizer": {"type": "Lowercase"}, "decoder": null, "post_processor": null,
             "pre_tokenizer": {"type": "CharDelimiterSplit", "delimiter": "-"},
             "model": {"type": "WordLevel", "unk_token": "?", "vocab": {"?": 0, "one": 1, "two": 2}}}
            """
        try Data(file.utf8).write(to: copy.appending(path: "tokenizer.json"))
        try Data(#"{"eos_token_id": [2, 1, 70000]}"#.utf8).write(
            to: copy.appending(path: "generation_config.json"))
        let tokenizer = try Tokenizer(Checkpoint.open(path: copy.path))
        #expect(
            tokenizer.encode("One-two-three", addSpecial: true, parseSpecial: true) == [1, 2, 0])
        #expect(tokenizer.eosToken == 2)
        #expect(tokenizer.endOfGeneration == [1, 2])
    }
}
