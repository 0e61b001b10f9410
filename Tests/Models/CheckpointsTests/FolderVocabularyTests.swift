import Checkpoints
import Foundation
import Testing

@Suite("Vocabularies of Hugging Face folders")
struct FolderVocabularyTests {
    private func converted(_ tokenizer: String, _ check: (Checkpoint) throws -> Void) throws {
        var sample = FolderSample.whole()
        sample.files["tokenizer.json"] = Array(tokenizer.utf8)
        try sample.write { folder in
            try check(Checkpoint.open(path: folder.path).withVocabulary())
        }
    }

    @Test("A combining mark that continues a word keeps none of the prefix before it")
    func wordPieceMarks() throws {
        let tokenizer = """
            {"added_tokens": [], "normalizer": null, "pre_tokenizer": {"type": "BertPreTokenizer"},
             "post_processor": null, "model": {"type": "WordPiece", "continuing_subword_prefix": "##",
             "vocab": {"[UNK]": 0, "क": 1, "##\u{093E}": 2, "##\u{0301}b": 3, "#\u{0301}": 4}}}
            """
        try converted(tokenizer) { file in
            let tokens = try file.strings("tokenizer.ggml.tokens").prefix(5).map { Array($0.utf8) }
            let expected = [
                "\u{2581}[UNK]", "\u{2581}क", "\u{093E}", "\u{0301}b", "\u{2581}#\u{0301}",
            ]
            #expect(tokens == expected.map { Array($0.utf8) })
        }
    }

    @Test("A merge written as one text is cut at its space, whatever mark follows")
    func mergeOfMark() throws {
        let tokenizer = """
            {"added_tokens": [{"id": 5, "content": "\u{2581}\u{0301}"}], "normalizer": null,
             "pre_tokenizer": null, "post_processor": null, "model": {"type": "BPE", "byte_fallback": true,
             "vocab": {"a": 0, "\u{0301}": 1, "a\u{0301}": 2, "b": 3, "ab": 4}, "merges": ["a b", "a \u{0301}"]}}
            """
        try converted(tokenizer) { file in
            let scores = try file.floats("tokenizer.ggml.scores")
            #expect(scores[4] == 0)
            #expect(scores[2] == -1)
            #expect(scores[0] == -3)
            let added = try file.strings("tokenizer.ggml.tokens")[5]
            #expect(Array(added.utf8) == Array(" \u{0301}".utf8))
        }
    }

    @Test("A token that a template puts last is added, though it is not what ends an answer")
    func trailingToken() throws {
        let tokenizer = FolderSample.tokenizer.replacing(
            "{\"Sequence\": {\"id\": \"A\", \"type_id\": 0}}]",
            with: """
                {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "<tool>", "type_id": 0}}]
                """)
        #expect(tokenizer != FolderSample.tokenizer)
        try converted(tokenizer) { file in
            let ids = try ["bos", "eos", "eot"].map {
                try file.integer("tokenizer.ggml.\($0)_token_id")
            }
            #expect(ids == [2, 5, 2])
            let adds = try ["bos", "eos"].map { try file.bool("tokenizer.ggml.add_\($0)_token") }
            #expect(adds == [true, true])
        }
    }

    @Test("More tokens before a text than GGUF can say are an error, not left out")
    func manyTokens() throws {
        let token = #"{"SpecialToken": {"id": "<|end|>", "type_id": 0}}"#
        let tokenizer = FolderSample.tokenizer.replacing(token, with: "\(token), \(token)")
        let error = #expect(throws: CheckpointError.self) { try converted(tokenizer) { _ in } }
        #expect(error?.field == "post_processor.single")
        #expect(error?.message.contains("run the folder as it is") == true)
    }

    @Test("Weights without an embedding leave no token a row, and name the unknown one in vain")
    func noEmbedding() throws {
        var sample = FolderSample.whole()
        sample.files["model.safetensors"] = FolderSample.safeTensors(
            Array(FolderSample.tensors.dropFirst()))
        sample.files["tokenizer.json"] = Array(
            """
            {"added_tokens": [], "normalizer": null, "pre_tokenizer": {"type": "Metaspace"},
             "post_processor": null, "model": {"type": "Unigram", "unk_id": 0, "vocab": []}}
            """.utf8)
        try sample.write { folder in
            let file = try Checkpoint.open(path: folder.path).withVocabulary()
            #expect(try file.strings("tokenizer.ggml.tokens").isEmpty)
        }
    }
}
