import ArgumentParser
import ChatEngine
import CompletionAPI
import StructuredJSON

struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Answer one prompt.",
        discussion: """
            A model with a chat template is asked as a chat; a base model continues the prompt. With --json one \
            object with the answer, the token counts and the times is printed.
            """)

    @Argument(help: "A GGUF file, a model of the store, or the embedded model.")
    var model: ModelReference

    @Argument(help: "What to answer or continue.")
    var prompt: String

    @Flag(help: "Print one JSON object instead of text.")
    var json = false

    @OptionGroup var sampling: SamplingArguments
    @OptionGroup var engine: EngineOptions
    @OptionGroup var weightCache: WeightCacheOptions

    @concurrent
    func run() async throws {
        let loaded = try model.load(engine, weightCache)
        let request = CompletionRequest(
            model: loaded.description.name,
            prompt: loaded.template == nil
                ? .text(prompt)
                : .chat(Conversation(messages: [ChatMessage(role: "user", content: prompt)])),
            sampling: SamplingOptions(sampling), maximumTokens: sampling.maxTokens)
        let backend = LocalBackend(models: [loaded])
        var answer = ""
        for try await event in try await backend.complete(request) {
            switch event {
            case .started, .prompt, .reasoning, .toolCall, .toolArguments: break
            case .text(let text, _):
                answer += text
                if !json { try StandardOutput.write(text) }
            case .finished(let reason, let usage):
                try StandardOutput.write(
                    json ? summary(answer, reason, usage).serialized() + "\n" : "\n")
            }
        }
    }

    private func summary(_ answer: String, _ reason: FinishReason, _ usage: Usage) -> JSONValue {
        .object([
            "model": .string(model.name),
            "text": .string(answer),
            "finish_reason": .string(reason.rawValue),
            "prompt_tokens": .integer(usage.promptTokens),
            "completion_tokens": .integer(usage.completionTokens),
            "prefill_seconds": .number(usage.prefillSeconds),
            "decode_seconds": .number(usage.decodeSeconds),
        ])
    }
}

extension SamplingOptions {
    init(_ arguments: SamplingArguments) {
        self.init(
            temperature: arguments.temperature, topK: arguments.topK, topP: arguments.topP,
            minP: arguments.minP, seed: arguments.seed)
    }
}
