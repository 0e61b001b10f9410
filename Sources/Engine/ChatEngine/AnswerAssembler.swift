import CompletionAPI
import Inference
import Sampling
import Tokenizers

/// Turns token events into the events a client sees: a pure state machine.
///
/// Holds back bytes that are half a Unicode scalar and text that may become a stop string.
struct AnswerAssembler {
    private let tokenizer: Tokenizer
    private var decoder: StreamingDecoder
    private var matcher: StopStringMatcher
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
        tokenizer: Tokenizer, stopStrings: [String], prompt: [Int], reportsPrompt: Bool = false,
        continuesText: Bool
    ) {
        self.tokenizer = tokenizer
        decoder = StreamingDecoder(tokenizer, continuesText: continuesText)
        matcher = StopStringMatcher(stopStrings)
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
            return takePrompt() + text(matcher.append(decoder.append(token)))
        case .finished(let end, let summary):
            note(summary)
            switch end {
            case .shutDown: throw CompletionError.shuttingDown
            case .brokenModel: throw CompletionError.brokenModel
            case .deadline: throw CompletionError.deadlineExceeded
            case .endToken, .limit: break
            }
            return takePrompt() + finish(end == .endToken ? .stop : .length)
        }
    }

    private mutating func finish(_ reason: FinishReason) -> [CompletionEvent] {
        var events = text(matcher.append(decoder.finish()))
        guard !isDone else { return events }
        let rest = matcher.finish()
        if !rest.isEmpty || !reports.isEmpty {
            events.append(.text(rest, tokens: takeReports()))
        }
        isDone = true
        events.append(.finished(reason, usage))
        return events
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

    private mutating func text(_ result: StopStringMatcher.Result) -> [CompletionEvent] {
        var events: [CompletionEvent] =
            result.text.isEmpty ? [] : [.text(result.text, tokens: takeReports())]
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
