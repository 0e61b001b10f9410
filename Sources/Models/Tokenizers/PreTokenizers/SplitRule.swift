/// What `tokenizer.ggml.pre` names: how a byte-level model splits text, and what goes with the name.
///
/// The names and their meaning are llama.cpp's (`llama-vocab.cpp`). Where its reading of a model's
/// expression differs from the expression, as with categories of case, this is its reading.
struct SplitRule: Sendable {
    let steps: [SplitStep]
    /// A piece that is a token stays one, whatever the merges say.
    var ignoresMerges = false
    /// BOS comes first unless the file says otherwise.
    var addsBOS = false
    /// BOS comes first even if the file says otherwise.
    var needsBOS = false
    /// A piece of line breaks that is a token stays one.
    var keepsLineBreaks = false
    /// Token texts are written in GPT-2's alphabet; else as they are, with U+2581 for a space.
    var isByteLevel = true

    /// The rule that `name` names.
    ///
    /// - Throws: `TokenizerError` with the known names.
    init(named name: String) throws(TokenizerError) {
        guard let rule = Self.all[name] else {
            throw TokenizerError(
                code: .unsupportedPreTokenizer, field: "tokenizer.ggml.pre",
                message: """
                    the split rule \(String(name.prefix(40)).debugDescription) is not known; \
                    known are \(Self.names.joined(separator: ", "))
                    """)
        }
        self = rule
    }

    /// All names, in order.
    static let names = all.keys.sorted()

    private init(_ steps: SplitStep..., ignoresMerges: Bool = false, addsBOS: Bool = false) {
        self.steps = steps
        self.ignoresMerges = ignoresMerges
        self.addsBOS = addsBOS
    }

    /// A rule that only keeps lines apart.
    private static func lines(isGemma: Bool) -> SplitRule {
        var rule = SplitRule(.lines)
        rule.isByteLevel = false
        rule.needsBOS = isGemma
        rule.keepsLineBreaks = isGemma
        return rule
    }

    private static let all: [String: SplitRule] = {
        var all: [String: SplitRule] = [:]
        for (names, rule) in families {
            for name in names.split(separator: " ") {
                all[String(name)] = rule
            }
        }
        return all
    }()

    /// Names with a space between, and what they share.
    private static let families: [(names: String, rule: SplitRule)] = [
        ("default", SplitRule(.operators("$+<=>^~|"), .gpt2, .numbers, .threeDigits)),
        (
            """
            gpt-2 phi-2 jina-es jina-de gigachat jina-v2-es jina-v2-de a.x-4.0 mellum modern-bert \
            jina-v1-en jina-v2-code roberta-bpe mpt olmo jais trillion granite-docling exaone4
            """, SplitRule(.gpt2)
        ),
        (
            "starcoder refact command-r smollm codeshell exaone minerva-7b mellum2",
            SplitRule(.number, .gpt2)
        ),
        ("falcon", SplitRule(.operators("$+<=>^~|`"), .gpt2, .threeDigits)),
        (
            "llama3 llama-v3 llama-bpe falcon3 falcon-h1 pixtral midm-2.0 lfm2 jina-v5-nano",
            SplitRule(.llama3, ignoresMerges: true, addsBOS: true)
        ),
        ("dbrx smaug-bpe glm4 chatglm-bpe", SplitRule(.llama3)),
        (
            "jais-2", SplitRule(.words(WordPattern(numbers: 3, halvesSpaces: true)))
        ),
        (
            "minicpm5",
            SplitRule(.threeNumbers, .words(WordPattern(numbers: .max)), ignoresMerges: true)
        ),
        (
            """
            qwen2 deepseek-r1-qwen kormo f2llmv2 megrez stablelm2 hunyuan solar-open grok-2 \
            bailingmoe bailingmoe2 llada-moe
            """, SplitRule(.words(WordPattern()))
        ),
        (
            "qwen35",
            SplitRule(.words(WordPattern(letters: .lettersAndMarks, marksAreNoSymbols: true)))
        ),
        ("ufakzeka", SplitRule(.words(WordPattern(contractions: .none)))),
        ("seed-coder", SplitRule(.words(WordPattern(tail: .none)))),
        ("gemma4 granite-embed-multi-311m", .lines(isGemma: true)),
        ("sarvam-moe", .lines(isGemma: false)),
        ("laguna", SplitRule(.lines, .words(WordPattern()))),
        (
            "exaone-moe",
            SplitRule(
                .words(WordPattern(letters: .joinedBySpaces, tail: .oneLineBreakOrSlash)))
        ),
        (
            "tekken",
            SplitRule(
                .words(
                    WordPattern(
                        contractions: .none, letters: .cased, tail: .lineBreaksAndSlashes)),
                ignoresMerges: true, addsBOS: true)
        ),
        (
            "gpt-4o llama4 kanana2 talkie minimax-m2",
            SplitRule(.words(.gpt4o(.cased, numbers: 3)))
        ),
        (
            "granite-embed-multi-97m",
            SplitRule(.words(.gpt4o(.casedWithMarks, numbers: 3)), ignoresMerges: true)
        ),
        (
            "tiny_aya cohere2moe",
            SplitRule(.numberGroups, .words(.gpt4o(.lettersAndMarks, numbers: 3)))
        ),
        (
            "youtu",
            SplitRule(
                .matches(
                    .anyRun([
                        ScalarClass([], "", 0xAC00...0xD7A3, 0x3131...0x318E),
                        ScalarClass([], "！…“”‘’—：；，", 0x3001...0x303F, 0xFE30...0xFE4F),
                        ScalarClass([], "", 0x3105...0x312F), .hanAndKana,
                    ])), .words(.gpt4o(.lettersAndMarks, numbers: 1)), ignoresMerges: true)
        ),
        (
            "kimi-k2",
            SplitRule(
                .words(
                    WordPattern(contractions: .afterWord, letters: .apartFromHan, numbers: 3)))
        ),
        (
            "deepseek-llm",
            SplitRule(
                .lineBreak, .matches(.run(.casedLetters, .whitespace)),
                .matches(.run(ScalarClass([], "!-/:-~！-／：-～‘-‟、-。"), .whitespace)),
                .matches(.trailingSpace), .wideCharacters, .numbers)
        ),
        (
            "deepseek-coder",
            SplitRule(
                .lineBreak, .matches(.run(ScalarClass(.letter), .whitespace)),
                .matches(.run(ScalarClass(.punctuation), .whitespace)), .wideCharacters, .number)
        ),
        (
            "deepseek-v3 hunyuan-dense joyai-llm hy_v4",
            SplitRule(
                .threeNumbers, .hanAndKana,
                .matches(.deepSeekWords(isolatingLineBreaks: false)))
        ),
        (
            "spark2_5",
            SplitRule(
                .threeNumbers, .hanAndKana, .matches(.deepSeekWords(isolatingLineBreaks: true)),
                .number)
        ),
        (
            "afmoe",
            SplitRule(
                .numberGroups,
                .matches(
                    .run(
                        ScalarClass(
                            [], "", 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x8C48...0xFAFF,
                            0x3040...0x30FF, 0xFF65...0xFF9F, 0x2F00...0x2FDF, 0x0E40...0x0EFF,
                            0x1780...0x17FF, 0x1000...0x109F, 0xAA60...0xAA7F, 0xA9E0...0xA9FF,
                            0xAC00...0xD7AF, 0x1100...0x11FF))),
                .matches(.deepSeekWords(isolatingLineBreaks: false)))
        ),
        ("poro-chat bloom gpt3-finnish", SplitRule(.words(outside: "(|.,!?…。，、।۔،)"))),
        ("viking", SplitRule(.words(outside: "(|.,!?…。，、।۔،)"), .number)),
        ("superbpe", SplitRule(.numbers, .digitGroups)),
        (
            "chameleon",
            SplitRule(
                .matches(.sentinel), .matches(.image), .matches(.indentation), .number,
                .matches(.run(ScalarClass(.punctuation, "!-/:-@[-`{-~"), maximum: 1)), .gpt2,
                addsBOS: true)
        ),
    ]
}

extension SplitStep {
    /// `\p{N}`.
    fileprivate static let number = SplitStep.matches(.run(ScalarClass(.number), maximum: 1))
    /// `\p{N}{1,3}`.
    fileprivate static let threeNumbers = SplitStep.matches(.run(ScalarClass(.number), maximum: 3))
    /// `\p{N}+`.
    fileprivate static let numbers = SplitStep.matches(.run(ScalarClass(.number)))
    /// `[0-9][0-9][0-9]`.
    fileprivate static let threeDigits = SplitStep.matches(
        .run(ScalarClass([], "0-9"), minimum: 3, maximum: 3))
    /// `[\r\n]`.
    fileprivate static let lineBreak = SplitStep.matches(
        .run(ScalarClass([], "\r\n"), maximum: 1))
    fileprivate static let hanAndKana = SplitStep.matches(.run(.hanAndKana))
    /// `[\u4E00-\u9FA5\u0800-\u4E00\uAC00-\uD7FF]+`.
    fileprivate static let wideCharacters = SplitStep.matches(
        .run(ScalarClass([], "", 0x0800...0x9FA5, 0xAC00...0xD7FF)))
    /// Llama 3's expression.
    fileprivate static let llama3 = SplitStep.words(WordPattern(numbers: 3))

    /// `[\p{P}...]+`.
    fileprivate static func operators(_ characters: String) -> SplitStep {
        .matches(.run(ScalarClass(.punctuation, characters)))
    }

    /// ` ?[^\s...]+`.
    fileprivate static func words(outside characters: String) -> SplitStep {
        .matches(.run(ScalarClass(.whitespace, characters, isNegated: true), .space))
    }
}

extension WordPattern {
    /// GPT-4o's expression, with one choice or another.
    fileprivate static func gpt4o(_ letters: Letters, numbers: Int) -> WordPattern {
        WordPattern(
            contractions: .afterWord, letters: letters, numbers: numbers,
            tail: .lineBreaksAndSlashes)
    }
}

extension ScalarClass {
    /// `[\u4E00-\u9FA5\u3040-\u30FF]`.
    fileprivate static let hanAndKana = ScalarClass([], "", 0x4E00...0x9FA5, 0x3040...0x30FF)

    /// Letters of scripts with two cases, as DeepSeek's first models list them.
    fileprivate static let casedLetters = ScalarClass(
        [],
        [
            0x41...0x5A, 0x61...0x7A, 0xB5...0xB5, 0xC0...0xD6, 0xD8...0xF6, 0xF8...0x1BA,
            0x1BC...0x1BF, 0x1C4...0x293, 0x295...0x2AF, 0x370...0x373, 0x376...0x376,
            0x377...0x377, 0x37B...0x37D, 0x37F...0x37F, 0x386...0x386, 0x388...0x38A,
            0x38C...0x38C, 0x38E...0x3A1, 0x3A3...0x3F5, 0x3F7...0x481, 0x48A...0x52F,
            0x531...0x556, 0x10A0...0x10C5, 0x13A0...0x13F5, 0x13F8...0x13FD, 0x1C90...0x1CBA,
            0x1CBD...0x1CBF, 0x1D00...0x1D2B, 0x1D6B...0x1D77, 0x1D79...0x1D9A, 0x1E00...0x1F15,
            0x1F18...0x1F1D, 0x1F20...0x1F45, 0x1F48...0x1F4D, 0x1F50...0x1F57, 0x1F59...0x1F59,
            0x1F5B...0x1F5B, 0x1F5D...0x1F5D, 0x1F5F...0x1F7D, 0x1F80...0x1FB4, 0x1FB6...0x1FBC,
            0x1FBE...0x1FBE, 0x1FC2...0x1FC4, 0x1FC6...0x1FCC, 0x1FD0...0x1FD3, 0x1FD6...0x1FDB,
            0x1FE0...0x1FEC, 0x1FF2...0x1FF4, 0x1FF6...0x1FFC, 0x2102...0x2102, 0x2107...0x2107,
            0x210A...0x2113, 0x2115...0x2115, 0x2119...0x211D, 0x2124...0x2124, 0x2126...0x2126,
            0x2128...0x2128, 0x212A...0x212D, 0x212F...0x2134, 0x2139...0x2139, 0x213C...0x213F,
            0x2145...0x2149, 0x214E...0x214E, 0x2183...0x2183, 0x2184...0x2184, 0x2C00...0x2C7B,
            0x2C7E...0x2CE4, 0x2CEB...0x2CEE, 0x2CF2...0x2CF2, 0x2CF3...0x2CF3, 0xA640...0xA66D,
            0xA680...0xA69B, 0xA722...0xA76F, 0xA771...0xA787, 0xA78B...0xA78E, 0xAB70...0xABBF,
            0xFB00...0xFB06, 0xFB13...0xFB17, 0xFF21...0xFF3A, 0xFF41...0xFF5A, 0x10400...0x1044F,
            0x104B0...0x104D3, 0x104D8...0x104FB, 0x10C80...0x10CB2, 0x10CC0...0x10CF2,
            0x118A0...0x118DF, 0x1E900...0x1E943,
        ])
}
