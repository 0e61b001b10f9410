import ArgumentParser
import ChatEngine
import CompletionAPI
import Foundation
import StructuredJSON

struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Answer one prompt.",
        discussion: """
            A model with a chat template is asked as a chat; a base model continues the prompt. With --json one \
            object with the answer, what was thought before it, the token counts and the times is printed.
            """)

    @Argument(help: "A GGUF file, a model of the store, or the embedded model.")
    var model: ModelReference

    @Argument(help: "What to answer or continue.")
    var prompt: String

    @Flag(help: "Print one JSON object instead of text.")
    var json = false

    @Option(
        help: ArgumentHelp(
            "A LoRA adapter of the model: a GGUF file, or a folder as PEFT saves it.",
            valueName: "PATH"))
    var adapter: String?

    @OptionGroup var sampling: SamplingArguments
    @OptionGroup var engine: EngineOptions
    @OptionGroup var weightCache: WeightCacheOptions

    @concurrent
    func run() async throws {
        let loaded = try model.load(engine, weightCache)
        let backend = LocalBackend(models: [loaded])
        var name = loaded.description.name
        if let adapter {
            name = "adapter of \(name)"
            _ = try await backend.addAdapter(name, at: adapter, to: nil)
        }
        let request = CompletionRequest(
            model: name,
            prompt: loaded.format == nil
                ? .text(prompt)
                : .chat(Conversation(messages: [ChatMessage(role: "user", content: prompt)])),
            sampling: SamplingOptions(sampling), maximumTokens: sampling.maxTokens)
        var answer = Answer()
        var thoughts = Thoughts(descriptor: STDERR_FILENO) { StandardError.write($0) }
        for try await event in try await backend.complete(request) {
            answer.add(event)
            switch event {
            case .started, .prompt, .toolCall, .toolArguments: break
            case .reasoning(let text):
                if !json { try thoughts.add(text) }
            case .text(let text, _):
                try thoughts.close()
                if !json { try StandardOutput.write(text) }
            case .finished(let reason, let usage):
                try thoughts.close()
                try StandardOutput.write(
                    json ? summary(answer, reason, usage).serialized() + "\n" : "\n")
            }
        }
    }

    private func summary(_ answer: Answer, _ reason: FinishReason, _ usage: Usage) -> JSONValue {
        var summary: JSONObject = [
            "model": .string(model.name), "text": .string(answer.text),
            "finish_reason": .string(reason.rawValue),
        ]
        if !answer.reasoning.isEmpty {
            summary["reasoning"] = .string(answer.reasoning)
            summary["reasoning_tokens"] = .integer(usage.reasoningTokens)
        }
        if !answer.calls.isEmpty {
            summary["tool_calls"] = .array(
                answer.calls.map { call in
                    [
                        "id": .string(call.id), "name": .string(call.name),
                        "arguments": .string(call.arguments),
                    ]
                })
        }
        summary["prompt_tokens"] = .integer(usage.promptTokens)
        summary["completion_tokens"] = .integer(usage.completionTokens)
        summary["prefill_seconds"] = .number(usage.prefillSeconds)
        summary["decode_seconds"] = .number(usage.decodeSeconds)
        return .object(summary)
    }
}

/// An answer's parts, put together.
private struct Answer {
    var text = ""
    var reasoning = ""
    var calls: [ToolCall] = []

    mutating func add(_ event: CompletionEvent) {
        switch event {
        case .text(let more, _): text += more
        case .reasoning(let more): reasoning += more
        case .toolCall(_, let id, let name):
            calls.append(ToolCall(id: id, name: name, arguments: ""))
        case .toolArguments(let index, let more):
            if calls.indices.contains(index) { calls[index].arguments += more }
        case .started, .prompt, .finished: break
        }
    }
}

extension SamplingOptions {
    init(_ arguments: SamplingArguments) {
        self.init(
            temperature: arguments.temperature, topK: arguments.topK, topP: arguments.topP,
            minP: arguments.minP, seed: arguments.seed)
    }
}
