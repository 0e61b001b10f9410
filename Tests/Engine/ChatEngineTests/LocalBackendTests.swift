import CDefaultModel
import ChatEngine
import Checkpoints
import CompletionAPI
import StructuredJSON
import Testing

/// The embedded model, loaded once for all tests of this file.
enum DefaultModel {
    static let name = "berth-harbour"

    static let model: Result<LoadedModel, any Error> = Result {
        let file = try unsafe Checkpoint.open(
            staticBytes: UnsafeRawBufferPointer(
                start: berth_default_model, count: berth_default_model_size), name: name)
        return try LoadedModel(name: name, file: file, options: LoadedModel.Options(threads: 2))
    }

    static let backend = model.map { LocalBackend(models: [$0]) }
}

struct Answer: Equatable {
    var text = ""
    var pieces = 0
    var reason: FinishReason?
    var usage: Usage?
}

@Suite("The local backend answers requests", .serialized)
struct LocalBackendTests {
    private func answer(_ request: CompletionRequest) async throws -> Answer {
        var answer = Answer()
        for try await event in try await DefaultModel.backend.get().complete(request) {
            switch event {
            case .started(let tokens): #expect(tokens > 0 && answer.text.isEmpty)
            case .text(let text, _):
                #expect(!text.isEmpty)
                answer.text += text
                answer.pieces += 1
            case .prompt, .reasoning, .toolCall, .toolArguments: Issue.record("nobody asked for it")
            case .finished(let reason, let usage):
                answer.reason = reason
                answer.usage = usage
            }
        }
        return answer
    }

    private func chat(
        _ question: String, temperature: Double = 0, seed: UInt64? = nil, limit: Int? = 60,
        stop: [String] = []
    ) -> CompletionRequest {
        CompletionRequest(
            model: DefaultModel.name,
            prompt: .chat(Conversation(messages: [ChatMessage(role: "user", content: question)])),
            sampling: SamplingOptions(temperature: temperature, seed: seed), maximumTokens: limit,
            stopStrings: stop)
    }

    @Test("A greedy answer streams in pieces, ends its turn and counts its tokens")
    func greedy() async throws {
        let answer = try await answer(chat("Hello! Who are you?", limit: 200))
        #expect(answer.text.count > 10)
        #expect(answer.pieces > 1)
        #expect(answer.reason == .stop)
        let usage = try #require(answer.usage)
        #expect(usage.promptTokens > 0 && usage.completionTokens > 0)
        #expect(usage.prefillSeconds > 0)
    }

    @Test("The same seed gives the same text, another seed another one")
    func seeds() async throws {
        let request = { (seed: UInt64) in
            chat("Tell me about the harbour.", temperature: 1.5, seed: seed, limit: 40)
        }
        let (first, again) = (try await answer(request(1)), try await answer(request(1)))
        #expect(first.text == again.text)
        var others: Set<String> = []
        for seed in UInt64(2)...5 { others.insert(try await answer(request(seed)).text) }
        #expect(others.subtracting([first.text]).isEmpty == false)
    }

    @Test("An answer is the same alone and in the company of others")
    func companions() async throws {
        let questions = (0..<6).map { "Which berth suits a ship of \(80 + 10 * $0) metres?" }
        var alone: [String] = []
        for question in questions { alone.append(try await answer(chat(question)).text) }
        let together = try await withThrowingTaskGroup(of: (Int, String).self) { group in
            for (index, question) in questions.enumerated() {
                group.addTask { (index, try await self.answer(self.chat(question)).text) }
            }
            return try await group.reduce(into: [String](repeating: "", count: questions.count)) {
                $0[$1.0] = $1.1
            }
        }
        #expect(together == alone)
    }

    @Test("The token limit ends an answer with reason length")
    func limit() async throws {
        let answer = try await answer(chat("Hello! Who are you?", limit: 3))
        #expect(answer.reason == .length)
        #expect(answer.usage?.completionTokens == 3)
    }

    @Test("A stop string ends the answer before it, wherever token borders fall")
    func stopString() async throws {
        let whole = try await answer(chat("Hello! Who are you?", limit: 200)).text
        let middle = whole.index(whole.startIndex, offsetBy: whole.count / 2)
        let end = whole.index(middle, offsetBy: 5)
        let stop = String(whole[middle..<end])
        let cut = try await answer(chat("Hello! Who are you?", limit: 200, stop: [stop]))
        let expected = try #require(whole.firstRange(of: stop))
        #expect(cut.text == String(whole[..<expected.lowerBound]))
        #expect(cut.reason == .stop)
    }

    @Test(
        "A model whose template knows no tools calls the one that it must call"
    )
    func namedTool() async throws {
        let schema: JSONValue = [
            "type": "object", "additionalProperties": false, "required": ["ship", "quay"],
            "properties": ["ship": ["enum": ["Möwe", "Kiel"]], "quay": ["enum": [1, 2]]],
        ]
        let tool: JSONValue = [
            "type": "function", "function": ["name": "berth_of", "parameters": schema],
        ]
        var request = chat("", limit: 120)
        request.prompt = .chat(
            Conversation(
                messages: [ChatMessage(role: "user", content: "Where is the Möwe?")], tools: [tool])
        )
        request.toolChoice = .named("berth_of")
        request.callsToolsInParallel = false
        var names: [String] = []
        var arguments = ""
        for try await event in try await DefaultModel.backend.get().complete(request) {
            switch event {
            case .toolCall(let index, let id, let name):
                #expect(index == names.count && id.hasPrefix("call_"))
                names.append(name)
            case .toolArguments(_, let text): arguments += text
            case .started, .prompt, .text, .reasoning, .finished: break
            }
        }
        #expect(names == ["berth_of"])
        let value = try JSONValue(parsing: Array(arguments.utf8))
        #expect(["Möwe", "Kiel"].contains(value["ship"]?.string ?? ""), "\(arguments)")
        #expect([1, 2].contains(value["quay"]?.double), "\(arguments)")
        #expect(value.object?.count == 2)
        request.toolChoice = .named("tide")
        await #expect(throws: CompletionError.self) {
            _ = try await DefaultModel.backend.get().complete(request)
        }
    }

    @Test("An answer is held to its form")
    func form() async throws {
        var request = chat("Hello! Who are you?", limit: 60)
        request.form = .choice(["port", "starboard"])
        let answer = try await answer(request)
        #expect(["port", "starboard"].contains(answer.text))
        request.form = .jsonSchema(["type": "integer", "minimum": 7, "maximum": 9])
        #expect([7, 8, 9].contains(Int(try await self.answer(request).text)))
    }

    @Test("Dropping the stream frees the engine for good")
    func dropping() async throws {
        let backend = try DefaultModel.backend.get()
        let before = await backend.statistics().completionTokens
        do {
            let request = CompletionRequest(
                model: DefaultModel.name, prompt: .text("The"),
                sampling: SamplingOptions(temperature: 1, logitBias: [:], seed: 1),
                maximumTokens: 1000)
            var stream = try await backend.complete(request).makeAsyncIterator()
            for _ in 0..<3 { _ = try await stream.next() }
        }
        for _ in 0..<500 where await backend.statistics().running > 0 {
            try await Task.sleep(for: .milliseconds(10))
        }
        let after = await backend.statistics()
        #expect(after.running == 0)
        #expect(after.cacheBytesUsed == 0)
        #expect(after.completionTokens - before < 900)
    }

    @Test("Wrong requests are refused in words, before any work")
    func refusals() async throws {
        let limit = try await DefaultModel.backend.get().models()[0].contextLength
        let cases: [(CompletionRequest, CompletionError.Code, String?)] = [
            (CompletionRequest(model: "gpt-9", prompt: .text("x")), .modelNotFound, "model"),
            (
                CompletionRequest(model: DefaultModel.name, prompt: .tokens([])), .invalidRequest,
                "prompt"
            ),
            (
                CompletionRequest(model: DefaultModel.name, prompt: .tokens([1 << 30])),
                .invalidRequest,
                "prompt"
            ),
            (
                CompletionRequest(
                    model: DefaultModel.name, prompt: .tokens(Array(repeating: 1, count: limit))),
                .contextLengthExceeded, "prompt"
            ),
            (
                chat(String(repeating: "er", count: 1 << 22)), .contextLengthExceeded, "messages"
            ),
            (chat("hi", temperature: -3), .invalidRequest, "temperature"),
            (
                CompletionRequest(
                    model: DefaultModel.name, prompt: .text("x"),
                    sampling: SamplingOptions(logitBias: [3: 1, 1 << 40: 1])),
                .invalidRequest, "logit_bias.\(1 << 40)"
            ),
        ]
        for (request, code, field) in cases {
            await #expect {
                _ = try await answer(request)
            } throws: { error in
                let error = error as? CompletionError
                return error?.code == code && error?.field == field
            }
        }
    }
}
