import ChatEngine
import ChatFormats
import CompletionAPI
import Sampling
import StructuredJSON
import Testing
import Tokenizers

@Suite("Answers are led through thought, text and calls")
struct AnswerConstraintTests {
    /// Admits the bytes of one text.
    private struct Fixed: ArgumentGrammar {
        var rest: [UInt8]
        let tokenizer: Tokenizer

        /// Fails when so many bytes are left.
        var breaksAt: Int?
        var failure: String? { rest.count == breaksAt ? "outgrown" : nil }

        mutating func admitted() -> TokenMask {
            var mask = TokenMask(vocabulary: tokenizer.count)
            for token in 0..<tokenizer.count where failure == nil {
                let bytes = tokenizer.bytes(of: token)
                if !bytes.isEmpty, rest.starts(with: bytes) { mask.insert(token) }
            }
            return mask
        }

        mutating func accept(_ token: Int) -> Bool { accept(tokenizer.bytes(of: token)) }

        mutating func accept(_ bytes: [UInt8]) -> Bool {
            guard failure == nil, rest.starts(with: bytes) else { return false }
            rest.removeFirst(bytes.count)
            return true
        }

        mutating func isComplete() -> Bool { rest.isEmpty }

        mutating func forced() -> [Int] { [] }
    }

    /// A form of one text.
    private struct FixedForm: TokenConstraint {
        var text: Fixed

        mutating func admitted(remaining: Int) -> TokenMask? {
            var mask = text.admitted()
            if text.isComplete() {
                for token in text.tokenizer.endOfGeneration { mask.insert(token) }
            }
            return mask
        }

        mutating func accept(_ token: Int) { _ = text.accept(token) }

        mutating func takeForced(remaining: Int) -> [Int] { [] }

        var failure: String? { text.failure }
    }

    private static let arguments = #"{"at": "noon"}"#
    private static let thinking = """
        {% for message in messages %}{{ message.content }}{% endfor %}{{ tools | tojson if tools }}\
        {% if add_generation_prompt %}assistant:{% endif %}{# <think></think><tool_call> #}
        """
    private static let harmony = """
        {% for message in messages %}{{ message.content }}{% endfor %}{{ tools | tojson if tools }}\
        {% if add_generation_prompt %}<|start|>assistant{% endif %}{# <|channel|><|message|> #}
        """

    private func tools(isStrict: Bool) -> [JSONValue] {
        ["tide", "tide_table"].map { name in
            [
                "type": "function",
                "function": ["name": .string(name), "strict": .bool(isStrict)],
            ]
        }
    }

    private func constraint(
        _ choice: ToolChoice, isStrict: Bool = false, budget: Int? = nil,
        prompt: String = "assistant:",
        several: Bool = true, template: String = Self.thinking, form: String? = nil,
        arguments: String = Self.arguments, breaksAt: Int? = nil
    ) throws -> AnswerConstraint? {
        let tokenizer = try DefaultModel.model.get().tokenizer
        let request = CompletionRequest(
            model: "", prompt: .text(""), toolChoice: choice, callsToolsInParallel: several,
            reasoning: ReasoningOptions(budget: budget))
        let rules = try AnswerRules(
            format: ChatFormat(source: template, name: "t"),
            tools: ToolSet(tools(isStrict: isStrict)), request: request, prompt: prompt,
            tokenizer: tokenizer,
            form: form.map {
                FixedForm(
                    text: Fixed(
                        rest: Array($0.utf8), tokenizer: tokenizer, breaksAt: breaksAt))
            }
        ) { _ in
            Fixed(rest: Array(arguments.utf8), tokenizer: tokenizer, breaksAt: breaksAt)
        }
        return rules.map { AnswerConstraint($0) }
    }

    /// An answer of a model that would write `wish`, and writes what it must; a `|` in the result ends what was forced.
    private func answer(_ wish: String, _ constraint: AnswerConstraint?) throws -> String {
        var constraint = try #require(constraint)
        let tokenizer = try DefaultModel.model.get().tokenizer
        let end = try #require(tokenizer.endOfGeneration.min())
        var wishes = tokenizer.encode(wish, addSpecial: false, parseSpecial: true)[...]
        var bytes: [UInt8] = []
        for _ in 0..<300 {
            let forced = constraint.takeForced(remaining: 100)
            for token in forced {
                bytes += tokenizer.bytes(of: token)
                constraint.accept(token)
                if wishes.first == token { wishes = wishes.dropFirst() }
            }
            if !forced.isEmpty { continue }
            let mask = constraint.admitted(remaining: 100)
            if mask?.isEmpty == true {
                return String(decoding: bytes, as: UTF8.self)
                    + (constraint.failure.map { " failed: \($0)" } ?? " ended")
            }
            let wanted = wishes.first ?? end
            var token = wanted
            if let mask, !mask.contains(wanted) {
                token = try #require((0..<tokenizer.count).last(where: mask.contains))
            } else {
                wishes = wishes.dropFirst()
            }
            constraint.accept(token)
            if tokenizer.endOfGeneration.contains(token) {
                return String(decoding: bytes, as: UTF8.self)
            }
            bytes += tokenizer.bytes(of: token)
        }
        return String(decoding: bytes, as: UTF8.self) + "…"
    }

    @Test(
        "A required call comes first, whatever the model would say, and ends when it says no more")
    func required() throws {
        let answer = try answer("", constraint(.required, prompt: "assistant:<think></think>"))
        let isOne = ["tide", "tide_table"].contains { name in
            answer
                == "<tool_call>\n{\"name\": \"\(name)\", \"arguments\": \(Self.arguments)}\n</tool_call>"
        }
        #expect(isOne, "\(answer)")
    }

    @Test("A named call is of that tool")
    func named() throws {
        let answer = try answer("", constraint(.named("tide"), prompt: "assistant:<think></think>"))
        #expect(
            answer
                == "<tool_call>\n{\"name\": \"tide\", \"arguments\": \(Self.arguments)}\n</tool_call>"
        )
    }

    @Test("A thought may come before a required call, and cannot end the answer")
    func thoughtFirst() throws {
        let answer = try answer("<think>Hm.</think>", constraint(.named("tide")))
        #expect(
            answer
                == "<think>Hm.</think><tool_call>\n{\"name\": \"tide\", \"arguments\": \(Self.arguments)}\n</tool_call>"
        )
    }

    @Test("A thought is closed at its budget, and a required call follows")
    func budget() throws {
        let endless = String(repeating: "more ", count: 100)
        let answer = try answer(
            endless, constraint(.named("tide"), budget: 5, prompt: "assistant:<think>\n"))
        #expect(answer.contains("\n</think>\n\n<tool_call>"), "\(answer)")
        let free = try self.answer(endless, constraint(.auto, budget: 5, prompt: "a:<think>\n"))
        #expect(free.contains("</think>"))
        let tokenizer = try DefaultModel.model.get().tokenizer
        let thought = free.prefix(upTo: try #require(free.firstRange(of: "\n</think>")).lowerBound)
        #expect(
            tokenizer.encode(String(thought), addSpecial: false, parseSpecial: true).count <= 6)
    }

    @Test("A strict tool's arguments are held to their schema where the model calls it by itself")
    func strict() throws {
        let answer = try answer(
            "Well. <tool_call>{\"name\": \"tide\", \"arguments\": {\"height\": 1}}</tool_call>",
            constraint(.auto, isStrict: true, prompt: "assistant:<think></think>"))
        #expect(
            answer.hasPrefix(
                "Well. <tool_call>{\"name\": \"tide\", \"arguments\": {\"at\": \"noon\"}"),
            "\(answer)")
    }

    @Test(
        "A form holds from the first token, or after a thought where the model begins one",
        arguments: [#"{"a":1}"#, "<b>text</b>", "<thin>"])
    func form(text: String) throws {
        for prompt in ["assistant:", "assistant:<think></think>"] {
            #expect(try answer(text, constraint(.auto, prompt: prompt, form: text)) == text)
        }
        for budget in [nil, 50] {
            let whole = "<think>Hm.</think>\(text)"
            #expect(try answer(whole, constraint(.auto, budget: budget, form: text)) == whole)
        }
        let cut = try answer(
            "<think>" + String(repeating: "more ", count: 50),
            constraint(.auto, budget: 5, form: text))
        #expect(cut.hasSuffix("\n</think>\n\n\(text)"), "\(cut)")
    }

    @Test("In harmony a form holds in the final message, which is begun for it after a thought")
    func harmonyForm() throws {
        let text = "port"
        let head = "<|channel|>final<|message|>"
        func held(_ wish: String, prompt: String = "<|start|>assistant", budget: Int? = nil)
            throws -> String
        {
            try answer(
                wish,
                constraint(
                    .auto, budget: budget, prompt: prompt, template: Self.harmony, form: text))
        }
        let thought = "<|channel|>analysis<|message|>Hm."
        #expect(try held(head + text) == head + text)
        #expect(
            try held("\(thought)<|end|>") == "\(thought)<|end|><|start|>assistant\(head)\(text)")
        #expect(try held(text, prompt: "<|start|>assistant\(head)") == text)
        let closed = "<|start|>assistant<|channel|>analysis<|message|><|end|><|start|>assistant"
        #expect(try held("", prompt: closed) == head + text)
        let cut = try held(thought + String(repeating: " more", count: 50), budget: 5)
        #expect(cut.hasSuffix("<|end|><|start|>assistant\(head)\(text)"), "\(cut)")
    }

    @Test("A form that cannot be held to any longer fails the answer")
    func brokenForm() throws {
        let answer = try answer("port", constraint(.auto, form: "port", breaksAt: 4))
        #expect(answer == " failed: outgrown")
    }

    @Test("So do arguments that cannot, or that the model began with what does not fit")
    func brokenArguments() throws {
        let prompt = "assistant:<think></think>"
        let half = try answer("", constraint(.named("tide"), prompt: prompt, breaksAt: 10))
        #expect(half.hasSuffix(" failed: outgrown"), "\(half)")
        let call = "<tool_call>{\"name\": \"tide\", \"arguments\": {\"at\": \"noon\"}}</tool_call>"
        let refused = try answer(
            call, constraint(.auto, isStrict: true, prompt: prompt, arguments: "["))
        #expect(refused.contains(" failed: ") && refused.contains("\"tide\""), "\(refused)")
    }

    @Test("Arguments that are complete with the token that begins them do not end the answer")
    func completeAtOnce() throws {
        let wish = "<tool_call>{\"name\": \"tide\", \"arguments\": {}}</tool_call> Bye."
        let answer = try answer(
            wish,
            constraint(
                .auto, isStrict: true, prompt: "assistant:<think></think>", arguments: "{"))
        #expect(answer == wish)
    }

    @Test("Arguments between tags are not held to a grammar of JSON")
    func tagged() throws {
        let template = Self.thinking.replacing("<tool_call>", with: "<function=<parameter=")
        #expect(
            try constraint(
                .auto, isStrict: true, prompt: "assistant:<think></think>", template: template)
                == nil)
    }

    @Test("Free answers have no constraint at all")
    func free() throws {
        #expect(try constraint(.auto) == nil)
        #expect(try constraint(.none, isStrict: true) == nil)
    }
}
