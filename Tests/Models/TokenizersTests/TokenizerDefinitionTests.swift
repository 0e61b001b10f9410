import Testing
import Tokenizers

@Suite("Definitions of tokenizers")
struct TokenizerDefinitionTests {
    private static let valid = TokenizerDefinition(
        model: .gpt2, preTokenizer: "gpt-2", tokens: ["a", "b", "ab"], merges: ["a b"])

    struct Fault: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var code: TokenizerError.Code
        var field: String
        var index: Int?
        var change: @Sendable (inout TokenizerDefinition) -> Void
    }

    private static let faults = [
        Fault(testDescription: "no tokens", code: .missing, field: "tokenizer.ggml.tokens") {
            $0.tokens = []
        },
        Fault(
            testDescription: "a token twice", code: .duplicateToken,
            field: "tokenizer.ggml.tokens", index: 2
        ) { $0.tokens[2] = "a" },
        Fault(
            testDescription: "too few types", code: .countMismatch,
            field: "tokenizer.ggml.token_type"
        ) { $0.types = [1, 1] },
        Fault(
            testDescription: "a type that is none", code: .invalidValue,
            field: "tokenizer.ggml.token_type", index: 1
        ) { $0.types = [1, 7, 1] },
        Fault(
            testDescription: "a merge of one text", code: .invalidValue,
            field: "tokenizer.ggml.merges", index: 1
        ) { $0.merges = ["a b", "ab"] },
        Fault(
            testDescription: "a merge with nothing after its space", code: .invalidValue,
            field: "tokenizer.ggml.merges", index: 0
        ) { $0.merges = ["a "] },
        Fault(
            testDescription: "an empty merge", code: .invalidValue,
            field: "tokenizer.ggml.merges", index: 0
        ) { $0.merges = [""] },
        Fault(
            testDescription: "an unknown split rule", code: .unsupportedPreTokenizer,
            field: "tokenizer.ggml.pre"
        ) { $0.preTokenizer = "nobody's" },
        Fault(
            testDescription: "BOS past the end", code: .invalidValue,
            field: "tokenizer.ggml.bos_token_id"
        ) { $0.bosToken = 3 },
        Fault(
            testDescription: "EOS below zero", code: .invalidValue,
            field: "tokenizer.ggml.eos_token_id"
        ) { $0.eosToken = -1 },
        Fault(
            testDescription: "end of turn past the end", code: .invalidValue,
            field: "tokenizer.ggml.eot_token_id"
        ) { $0.eotToken = .max },
        Fault(
            testDescription: "unknown token past the end", code: .invalidValue,
            field: "tokenizer.ggml.unknown_token_id"
        ) { $0.unknownToken = 99 },
        Fault(
            testDescription: "BOS asked for and not named", code: .missing,
            field: "tokenizer.ggml.bos_token_id"
        ) { $0.addBOS = true },
        Fault(
            testDescription: "EOS asked for and not named", code: .missing,
            field: "tokenizer.ggml.eos_token_id"
        ) { $0.addEOS = true },
        Fault(
            testDescription: "no scores", code: .countMismatch, field: "tokenizer.ggml.scores"
        ) { $0.model = .llama },
        Fault(
            testDescription: "a score that is no number", code: .invalidValue,
            field: "tokenizer.ggml.scores", index: 1
        ) {
            $0.model = .llama
            $0.scores = [0, .nan, 0]
        },
    ]

    @Test("A damaged definition is an error that names the field", arguments: faults)
    func damaged(by fault: Fault) throws {
        var definition = Self.valid
        fault.change(&definition)
        let error = #expect(throws: TokenizerError.self) { try Tokenizer(definition) }
        #expect(error?.code == fault.code)
        #expect(error?.field == fault.field)
        #expect(error?.index == fault.index)
        #expect(error?.description.contains(fault.field) == true)
    }

    @Test("A padding id that is no token is ignored: files name such ids, and nothing pads")
    func padding() throws {
        var definition = Self.valid
        definition.paddingToken = 1000
        #expect(try Tokenizer(definition).paddingToken == nil)
        definition.paddingToken = 2
        #expect(try Tokenizer(definition).paddingToken == 2)
    }

    @Test("Empty tokens keep their place and are never found")
    func emptyTokens() throws {
        var definition = Self.valid
        definition.tokens = ["a", "", "b", "", "ab"]
        let tokenizer = try Tokenizer(definition)
        #expect(tokenizer.encode("aab", addSpecial: false, parseSpecial: true) == [0, 4])
        #expect(tokenizer.bytes(of: 1).isEmpty)
    }

    @Test("Tokens that differ only in how a character is composed are different tokens")
    func canonicalEquivalence() throws {
        let tokenizer = try Tokenizer(
            TokenizerDefinition(
                model: .llama, tokens: ["\u{E9}", "e\u{301}", "e", "\u{301}"],
                scores: [0, 0, 0, 0], addSpacePrefix: false))
        let encode = { tokenizer.encode($0, addSpecial: false, parseSpecial: false) }
        #expect(encode("\u{E9}") == [0])
        #expect(encode("e\u{301}") == [1])
    }

    @Test("An id that is no token is nothing", arguments: [-1, 3, .min, .max])
    func foreignID(token: Int) throws {
        let tokenizer = try Tokenizer(Self.valid)
        #expect(tokenizer.bytes(of: token).isEmpty)
        #expect(tokenizer.type(of: token) == nil)
        #expect(!tokenizer.isControl(token))
        #expect(tokenizer.decode([0, token, 1], skipSpecial: true) == "ab")
    }

    @Test("Generation ends at EOS, end of turn and control tokens known by name")
    func endOfGeneration() throws {
        let tokens = [
            "a", "<|im_end|>", "</s>", "<|endoftext|>", "<|fim_pad|>", "<stop>", "<turn>", "<eos>",
        ]
        let definition = TokenizerDefinition(
            model: .gpt2, tokens: tokens, types: [1, 1, 1, 3, 3, 3, 3, 3], eosToken: 5,
            eotToken: 6)
        let tokenizer = try Tokenizer(definition)
        // <|im_end|> is a mistaken file's normal token; </s> could be a text's own.
        #expect(tokenizer.endOfGeneration == [1, 3, 4, 5, 6, 7])
        #expect(tokenizer.isControl(1))
        #expect(!tokenizer.isControl(2))
        #expect(tokenizer.text(of: 1) == "<|im_end|>")
        #expect(tokenizer.decode([0, 1, 2], skipSpecial: true) == "a</s>")
        #expect(tokenizer.decode([0, 1, 2], skipSpecial: false) == "a<|im_end|></s>")
    }

    @Test("Where a message's end is not the answer's, generation goes on")
    func endOfMessage() throws {
        func ends(_ tokens: [String]) throws -> Set<Int> {
            try Tokenizer(
                TokenizerDefinition(
                    model: .gpt2, tokens: tokens, types: tokens.map { _ in 3 })
            ).endOfGeneration
        }
        #expect(try ends(["<|end|>", "<|return|>"]) == [0, 1])
        #expect(try ends(["<|end|>", "<|return|>", "<|call|>"]) == [1, 2])
        #expect(try ends(["<|end|>", "<|flush|>", "<|calls|>"]) == [1, 2])
        #expect(try ends(["</s>", "<|tool_response>"]) == [1])
    }

    @Test("A pair of a file that says nothing of pairs is joined as BERT was trained")
    func pair() throws {
        var definition = TokenizerDefinition(
            model: .bert, tokens: ["[UNK]", "[CLS]", "[SEP]", "\u{2581}a", "\u{2581}b"],
            types: [2, 3, 3, 1, 1], bosToken: 1, unknownToken: 0, addBOS: true)
        definition.separatorToken = 2
        let tokenizer = try Tokenizer(definition)
        let pair = tokenizer.pair([3], [4, 4])
        #expect(pair.ids == [1, 3, 2, 4, 4, 2])
        #expect(pair.typeIDs == [0, 0, 0, 1, 1, 1])
    }

    /// A file's metadata, by key.
    private struct Metadata: TokenizerMetadata {
        var integers: [String: Int] = [:]

        func string(_ key: String) -> String { "llama" }
        func optionalString(_ key: String) -> String? { nil }
        func optionalBool(_ key: String) -> Bool? { nil }
        func optionalInteger(_ key: String) -> Int? { integers[key] }
        func strings(_ key: String) -> [String] { ["<unk>", "<s>", "</s>", "a"] }
        func optionalStrings(_ key: String) -> [String]? { nil }
        func optionalIntegers(_ key: String) -> [Int]? { nil }
        func optionalFloats(_ key: String) -> [Float]? { [0, 0, 0, 0] }
    }

    @Test(
        "A special token that the vocabulary does not reach is told, and llama.cpp's usual one taken"
    )
    func unusableToken() throws {
        let wrong = [
            "tokenizer.ggml.bos_token_id": 4, "tokenizer.ggml.eot_token_id": 70_000,
            "tokenizer.ggml.unknown_token_id": -1, "tokenizer.ggml.padding_token_id": 9,
        ]
        let definition = try TokenizerDefinition(metadata: Metadata(integers: wrong))
        let tokenizer = try Tokenizer(definition)
        #expect(definition.bosToken == 1)
        #expect(definition.eosToken == 2)
        #expect(definition.unknownToken == 0)
        #expect(definition.eotToken == nil)
        #expect(tokenizer.paddingToken == nil)
        #expect(tokenizer.notices.count == 3)
        #expect(tokenizer.notices[0].contains("bos_token_id is 4"))
        #expect(try Tokenizer(TokenizerDefinition(metadata: Metadata())).notices.isEmpty)
    }

    @Test("A normalization map may only write well-formed text")
    func normalizationMap() throws {
        var definition = TokenizerDefinition(
            model: .t5, tokens: ["<unk>", "a"], types: [2, 1], scores: [0, -1], unknownToken: 0)
        // The trie's length, a trie of one unit, and what is written instead.
        let trie: [UInt8] = [4, 0, 0, 0, 0, 0, 0, 0]
        definition.normalizationMap = trie + [0xC3, 0xA9, 0]
        _ = try Tokenizer(definition)
        definition.normalizationMap = trie + [0xC3, 0]
        let error = #expect(throws: TokenizerError.self) { try Tokenizer(definition) }
        #expect(error?.message.contains("no UTF-8") == true)
    }

    @Test("An error names the file where it is known")
    func errorNamesFile() {
        var error = TokenizerError(
            code: .missing, field: "tokenizer.ggml.tokens", message: "is empty")
        #expect(error.description == "tokenizer: tokenizer.ggml.tokens: is empty")
        error.file = "model.gguf"
        #expect(error.description == "model.gguf: tokenizer.ggml.tokens: is empty")
    }
}
