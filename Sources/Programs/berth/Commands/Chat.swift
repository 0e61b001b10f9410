import ArgumentParser
import ChatEngine
import CompletionAPI
import Foundation

struct Chat: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Talk to a model in the terminal.",
        discussion: """
            /new starts over, /bye (or Ctrl-D) leaves, Ctrl-C while the model answers stops the answer.
            """)

    @Argument(help: "A GGUF file, a model of the store, or the embedded model.")
    var model: ModelReference = .embedded

    @Option(help: "Instructions that come before the conversation.")
    var system: String?

    @OptionGroup var sampling: SamplingArguments
    @OptionGroup var engine: EngineOptions
    @OptionGroup var weightCache: WeightCacheOptions

    @concurrent
    func run() async throws {
        let loaded = try model.load(engine, weightCache)
        guard loaded.format != nil else {
            throw CommandError(
                """
                \(model.name) has no chat template, so it cannot chat; \
                try: berth run \(model.argument) "some text to continue"
                """)
        }
        let backend = LocalBackend(models: [loaded])
        let opening = system.map { [ChatMessage(role: "system", content: $0)] } ?? []
        let isTerminal = isatty(STDIN_FILENO) == 1
        if isTerminal {
            StandardError.write("\(loaded.description.summary)\n/new starts over, /bye leaves\n")
        }

        var messages = opening
        while true {
            if isTerminal { StandardError.write("\n> ") }
            guard let line = readLine(strippingNewline: true) else { break }
            let text = line.trimmingCharacters(in: .whitespacesAndNewlines)
            if text.isEmpty { continue }
            if text == "/bye" { break }
            if text == "/new" {
                messages = opening
                continue
            }
            messages.append(ChatMessage(role: "user", content: text))
            do {
                messages.append(try await answer(messages, from: backend))
            } catch let error as CompletionError
                where error.code == .contextLengthExceeded || error.code == .invalidRequest
            {
                messages.removeLast()
                StandardError.write("\(error)\n")
            }
        }
    }

    /// Prints an answer as it comes, thoughts dimmed; Ctrl-C ends it early.
    private func answer(_ messages: [ChatMessage], from backend: LocalBackend) async throws
        -> ChatMessage
    {
        let request = CompletionRequest(
            model: model.name, prompt: .chat(Conversation(messages: messages)),
            sampling: SamplingOptions(sampling), maximumTokens: sampling.maxTokens)
        let task = Task {
            var answer = ""
            var thoughts = Thoughts(descriptor: STDOUT_FILENO) { try StandardOutput.write($0) }
            for try await event in try await backend.complete(request) {
                switch event {
                case .text(let text, _):
                    answer += text
                    try thoughts.close()
                    try StandardOutput.write(text)
                case .reasoning(let text):
                    try thoughts.add(text)
                case .started, .prompt, .toolCall, .toolArguments, .finished: break
                }
            }
            try thoughts.close()
            try StandardOutput.write("\n")
            return ChatMessage(
                role: "assistant", content: answer,
                reasoning: thoughts.text.isEmpty ? nil : thoughts.text)
        }
        signal(SIGINT, SIG_IGN)
        let interrupt = DispatchSource.makeSignalSource(signal: SIGINT)
        interrupt.setEventHandler { task.cancel() }
        interrupt.resume()
        defer {
            interrupt.cancel()
            signal(SIGINT, SIG_DFL)
        }
        return try await task.value
    }
}
