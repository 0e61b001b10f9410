import CompletionAPI
import Inference
import Sampling
import Tokenizers

/// Turns the engine's events into those that a client sees: a pure state machine.
///
/// Tokens are reported with the text that they made; those of thoughts and calls are not.
struct AnswerAssembler {
    private let tokenizer: Tokenizer
    private var reader: AnswerReader
    private var usage: Usage
    /// The prompt's tokens so far, to be reported as one.
    private var promptReports: [TokenReport]
    private var owesPrompt: Bool
    /// What the next text was made of.
    private var reports: [TokenReport] = []
    /// Whether `finished` was reported; nothing more will come, and the generation can be dropped.
    private(set) var isDone = false

    /// Starts an answer; where it `continuesText` of the prompt, a space at its start counts.
    init(
        tokenizer: Tokenizer, reading: AnswerReading? = nil, stopStrings: [String], prompt: [Int],
        reportsPrompt: Bool = false, continuesText: Bool
    ) {
        self.tokenizer = tokenizer
        reader = AnswerReader(
            tokenizer: tokenizer, reading: reading, stopStrings: stopStrings,
            continuesText: continuesText)
        usage = Usage(promptTokens: prompt.count, completionTokens: 0)
        owesPrompt = reportsPrompt
        promptReports = prompt.prefix(1).map { token in
            TokenReport(
                chosen: TokenReport.Candidate(
                    token: token, bytes: tokenizer.bytes(of: token), logProbability: nil))
        }
    }

    mutating func consume(_ event: GenerationEvent) throws(CompletionError) -> [CompletionEvent] {
        switch event {
        case .prompt(let probabilities):
            promptReports += probabilities.map(report)
            return []
        case .token(let token, let probability, let summary):
            usage.completionTokens += 1
            note(summary)
            if let probability { reports.append(report(probability)) }
            let result = reader.append(token)
            if result.isReasoning { usage.reasoningTokens += 1 }
            return takePrompt() + events(of: result)
        case .finished(let end, let summary):
            note(summary)
            switch end {
            case .shutDown: throw CompletionError.shuttingDown
            case .brokenModel: throw CompletionError.brokenModel
            case .deadline: throw CompletionError.deadlineExceeded
            case .failed(let reason):
                throw CompletionError(code: .invalidRequest, message: reason)
            case .endToken, .limit: break
            }
            return takePrompt() + finish(end == .endToken ? .stop : .length)
        }
    }

    private mutating func finish(_ reason: FinishReason) -> [CompletionEvent] {
        var result = reader.finish()
        let hasText = result.events.contains { $0.isText }
        if !hasText, !reports.isEmpty { result.events.append(.text("")) }
        if result.end == nil {
            result.end = reason == .stop && reader.hasCalls ? .toolCalls : reason
        }
        return events(of: result)
    }

    private mutating func note(_ summary: GenerationSummary) {
        usage.cachedTokens = summary.cachedTokens
        usage.prefillSeconds = summary.prefill
        usage.decodeSeconds = summary.decode
    }

    private mutating func takePrompt() -> [CompletionEvent] {
        guard owesPrompt else { return [] }
        owesPrompt = false
        return [.prompt(promptReports)]
    }

    private mutating func takeReports() -> [TokenReport] {
        defer { reports = [] }
        return reports
    }

    private func report(_ probabilities: LogProbabilities) -> TokenReport {
        TokenReport(
            chosen: candidate(probabilities.chosen), top: probabilities.top.map(candidate))
    }

    private func candidate(_ entry: LogProbabilities.Entry) -> TokenReport.Candidate {
        TokenReport.Candidate(
            token: entry.token, bytes: tokenizer.bytes(of: entry.token),
            logProbability: Double(entry.logProbability))
    }

    private mutating func events(of result: AnswerReader.Result) -> [CompletionEvent] {
        var events: [CompletionEvent] = result.events.map { event in
            guard case .text(let text, _) = event else { return event }
            return .text(text, tokens: takeReports())
        }
        let isOther = result.isReasoning || !result.events.isEmpty
        if isOther { reports = [] }
        if let end = result.end {
            isDone = true
            usage.matchedStop = result.matchedStop
            events.append(.finished(end, usage))
        }
        return events
    }
}

extension CompletionEvent {
    fileprivate var isText: Bool {
        if case .text = self { true } else { false }
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
