import Foundation
import StructuredJSON
import Testing
import Tokenizers

/// A tokenizer.json and what the `tokenizers` package makes of some texts with it.
struct HuggingFaceFixture {
    struct Case {
        var text: String
        var ids: [Int]
        var special: [Int]
        /// What `special` decodes to, with and without special tokens.
        var decoded: String
        var shown: String
    }

    var file: JSONValue
    var cases: [Case]
    var pairs: [JSONValue]

    static let names = [
        "bert-cased", "bert-uncased", "deepseek-v3", "falcon", "gemma", "gpt-2", "gpt-4o",
        "llama-2",
        "llama-3", "mistral", "original-bpe", "phi-3", "qwen2", "roberta", "starcoder", "t5",
        "word-level", "xlm-roberta",
    ]

    init(_ name: String) throws {
        let path = Bundle.module.bundleURL.appending(path: "Fixtures/HuggingFace/\(name).json")
        let document = try JSONValue(parsing: Array(try Data(contentsOf: path)))
        file = try #require(document["file"])
        pairs = try #require(document["pairs"]?.array)
        cases = try #require(document["cases"]?.array).map { item in
            Case(
                text: try #require(item["text"]?.string), ids: Self.ids(item["ids"]),
                special: Self.ids(item["special"]),
                decoded: try #require(item["decoded"]?.string),
                shown: try #require(item["shown"]?.string))
        }
    }

    static func ids(_ value: JSONValue?) -> [Int] {
        value?.array?.compactMap(\.int) ?? []
    }
}

@Suite("Tokenizers of tokenizer.json files")
struct HuggingFaceTests {
    @Test("Texts have the ids of the tokenizers package", arguments: HuggingFaceFixture.names)
    func encoding(name: String) throws {
        let fixture = try HuggingFaceFixture(name)
        let tokenizer = try Tokenizer(huggingFace: fixture.file)
        #expect(fixture.cases.count > 20)
        for item in fixture.cases {
            let text = item.text.debugDescription
            let plain = tokenizer.encode(item.text, addSpecial: false, parseSpecial: true)
            #expect(plain == item.ids, "\(text)")
            let special = tokenizer.encode(item.text, addSpecial: true, parseSpecial: true)
            #expect(special == item.special, "\(text)")
        }
    }

    @Test(
        "Ids decode to the texts of the package, at once and one by one",
        arguments: HuggingFaceFixture.names)
    func decoding(name: String) throws {
        let fixture = try HuggingFaceFixture(name)
        let tokenizer = try Tokenizer(huggingFace: fixture.file)
        for item in fixture.cases {
            for (skips, expected) in [(false, item.decoded), (true, item.shown)] {
                let whole = tokenizer.decode(item.special, skipSpecial: skips)
                #expect(whole.isIdentical(to: expected), "\(item.special)")
                var decoder = StreamingDecoder(tokenizer, skipSpecial: skips)
                var pieces = item.special.map { decoder.append($0) }
                pieces.append(decoder.finish())
                #expect(pieces.joined().isIdentical(to: expected), "\(item.special)")
            }
        }
    }

    @Test("Pairs have the ids and the types of the package", arguments: HuggingFaceFixture.names)
    func pairs(name: String) throws {
        let fixture = try HuggingFaceFixture(name)
        let tokenizer = try Tokenizer(huggingFace: fixture.file)
        for pair in fixture.pairs {
            let texts = ["first", "second"].map {
                tokenizer.encode(pair[$0]?.string ?? "", addSpecial: false, parseSpecial: true)
            }
            let encoding = tokenizer.pair(texts[0], texts[1])
            #expect(encoding.ids == HuggingFaceFixture.ids(pair["ids"]))
            #expect(encoding.typeIDs == HuggingFaceFixture.ids(pair["types"]))
        }
    }

    @Test("Special tokens in text are plain text where they are not to be parsed")
    func plainText() throws {
        let tokenizer = try Tokenizer(huggingFace: HuggingFaceFixture("qwen2").file)
        let end = try #require(tokenizer.token(named: "<|im_end|>"))
        let tool = try #require(tokenizer.token(named: "<tool_call>"))
        let text = "a<|im_end|>b<tool_call>c"
        let plain = tokenizer.encode(text, addSpecial: false, parseSpecial: false)
        #expect(!plain.contains(end))
        #expect(plain.contains(tool))
        #expect(tokenizer.decode(plain, skipSpecial: true) == text)
        #expect(tokenizer.encode(text, addSpecial: false, parseSpecial: true).contains(end))
        #expect(tokenizer.isControl(end))
        #expect(tokenizer.endOfGeneration.contains(end))
    }

    @Test("tokenizer_config.json names special tokens and asks for them")
    func configuration() throws {
        let file = try HuggingFaceFixture("gpt-2").file
        let configuration: JSONValue = [
            "bos_token": ["content": "<|endoftext|>", "special": true],
            "eos_token": "<|endoftext|>", "add_bos_token": true, "pad_token": .null,
        ]
        let tokenizer = try Tokenizer(huggingFace: file, configuration: configuration)
        let end = try #require(tokenizer.token(named: "<|endoftext|>"))
        #expect(tokenizer.bosToken == end)
        #expect(tokenizer.eosToken == end)
        #expect(tokenizer.addsBOS)
        #expect(tokenizer.paddingToken == nil)
        let plain = tokenizer.encode("ships", addSpecial: false, parseSpecial: true)
        #expect(tokenizer.encode("ships", addSpecial: true, parseSpecial: true) == [end] + plain)
        #expect(try !Tokenizer(huggingFace: file).addsBOS)
    }

    @Test("Broken UTF-8 is repaired as Python repairs it")
    func brokenUTF8() throws {
        let tokenizer = try Tokenizer(huggingFace: HuggingFaceFixture("llama-2").file)
        for item in try BrokenUTF8.load() {
            #expect(
                tokenizer.encode(bytes: item.bytes, addSpecial: false, parseSpecial: false)
                    == tokenizer.encode(item.text, addSpecial: false, parseSpecial: false))
        }
    }

    @Test(
        "What is not known is an error that names its place and what is known",
        arguments: [
            ("normalizer", "tokenizer.json: normalizer.type", "NFKC"),
            ("pre_tokenizer", "tokenizer.json: pre_tokenizer.type", "Metaspace"),
            ("post_processor", "tokenizer.json: post_processor.type", "TemplateProcessing"),
            ("decoder", "tokenizer.json: decoder.type", "ByteFallback"),
            ("model", "tokenizer.json: model.type", "Unigram"),
        ])
    func unknownComponent(component: String, field: String, known: String) throws {
        var document = try #require(HuggingFaceFixture("gpt-2").file.object)
        document[component] = ["type": "Quantum"]
        let error = try #require(throws: TokenizerError.self) {
            try Tokenizer(huggingFace: .object(document))
        }
        #expect(error.field == field)
        #expect(error.message.contains("Quantum"))
        #expect(error.message.contains(known))
    }

    @Test("An id far beyond the size of the file is an error")
    func sparseIDs() throws {
        let file: JSONValue = ["model": ["type": "WordLevel", "vocab": ["a": 2_000_000_000]]]
        #expect(throws: TokenizerError.self) { try Tokenizer(huggingFace: file) }
    }

    @Test(
        "A long run of one thing takes no longer than a text", .timeLimit(.minutes(1)),
        arguments: HuggingFaceFixture.names)
    func pathological(name: String) throws {
        let tokenizer = try Tokenizer(huggingFace: HuggingFaceFixture(name).file)
        for unit in ["a", " ", "\u{301}", "<|im_", "1", "\r\n", "A", "港"] {
            let text = String(repeating: unit, count: 100_000 / unit.utf8.count)
            let clock = ContinuousClock()
            let time = clock.measure {
                _ = tokenizer.encode(text, addSpecial: false, parseSpecial: true)
            }
            #expect(time < .seconds(10), "\(unit.debugDescription)")
        }
    }
}
