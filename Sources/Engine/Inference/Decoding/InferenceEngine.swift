package import Architectures
import Dispatch
import Foundation
package import KVCaching
import Sampling
import Synchronization
package import Tensors

/// Runs generations of one model on a thread of its own, all that are under way in one batch.
///
/// Lifetime: ``shutDown()`` (or the last reference's end) stops the thread after the step at hand; streams that
/// are still open then report ``GenerationEnd/shutDown``.
package final class InferenceEngine: Sendable {
    package struct Options: Sendable {
        /// Most rows of one step.
        package var rowsPerStep = 512
        /// How many times as long as without prompts a step with running answers may take.
        package var slowdown = 2.0
        /// Most sequences under way at once; more wait.
        package var sequences = 64
        /// Most sequences that wait; one more is refused.
        package var waiting = 256
        /// Most sequences of one tenant that wait, so that others find room in the queue.
        package var waitingPerTenant = 192
        /// Longest draft that a step verifies for each answer; 0 drafts nothing.
        package var longestDraft = 0
        /// Budget of the KV cache in bytes.
        package var cacheBytes: Int
        /// How the cache keeps keys and values.
        package var cacheElements = KVElement.f16
        /// Most positions of one sequence.
        package var contextLength: Int
        /// Where the pages that were used last are kept for the next start; `nil` keeps none.
        package var prefixStore: PrefixStore?
        /// Told what went wrong without an answer being affected.
        package var notify: @Sendable (String) -> Void = { _ in }

        package init(cacheBytes: Int, contextLength: Int) {
            self.cacheBytes = cacheBytes
            self.contextLength = contextLength
        }
    }

    /// What the engine has done and is doing.
    package struct Statistics: Sendable {
        package var promptTokens = 0
        package var generatedTokens = 0
        package var running = 0
        package var waiting = 0
        /// Pages that sequences hold, and all that there are.
        package var cachePagesUsed = 0
        package var cachePagesTotal = 0
        package var pageBytes = 0
        package var counts = Scheduler.Counts()
    }

    /// Most positions of one sequence: the context length, or less when the cache is smaller.
    package let positionLimit: Int
    private let vocabulary: Int
    private let end = EndOfThread()
    private let waitingLimit: Int
    private let tenantLimit: Int
    private let mailbox: Mailbox

    /// Without a drafter drafts come from the answers' own texts.
    ///
    /// - Throws: `KVCacheError` when the cache cannot be made.
    package init(
        model: DecoderModel, compute: Compute, options: Options,
        drafter: sending (any Drafter)? = nil
    ) throws {
        // A draft's rows need logits as well; a machine that runs many answers at once has no use for drafts.
        let outputRows = max(options.sequences, 2 * (options.longestDraft + 1))
        let runner = try ModelRunner(
            model: model, compute: compute, rows: options.rowsPerStep,
            outputRows: outputRows, elements: options.cacheElements,
            cacheBytes: options.cacheBytes)
        positionLimit = min(options.contextLength, runner.pool.positions)
        vocabulary = model.configuration.vocabulary
        waitingLimit = options.waiting
        tenantLimit = options.waitingPerTenant
        mailbox = Mailbox()
        let scheduler = Scheduler(
            limits: Scheduler.Limits(
                rowsPerStep: options.rowsPerStep, outputRows: outputRows,
                sequences: options.sequences, slowdown: options.slowdown))
        DecodingLoop.start(
            runner: runner, scheduler: scheduler,
            drafter: options.longestDraft > 0 ? drafter ?? PromptLookup() : nil,
            options: options, mailbox: mailbox, end: end)
    }

    deinit {
        mailbox.post { $0.isClosed = true }
    }

    package var statistics: Statistics {
        mailbox.read { $0.statistics }
    }

    /// Starts a generation; dropping the stream ends it within one step.
    ///
    /// - Throws: ``GenerationError`` when the prompt cannot be run at all.
    package func generate(_ request: GenerationRequest) throws(GenerationError)
        -> GenerationStream
    {
        guard !request.prompt.isEmpty else { throw .emptyPrompt }
        guard request.prompt.count < positionLimit else {
            throw .promptTooLong(tokens: request.prompt.count, limit: positionLimit)
        }
        if let wrong = request.prompt.first(where: { $0 < 0 || $0 >= vocabulary }) {
            throw .invalidToken(wrong, vocabulary: vocabulary)
        }
        if let wrong = request.sampling.logitBias.keys.sorted().first(where: {
            $0 < 0 || $0 >= vocabulary
        }) {
            throw .invalidBias(wrong, vocabulary: vocabulary)
        }
        if let deadline = request.origin.deadline, deadline <= Self.now() { throw .tooLate }
        let (events, continuation) = AsyncStream<GenerationEvent>.makeStream()
        let id = mailbox.nextID()
        let pace = ReaderPace { [mailbox] in mailbox.post { $0.resumed.append(id) } }
        let stream = GenerationStream(events, pace: pace)
        let limit = positionLimit - request.prompt.count
        let wanted = min(request.maximumTokens ?? limit, limit)
        guard wanted > 0 || request.reports?.includesPrompt == true else {
            continuation.yield(.finished(.limit, GenerationSummary()))
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [mailbox] reason in
            if case .cancelled = reason {
                mailbox.post { $0.cancelled.append(id) }
            }
        }
        let submission = Mailbox.Submission(
            id: id, request: request, maximumCount: request.prompt.count + max(wanted, 0),
            continuation: continuation, pace: pace)
        if let refusal = submit(submission) { throw refusal }
        return stream
    }

    /// Why it is refused; `nil` where it is not.
    private func submit(_ submission: Mailbox.Submission) -> GenerationError? {
        let tenant = submission.request.origin.tenant
        return mailbox.post { [waitingLimit, tenantLimit] contents in
            guard !contents.isClosed else { return .shuttingDown }
            let waiting = contents.submissions.count + contents.statistics.waiting
            guard waiting < waitingLimit else { return .overloaded(waiting: waiting) }
            let own =
                contents.submissions.count { $0.request.origin.tenant == tenant }
                + contents.waitingByTenant[tenant, default: 0]
            guard own < tenantLimit else { return .overloaded(waiting: own) }
            contents.submissions.append(submission)
            return nil
        }
    }

    /// Seconds of the clock by which deadlines are given: of this machine, since some moment in the past.
    package static func now() -> Double {
        Double(DispatchTime.now().uptimeNanoseconds) * 1e-9
    }

    /// Ends every generation after the step at hand.
    package func shutDown() {
        mailbox.post { $0.isClosed = true }
    }

    /// Shuts down, and returns when the engine's thread has ended and kept what it keeps.
    package func stop() async {
        shutDown()
        await end.wait()
    }
}
