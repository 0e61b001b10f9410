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

        mutating func admitted() -> TokenMask? {
            var mask = TokenMask(vocabulary: tokenizer.count)
            for token in 0..<tokenizer.count {
                let bytes = tokenizer.bytes(of: token)
                if !bytes.isEmpty, rest.starts(with: bytes) { mask.insert(token) }
            }
            return mask
        }

        mutating func accept(_ token: Int) -> Bool { accept(tokenizer.bytes(of: token)) }

        mutating func accept(_ bytes: [UInt8]) -> Bool {
            guard rest.starts(with: bytes) else { return false }
            rest.removeFirst(bytes.count)
            return true
        }

        mutating func isComplete() -> Bool { rest.isEmpty }

        mutating func forced() -> [Int] { [] }
    }

    private static let arguments = #"{"at": "noon"}"#
    private static let thinking = """
        {% for message in messages %}{{ message.content }}{% endfor %}{{ tools | tojson if tools }}\
        {% if add_generation_prompt %}assistant:{% endif %}{# <think></think><tool_call> #}
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
        several: Bool = true
    ) throws -> AnswerConstraint? {
        let tokenizer = try DefaultModel.model.get().tokenizer
        let request = CompletionRequest(
            model: "", prompt: .text(""), toolChoice: choice, callsToolsInParallel: several,
            reasoning: ReasoningOptions(budget: budget))
        let rules = try AnswerRules(
            format: ChatFormat(source: Self.thinking, name: "t"),
            tools: ToolSet(tools(isStrict: isStrict)), request: request, prompt: prompt,
            tokenizer: tokenizer
        ) { _ in Fixed(rest: Array(Self.arguments.utf8), tokenizer: tokenizer) }
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

    @Test("Free answers have no constraint at all")
    func free() throws {
        #expect(try constraint(.auto) == nil)
        #expect(try constraint(.none, isStrict: true) == nil)
    }
}
