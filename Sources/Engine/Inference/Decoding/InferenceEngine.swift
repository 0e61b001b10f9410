package import Architectures
import Foundation
import KVCaching
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
        /// Most rows of prompt in a step in which others wait for their next token.
        package var promptRowsWhileDecoding = 32
        /// Most sequences under way at once; more wait.
        package var sequences = 64
        /// Most sequences that wait; one more is refused.
        package var waiting = 256
        /// Budget of the KV cache in bytes.
        package var cacheBytes: Int
        /// How the cache keeps keys and values.
        package var cacheElements = KVElement.f16
        /// Most positions of one sequence.
        package var contextLength: Int

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
        package var cacheBytesUsed = 0
        package var cacheBytesTotal = 0
    }

    /// Most positions of one sequence: the context length, or less when the cache is smaller.
    package let positionLimit: Int
    private let vocabulary: Int
    private let waitingLimit: Int
    private let mailbox: Mailbox

    /// - Throws: `KVCacheError` when the cache cannot be made.
    package init(model: DecoderModel, compute: Compute, options: Options) throws {
        let runner = try ModelRunner(
            model: model, compute: compute, rows: options.rowsPerStep,
            outputRows: options.sequences, elements: options.cacheElements,
            cacheBytes: options.cacheBytes)
        positionLimit = min(options.contextLength, runner.pool.positions)
        vocabulary = model.configuration.vocabulary
        waitingLimit = options.waiting
        mailbox = Mailbox()
        let scheduler = Scheduler(
            limits: Scheduler.Limits(
                rowsPerStep: options.rowsPerStep,
                promptRowsWhileDecoding: options.promptRowsWhileDecoding,
                sequences: options.sequences))
        DecodingLoop.start(runner: runner, scheduler: scheduler, mailbox: mailbox)
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
        -> AsyncStream<GenerationEvent>
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
        let (stream, continuation) = AsyncStream<GenerationEvent>.makeStream()
        let limit = positionLimit - request.prompt.count
        let wanted = min(request.maximumTokens ?? limit, limit)
        guard wanted > 0 else {
            continuation.yield(.finished(.limit, GenerationTimes()))
            continuation.finish()
            return stream
        }
        let id = mailbox.nextID()
        continuation.onTermination = { [mailbox] reason in
            if case .cancelled = reason {
                mailbox.post { $0.cancelled.append(id) }
            }
        }
        let submission = Mailbox.Submission(
            id: id, request: request, maximumCount: request.prompt.count + wanted,
            continuation: continuation)
        let refusal: GenerationError? = mailbox.post { [waitingLimit] contents in
            guard !contents.isClosed else { return .shuttingDown }
            let waiting = contents.submissions.count + contents.statistics.waiting
            guard waiting < waitingLimit else { return .overloaded(waiting: waiting) }
            contents.submissions.append(submission)
            return nil
        }
        if let refusal { throw refusal }
        return stream
    }

    /// Ends every generation after the step at hand.
    package func shutDown() {
        mailbox.post { $0.isClosed = true }
    }
}
