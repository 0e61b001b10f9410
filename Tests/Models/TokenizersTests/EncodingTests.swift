import Testing
import Tokenizers

@Suite("Text to tokens")
struct EncodingTests {
    @Test(
        "Byte-level BPE gives the ids of the tokenizers package",
        arguments: ["gpt-2", "qwen2", "default"])
    func byteLevel(preTokenizer: String) throws {
        let fixture = try ByteLevelFixture.load()
        let tokenizer = try Tokenizer(fixture.definition(preTokenizer: preTokenizer))
        let cases = try #require(fixture.cases[preTokenizer])
        #expect(cases.count > 100)
        for item in cases {
            let ids = tokenizer.encode(item.text, addSpecial: false, parseSpecial: false)
            #expect(ids == item.ids, "\(item.text.debugDescription)")
            let text = tokenizer.decode(ids, skipSpecial: false)
            #expect(text.isIdentical(to: item.text), "\(item.text.debugDescription)")
        }
    }

    @Test("Special tokens in a text are found as the tokenizers package finds them")
    func specialTokens() throws {
        let fixture = try ByteLevelFixture.load()
        let tokenizer = try Tokenizer(fixture.definition())
        for item in fixture.special {
            let ids = tokenizer.encode(item.text, addSpecial: false, parseSpecial: true)
            #expect(ids == item.ids, "\(item.text.debugDescription)")
        }
    }

    @Test("SentencePiece BPE gives the ids and texts of the sentencepiece package")
    func sentencePiece() throws {
        let fixture = try SentencePieceFixture.load()
        let tokenizer = try Tokenizer(fixture.definition())
        #expect(fixture.cases.count > 100)
        for item in fixture.cases {
            let ids = tokenizer.encode(item.text, addSpecial: false, parseSpecial: false)
            #expect(ids == item.ids, "\(item.text.debugDescription)")
            let text = tokenizer.decode(ids, skipSpecial: true)
            #expect(text.isIdentical(to: try #require(item.decoded)), "\(item.text)")
        }
    }

    @Test("Without parsing, control tokens are plain text, and user-defined tokens are still found")
    func plainText() throws {
        let fixture = try ByteLevelFixture.load()
        let tokenizer = try Tokenizer(fixture.definition())
        let text = "a<|im_end|>b<tool>c"
        let ids = tokenizer.encode(text, addSpecial: false, parseSpecial: false)
        let tool = try #require(tokenizer.token(named: "<tool>"))
        let end = try #require(tokenizer.token(named: "<|im_end|>"))
        #expect(ids.contains(tool))
        #expect(!ids.contains(end))
        #expect(tokenizer.decode(ids, skipSpecial: true) == text)
    }

    @Test("The longest special token takes its place before one that begins earlier")
    func longestFirst() throws {
        let tokenizer = try Tokenizer(
            TokenizerDefinition(
                model: .gpt2, preTokenizer: "gpt-2",
                tokens: ["a", "b", "c", "d", "ab", "bcd", "cda"],
                types: [1, 1, 1, 1, 4, 4, 4]))
        let encode = { tokenizer.encode($0, addSpecial: false, parseSpecial: false) }
        #expect(encode("abcd") == [0, 5])
        #expect(encode("abab") == [4, 4])
        // Equally long: the smaller id first.
        #expect(encode("bcda") == [5, 0])
    }

    @Test("BOS and EOS are added where the definition asks, and only when asked for")
    func addSpecial() throws {
        var definition = try SentencePieceFixture.load().definition()
        definition.addEOS = true
        let tokenizer = try Tokenizer(definition)
        let plain = tokenizer.encode("ships", addSpecial: false, parseSpecial: false)
        let special = tokenizer.encode("ships", addSpecial: true, parseSpecial: false)
        #expect(special == [1] + plain + [2])
        #expect(tokenizer.encode("", addSpecial: true, parseSpecial: false) == [1, 2])
        #expect(tokenizer.decode(special, skipSpecial: true) == "ships")
    }

    @Test("SentencePiece puts a space before the text and after a special token")
    func spacePrefix() throws {
        var definition = try SentencePieceFixture.load().definition()
        let tokenizer = try Tokenizer(definition)
        let encode = { tokenizer.encode($0, addSpecial: false, parseSpecial: true) }
        #expect(encode("the</s>the") == encode("the") + [2] + encode("the"))
        definition.addSpacePrefix = false
        let bare = try Tokenizer(definition)
        #expect(bare.encode(" the", addSpecial: false, parseSpecial: true) == encode("the"))
        #expect(bare.decode(encode("the"), skipSpecial: true) == " the")
    }

    @Test("A character without byte tokens is one unknown token")
    func unknown() throws {
        let tokenizer = try Tokenizer(
            TokenizerDefinition(
                model: .llama, tokens: ["<unk>", "a", "<0xC3>"], types: [2, 1, 6],
                scores: [0, 0, 0], unknownToken: 0, addSpacePrefix: false))
        #expect(tokenizer.encode("aéa", addSpecial: false, parseSpecial: false) == [1, 0, 1])
        #expect(tokenizer.decode([1, 0, 1], skipSpecial: true) == "aa")
    }

    @Test("Merges through a text that is no token fall apart into its bytes")
    func mergeWithoutToken() throws {
        let tokenizer = try Tokenizer(
            TokenizerDefinition(
                model: .gpt2, preTokenizer: "gpt-2", tokens: ["a", "b", "c", "abc"],
                merges: ["a b", "ab c"]))
        let encode = { tokenizer.encode($0, addSpecial: false, parseSpecial: false) }
        #expect(encode("abc") == [3])
        #expect(encode("abab") == [0, 1, 0, 1])
        // No token, and no unknown token to stand for it.
        #expect(encode("axb") == [0, 1])
    }

    @Test(
        "Broken UTF-8 is read as llama.cpp reads it: a byte that begins no character is U+FFFD",
        arguments: [
            ([0x61, 0x80, 0x62], "a\u{FFFD}b"), ([0xF0, 0x9F, 0x98], "\u{FFFD}\u{FFFD}\u{FFFD}"),
            ([0xE6, 0xB8, 0x61], "\u{FFFD}\u{FFFD}a"), ([0xFF, 0xC3, 0xA9], "\u{FFFD}é"),
            ([0xC1, 0xA1], "a"), ([0xE0, 0x81, 0xA1], "a"),
            ([0xF4, 0x90, 0x80, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"),
        ] as [([UInt8], String)])
    func brokenUTF8(bytes: [UInt8], text: String) throws {
        let tokenizer = try Tokenizer(ByteLevelFixture.load().definition())
        #expect(
            tokenizer.encode(bytes: bytes, addSpecial: false, parseSpecial: false)
                == tokenizer.encode(text, addSpecial: false, parseSpecial: false))
    }

    @Test("SentencePiece byte-pair encoding has tokens for the bytes of broken UTF-8")
    func brokenSentencePiece() throws {
        let tokenizer = try Tokenizer(SentencePieceFixture.load().definition())
        for item in try BrokenUTF8.load() {
            let ids = tokenizer.encode(bytes: item.bytes, addSpecial: false, parseSpecial: false)
            let bytes = ids.flatMap { tokenizer.bytes(of: $0) }
            #expect(bytes == [UInt8(ascii: " ")] + item.bytes)
        }
    }

    @Test(
        "A long run of one thing takes no longer than a text",
        .timeLimit(.minutes(1)),
        arguments: ["a", " ", "\n", "!", "1", "é", "港", "<", "<|im_", "a.", " \r\n", "'"])
    func pathological(unit: String) throws {
        let text = String(repeating: unit, count: 300_000 / unit.utf8.count)
        for definition in [
            try ByteLevelFixture.load().definition(), try SentencePieceFixture.load().definition(),
        ] {
            let tokenizer = try Tokenizer(definition)
            let ids = tokenizer.encode(text, addSpecial: false, parseSpecial: true)
            #expect(tokenizer.decode(ids, skipSpecial: false) == text)
        }
    }
}
