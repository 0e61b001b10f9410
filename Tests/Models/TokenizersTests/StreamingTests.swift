import Testing
import Tokenizers

@Suite("Tokens to text, one by one")
struct StreamingDecoderTests {
    /// Every byte is a token, so that characters arrive in parts.
    private static func byteTokenizer() throws -> Tokenizer {
        let digits = Array("0123456789ABCDEF")
        let bytes = (0..<256).map { "<0x\(digits[$0 >> 4])\(digits[$0 & 15])>" }
        return try Tokenizer(
            TokenizerDefinition(
                model: .llama, tokens: bytes + ["\u{2581}a", "<s>"],
                types: Array(repeating: 6, count: 256) + [1, 3],
                scores: Array(repeating: 0, count: 258)))
    }

    @Test("Broken bytes become what Python makes of them, however they arrive")
    func brokenUTF8() throws {
        let tokenizer = try Self.byteTokenizer()
        for item in try BrokenUTF8.load() {
            var decoder = StreamingDecoder(tokenizer)
            var text = item.bytes.map { decoder.append(Int($0)) }.joined()
            text += decoder.finish()
            #expect(text.isIdentical(to: item.text), "\(item.bytes)")
            #expect(
                tokenizer.decode(item.bytes.map(Int.init), skipSpecial: true)
                    .isIdentical(to: item.text))
        }
    }

    @Test("A character comes whole and as soon as its last byte")
    func wholeCharacters() throws {
        var decoder = StreamingDecoder(try Self.byteTokenizer())
        let pieces = "é港😀".utf8.map { decoder.append(Int($0)) }
        #expect(pieces == ["", "é", "", "", "港", "", "", "", "😀"])
        #expect(decoder.finish().isEmpty)
    }

    @Test("Bytes that cannot become a character are replaced at once")
    func replacement() throws {
        var decoder = StreamingDecoder(try Self.byteTokenizer())
        #expect([0xF0, 0x9F, 0x61].map { decoder.append($0) } == ["", "", "\u{FFFD}a"])
        #expect(decoder.append(0x80) == "\u{FFFD}")
        #expect(decoder.append(0xE6).isEmpty)
        #expect(decoder.finish() == "\u{FFFD}")
        #expect(decoder.finish().isEmpty)
    }

    @Test("The first word loses SentencePiece's space, but not where text goes on")
    func leadingSpace() throws {
        let tokenizer = try Self.byteTokenizer()
        var start = StreamingDecoder(tokenizer)
        #expect([257, 256, 256].map { start.append($0) } == ["", "a", " a"])
        var continued = StreamingDecoder(tokenizer, continuesText: true)
        #expect(continued.append(256) == " a")
        var whole = StreamingDecoder(tokenizer, skipSpecial: false)
        #expect([257, 256].map { whole.append($0) } == ["<s>", " a"])
    }

    @Test("Streamed pieces together are the decoded text", arguments: [true, false])
    func sameAsDecode(skipSpecial: Bool) throws {
        let fixture = try ByteLevelFixture.load()
        let tokenizer = try Tokenizer(fixture.definition())
        for item in fixture.special + (fixture.cases["qwen2"] ?? []) {
            var decoder = StreamingDecoder(tokenizer, skipSpecial: skipSpecial)
            let pieces = item.ids.map { decoder.append($0) } + [decoder.finish()]
            #expect(pieces.joined() == tokenizer.decode(item.ids, skipSpecial: skipSpecial))
        }
    }
}

@Suite("Stop strings")
struct StopStringMatcherTests {
    struct Example: Sendable {
        var stops: [String]
        var text: String
        /// What is left of the text, and whether a stop string ended it.
        var rest: String
        var isMatched: Bool
    }

    private static let examples = [
        Example(stops: [], text: "anything", rest: "anything", isMatched: false),
        Example(stops: [""], text: "anything", rest: "anything", isMatched: false),
        Example(stops: ["END"], text: "text END more", rest: "text ", isMatched: true),
        Example(stops: ["END"], text: "text EN", rest: "text EN", isMatched: false),
        Example(stops: ["END"], text: "EEND", rest: "E", isMatched: true),
        Example(stops: ["aab"], text: "aaaaab", rest: "aaa", isMatched: true),
        Example(stops: ["abcabd"], text: "abcabcabd", rest: "abc", isMatched: true),
        // Complete first wins, though the other began earlier.
        Example(stops: ["abcdef", "cd"], text: "abcdef", rest: "ab", isMatched: true),
        // Complete together: the longest.
        Example(stops: ["d", "bcd"], text: "abcd", rest: "a", isMatched: true),
        Example(stops: ["\n\n", "User:"], text: "hi\nUser: x", rest: "hi\n", isMatched: true),
        Example(stops: ["港口"], text: "港湾港口港", rest: "港湾", isMatched: true),
        Example(stops: ["😀"], text: "😁😃", rest: "😁😃", isMatched: false),
        Example(stops: ["x"], text: "x", rest: "", isMatched: true),
    ]

    @Test(
        "The text ends before a stop string, however it is cut", arguments: examples,
        [1, 2, 3, 100])
    func cutting(example: Example, size: Int) {
        var matcher = StopStringMatcher(example.stops)
        var text = ""
        var rest = Array(example.text)
        while !rest.isEmpty {
            let result = matcher.append(String(rest.prefix(size)))
            rest.removeFirst(min(size, rest.count))
            text += result.text
            #expect(result.isMatched == matcher.isMatched)
            if result.isMatched { break }
        }
        text += matcher.finish()
        #expect(text == example.rest)
        #expect(matcher.isMatched == example.isMatched)
        // What was cut off is a stop string, which the text goes on with.
        if let match = matcher.match {
            #expect(example.stops.contains(match))
            #expect(example.text.hasPrefix(example.rest + match))
        }
    }

    @Test("Text is held back only while it may become a stop string")
    func holdsBack() {
        var matcher = StopStringMatcher(["END", "ENTER"])
        let results = ["a", "E", "N", "x", "EN", "TE", "D", "END", "b"].map {
            matcher.append($0).text
        }
        #expect(results == ["a", "", "", "ENx", "", "", "ENTED", "", ""])
        #expect(matcher.isMatched)
        #expect(matcher.finish().isEmpty)
    }
}
