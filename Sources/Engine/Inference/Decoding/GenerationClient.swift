import Architectures
import Sampling

/// One answer on the decoding thread: who reads it, how its tokens are chosen, and what it took.
struct GenerationClient {
    let continuation: AsyncStream<GenerationEvent>.Continuation
    let pace: ReaderPace
    /// Kept as long as the answer runs, whoever else forgets it.
    let adapter: Adapter?
    private(set) var summary = GenerationSummary()
    var draftLength: DraftLength
    private var sampler: Sampler
    private var constraint: (any TokenConstraint)?
    private let endTokens: Set<Int>
    private let reports: GenerationRequest.Reports?
    private let prompt: [Int]
    private let maximumCount: Int
    private let submitted: Double
    private var began: Double?
    private var firstToken: Double?
    /// Prompt tokens whose probabilities were reported.
    private var reportedPrompt = 0

    init(_ submission: Mailbox.Submission, longestDraft: Int, at time: Double) {
        let request = submission.request
        continuation = submission.continuation
        pace = submission.pace
        adapter = request.adapter
        sampler = Sampler(request.sampling)
        sampler.notePrompt(request.prompt)
        constraint = request.constraint
        endTokens = request.endTokens
        reports = request.reports
        prompt = request.reports?.includesPrompt == true ? request.prompt : []
        maximumCount = submission.maximumCount
        draftLength = DraftLength(longest: longestDraft)
        submitted = time
    }

    // MARK: Choosing

    /// The tokens that follow a text of `count` tokens, given the logits after its last token and after each of the
    /// draft's; and how likely each was where that is reported.
    ///
    /// `row` hands the logits' row `i` of this text to a function.
    mutating func choose(
        after count: Int, draft: ArraySlice<Int>,
        row: (Int, (Span<Float>) -> Void) -> Void
    ) -> (Scheduler.Choice, [LogProbabilities?]) {
        var choice = Scheduler.Choice([])
        var probabilities: [LogProbabilities?] = []
        guard count < maximumCount else { return (choice, probabilities) }
        for place in 0...draft.count {
            if force(after: count, &choice, &probabilities) { break }
            let remaining = maximumCount - count - choice.tokens.count
            let mask = constraint?.admitted(remaining: remaining)
            if let mask, mask.isEmpty {
                choice.end = constraint?.failure.map(GenerationEnd.failed) ?? .endToken
                break
            }
            var chosen: (Int, LogProbabilities?)?
            row(place) { chosen = draw(from: $0, admitting: mask) }
            guard let (token, probability) = chosen else {
                choice.end = .brokenModel
                break
            }
            accept(token)
            choice.tokens.append(token)
            probabilities.append(probability)
            let isDrafted = place < draft.count && draft[draft.startIndex + place] == token
            if endTokens.contains(token) || force(after: count, &choice, &probabilities)
                || !isDrafted
            {
                // A forced token is appended, not verified, but the drafted one before it was.
                choice.accepted += isDrafted ? 1 : 0
                break
            }
            choice.accepted += 1
        }
        return (choice, probabilities)
    }

    private mutating func accept(_ token: Int) {
        sampler.accept(token)
        constraint?.accept(token)
    }

    /// Appends what must come next.
    ///
    /// - Returns: whether there was something.
    private mutating func force(
        after count: Int, _ choice: inout Scheduler.Choice,
        _ probabilities: inout [LogProbabilities?]
    ) -> Bool {
        guard constraint != nil else { return false }
        let remaining = maximumCount - count - choice.tokens.count
        guard remaining > 0, let forced = constraint?.takeForced(remaining: remaining) else {
            return false
        }
        for token in forced.prefix(remaining) {
            accept(token)
            choice.tokens.append(token)
            probabilities.append(reports == nil ? nil : .certain(token))
        }
        return !forced.isEmpty
    }

    /// The next token; `nil` when no logit of an admitted token is a finite number.
    private mutating func draw(from logits: Span<Float>, admitting mask: TokenMask?)
        -> (Int, LogProbabilities?)?
    {
        // Stops at the first one: of a sound model's logits none is looked at twice.
        guard
            logits.indices.contains(where: { index in
                logits[index].isFinite
                    && (mask.map { index < $0.vocabulary && $0.contains(index) } ?? true)
            })
        else { return nil }
        let token = sampler.sample(logits, admitting: mask)
        // A bias may have ruled out everything that the mask admits.
        guard mask?.contains(token) ?? true else { return nil }
        return (token, reports.map { LogProbabilities(of: token, in: logits, top: $0.top) })
    }

    // MARK: Reporting

    /// Whether the prompt's tokens from a position on still need reporting.
    func reportsPrompt(from position: Int) -> Bool {
        reportedPrompt + 1 < prompt.count && position <= reportedPrompt
    }

    /// Reports the prompt's token after each of some positions, given the logits there.
    mutating func reportPrompt(
        at positions: Range<Int>, row: (Int, (Span<Float>) -> Void) -> Void
    ) {
        guard let reports else { return }
        var found: [LogProbabilities] = []
        for position in positions where position == reportedPrompt && position + 1 < prompt.count {
            row(position - positions.lowerBound) { logits in
                found.append(
                    LogProbabilities(of: prompt[position + 1], in: logits, top: reports.top))
            }
            reportedPrompt += 1
        }
        if !found.isEmpty { continuation.yield(.prompt(found)) }
    }

    mutating func noteStart(at time: Double, cachedTokens: Int) {
        guard began == nil else { return }
        began = time
        summary.queue = time - submitted
        summary.cachedTokens = cachedTokens
    }

    /// Sends a token.
    ///
    /// - Returns: whether its reader is so far behind that the answer must pause.
    mutating func send(_ token: Int, _ probability: LogProbabilities?, at time: Double) -> Bool {
        let first = firstToken ?? time
        firstToken = first
        summary.prefill = first - (began ?? first)
        summary.decode = time - first
        continuation.yield(.token(token, probability, summary))
        return pace.noteSent(1)
    }

    func finish(_ end: GenerationEnd) {
        continuation.yield(.finished(end, summary))
        continuation.finish()
    }
}
