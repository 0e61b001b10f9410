import CompletionAPI
import Server
import StructuredJSON
import Testing

@Suite("Text completions on the wire")
struct TextStyleTests {
    private static let head = ReplyHead(id: "x-1", created: 12, model: "m")
    private static let upon: [CompletionEvent] = [
        .started(promptTokens: 2), .text("upon"), .finished(.stop, .tenAndFive),
    ]
    /// What `echo` with `logprobs` reports of "né" after a beginning of text, and then one token.
    private static let scored: [CompletionEvent] = [
        .started(promptTokens: 3),
        .prompt([
            .of("<s>", nil), .of("n", -2, top: [("m", -1)]), .of("é", -3, top: [("é", -3)]),
        ]),
        .text("!", tokens: [.of("!", -0.5)]), .finished(.length, .tenAndFive),
    ]

    @Test("an answer starts with the prompt where that was asked, each with its own")
    func echoed() throws {
        var style = TextStyle(head: Self.head, echoes: ["Once ", "Twice "])
        let choices = style.answer([Self.upon, Self.upon])["choices"]?.array ?? []
        #expect(choices.map { $0["text"] } == ["Once upon", "Twice upon"])
        let events = try StreamedEvent.all(style.stream([Self.upon, Self.upon])).dropLast()
        #expect(
            events.map { $0.data["choices"]?[0]?["text"] }
                == ["Once ", "upon", "", "Twice ", "upon", ""])
    }

    @Test("the prompts of several answers each count once")
    func usage() {
        let style = TextStyle(head: Self.head, choices: 2)
        let usage = style.answer(Array(repeating: Self.upon, count: 4))["usage"]
        #expect(usage?["prompt_tokens"] == 20)
        #expect(usage?["completion_tokens"] == 20)
    }

    @Test("a scored prompt has four lists, and its first token no probability")
    func scored() throws {
        let style = TextStyle(head: Self.head, echoes: ["né"], showsLogprobs: true)
        let choice = style.answer([Self.scored])["choices"]?[0]
        #expect(choice?["text"] == "né!")
        #expect(
            choice?["logprobs"] == [
                "tokens": ["<s>", "n", "é", "!"], "token_logprobs": [nil, -2.0, -3.0, -0.5],
                "top_logprobs": [nil, ["m": -1.0, "n": -2.0], ["é": -3.0], ["!": -0.5]],
                "text_offset": [0, 0, 1, 2],
            ])
    }

    @Test("a streamed prompt is scored as a whole one")
    func streamedScores() throws {
        var style = TextStyle(head: Self.head, echoes: ["né"], showsLogprobs: true)
        let events = try StreamedEvent.all(style.stream([Self.scored])).dropLast()
        let choices = events.compactMap { $0.data["choices"]?[0] }
        #expect(choices.map { $0["text"] } == ["né", "!", ""])
        #expect(choices[0]["logprobs"]?["text_offset"] == [0, 0, 1])
        #expect(choices[1]["logprobs"]?["text_offset"] == [2])
        #expect(choices[2]["logprobs"] == .null)
    }

    @Test("a part of a character is named by its bytes, and counts where it begins")
    func partsOfCharacters() {
        let parts = [[0xE4, 0xBD], [0xA0]].map { (bytes: [UInt8]) in
            TokenReport(chosen: .init(token: 1, bytes: bytes, logProbability: -1))
        }
        let logprobs = TextStyle(head: Self.head, showsLogprobs: true).answer([
            [.text("你", tokens: parts + [.of("x", -1)]), .finished(.stop, .tenAndFive)]
        ])["choices"]?[0]?["logprobs"]
        #expect(logprobs?["tokens"] == ["bytes:\\xe4\\xbd", "bytes:\\xa0", "x"])
        #expect(logprobs?["text_offset"] == [0, 1, 1])
    }
}
