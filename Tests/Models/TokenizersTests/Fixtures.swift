import Foundation
import Tokenizers

/// A text and the ids that another implementation gives it.
struct EncodedText: Decodable, Sendable {
    var text: String
    var ids: [Int]
    /// What that implementation makes of the ids.
    var decoded: String?
}

/// A byte-level vocabulary trained and encoded by the `tokenizers` package.
struct ByteLevelFixture: Decodable {
    var tokens: [String]
    var types: [Int]
    var merges: [String]
    /// By the name of the split rule.
    var cases: [String: [EncodedText]]
    /// Texts with special tokens in them, split by "qwen2".
    var special: [EncodedText]

    static func load() throws -> ByteLevelFixture {
        try decodeFixture("byte-level")
    }

    func definition(preTokenizer: String = "qwen2") -> TokenizerDefinition {
        TokenizerDefinition(
            model: .gpt2, preTokenizer: preTokenizer, tokens: tokens, types: types,
            merges: merges, eosToken: tokens.firstIndex(of: "<|im_end|>"))
    }
}

/// A SentencePiece vocabulary trained and encoded by the `sentencepiece` package.
struct SentencePieceFixture: Decodable {
    var tokens: [String]
    var types: [Int]
    var scores: [Float]
    var cases: [EncodedText]

    static func load() throws -> SentencePieceFixture {
        try decodeFixture("sentencepiece")
    }

    /// Token 0 is unknown, 1 BOS and 2 EOS.
    func definition() -> TokenizerDefinition {
        TokenizerDefinition(
            model: .llama, tokens: tokens, types: types, scores: scores, bosToken: 1, eosToken: 2,
            unknownToken: 0, addBOS: true)
    }
}

/// Bytes and what Python makes of them with `errors="replace"`.
struct BrokenUTF8: Decodable {
    var bytes: [UInt8]
    var text: String

    static func load() throws -> [BrokenUTF8] {
        try decodeFixture("broken-utf8")
    }
}

func decodeFixture<Value: Decodable>(_ name: String) throws -> Value {
    let folder = Bundle.module.bundleURL.appending(path: "Fixtures")
    return try JSONDecoder().decode(
        Value.self, from: Data(contentsOf: folder.appending(path: "\(name).json")))
}

extension String {
    /// Scalars compared one by one; `==` would take "é" for "e" and an accent.
    func isIdentical(to other: String) -> Bool {
        unicodeScalars.elementsEqual(other.unicodeScalars)
    }
}
