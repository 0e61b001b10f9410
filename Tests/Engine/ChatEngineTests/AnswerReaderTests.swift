import ChatEngine
import ChatFormats
import CompletionAPI
import StructuredJSON
import Testing
import Tokenizers

@Suite("Tokens become events: thoughts, text, calls")
struct AnswerReaderTests {
    private static let tools = ToolSet([["type": "function", "function": ["name": "tide"]]])
    private static let think = ReasoningStyle.markers(open: "<think>", close: "</think>")

    /// What comes of an answer's tokens, neighbours joined.
    private struct Told: Equatable {
        var reasoning = ""
        var text = ""
        var calls: [[String]] = []
        var ids: [String] = []
        var end: FinishReason?
        var reasoningTokens = 0

        mutating func add(_ result: AnswerReader.Result) {
            for event in result.events {
                switch event {
                case .text(let more, _): text += more
                case .reasoning(let more): reasoning += more
                case .toolCall(let index, let id, let name):
                    #expect(index == calls.count)
                    calls.append([name, ""])
                    ids.append(id)
                case .toolArguments(let index, let more):
                    #expect(index == calls.count - 1)
                    calls[index][1] += more
                case .started, .prompt, .finished: Issue.record("a reader tells of none of these")
                }
            }
            end = result.end
            reasoningTokens += result.isReasoning ? 1 : 0
        }
    }

    private func told(
        _ answer: String, stop: [String] = [], prompt: String = "", several: Bool = true,
        ids: CallIDStyle = .openAI
    ) async throws -> Told {
        let tokenizer = try DefaultModel.model.get().tokenizer
        let reading = AnswerReading(
            calls: .hermes, tools: Self.tools, reasoning: Self.think, prompt: prompt, ids: ids,
            takesSeveralCalls: several, tokenizer: tokenizer)
        var reader = AnswerReader(
            tokenizer: tokenizer, reading: reading, stopStrings: stop, continuesText: true)
        var told = Told()
        for token in tokenizer.encode(answer, addSpecial: false, parseSpecial: true) {
            told.add(reader.append(token))
            if told.end != nil { return told }
        }
        told.add(reader.finish())
        return told
    }

    private static let call =
        #"<tool_call>{"name": "tide", "arguments": {"at": "noon"}}</tool_call>"#

    @Test("A thought, text, two calls and more text come as what they are")
    func all() async throws {
        let told = try await told("<think>Hm, 潮.</think>\nYes. \(Self.call)\n\(Self.call) Done.")
        #expect(told.reasoning == "Hm, 潮.")
        #expect(told.text == "Yes. Done.")
        #expect(told.calls == [["tide", #"{"at": "noon"}"#], ["tide", #"{"at": "noon"}"#]])
        #expect(Set(told.ids).count == 2)
        #expect(told.ids.allSatisfy { $0.hasPrefix("call_") && $0.count == 29 })
        #expect(told.reasoningTokens > 2)
        #expect(told.end == nil)
    }

    @Test("Stop strings end the visible answer, and mean nothing in thoughts and calls")
    func stopStrings() async throws {
        let told = try await told(
            "<think>noon STOP</think>\(Self.call)At noon STOP then", stop: ["noon", "STOP"])
        #expect(told.reasoning == "noon STOP")
        #expect(told.calls.count == 1)
        #expect(told.text == "At ")
        #expect(told.end == .stop)
    }

    @Test("Text that may become a stop string is told before a call begins")
    func heldText() async throws {
        let told = try await told("Look: ST\(Self.call)", stop: ["STOP"])
        #expect(told.text == "Look: ST" && told.calls.count == 1)
    }

    @Test("Where calls come one at a time, the answer ends with the first")
    func single() async throws {
        let told = try await told("\(Self.call)\(Self.call)", several: false)
        #expect(told.calls.count == 1)
        #expect(told.end == .toolCalls)
    }

    @Test("A thought that the prompt has opened needs no marker, and ids can be short")
    func opened() async throws {
        let told = try await told(
            "Hm.\n</think>\n\n\(Self.call)", prompt: "<think>\n", ids: .nineCharacters)
        #expect(told.reasoning == "Hm." && told.text.isEmpty)
        #expect(told.ids.first?.count == 9)
    }
}
