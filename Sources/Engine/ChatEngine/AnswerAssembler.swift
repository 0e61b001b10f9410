import CompletionAPI
import Inference
import Tokenizers

/// Turns token events into the events a client sees: a pure state machine.
///
/// Holds back bytes that are half a Unicode scalar and text that may become a stop string.
struct AnswerAssembler {
    private var decoder: StreamingDecoder
    private var matcher: StopStringMatcher
    private var usage: Usage
    /// Whether `finished` was reported; nothing more will come, and the generation can be dropped.
    private(set) var isDone = false

    /// Starts an answer; where it `continuesText` of the prompt, a space at its start counts.
    init(
        tokenizer: Tokenizer, stopStrings: [String], promptTokens: Int, continuesText: Bool
    ) {
        decoder = StreamingDecoder(tokenizer, continuesText: continuesText)
        matcher = StopStringMatcher(stopStrings)
        usage = Usage(promptTokens: promptTokens, completionTokens: 0)
    }

    mutating func consume(_ event: GenerationEvent) throws(CompletionError) -> [CompletionEvent] {
        switch event {
        case .token(let token, let times):
            usage.completionTokens += 1
            usage.prefillSeconds = times.prefill
            usage.decodeSeconds = times.decode
            return text(matcher.append(decoder.append(token)))
        case .finished(let end, _):
            switch end {
            case .shutDown:
                throw CompletionError.shuttingDown
            case .brokenModel:
                throw CompletionError.brokenModel
            case .endToken, .limit: break
            }
            var events = text(matcher.append(decoder.finish()))
            guard !isDone else { return events }
            let rest = matcher.finish()
            if !rest.isEmpty {
                events.append(.text(rest))
            }
            isDone = true
            events.append(.finished(end == .endToken ? .stop : .length, usage))
            return events
        }
    }

    private mutating func text(_ result: StopStringMatcher.Result) -> [CompletionEvent] {
        var events: [CompletionEvent] = result.text.isEmpty ? [] : [.text(result.text)]
        if result.isMatched {
            isDone = true
            events.append(.finished(.stop, usage))
        }
        return events
    }
}

extension CompletionError {
    /// Weights are damaged, and no answer made of them would be one.
    static let brokenModel = CompletionError(
        code: .engineFailure,
        message: """
            the model computed no finite number; its file is probably damaged: compare its checksum with the \
            publisher's, or download it again
            """)
}
