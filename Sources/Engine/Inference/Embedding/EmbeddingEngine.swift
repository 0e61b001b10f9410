package import Architectures
import Dispatch
import Foundation
import Synchronization

/// Encodes the texts of all requests on a thread of its own, as many as fit in each step.
///
/// Lifetime: ``shutDown()`` (or the last reference's end) stops the thread after the step at hand; requests under way
/// then end with ``EmbeddingError/shuttingDown``.
package final class EmbeddingEngine: Sendable {
    /// How much may wait.
    package struct Limits: Sendable {
        /// Requests; one more is refused.
        package var requests = 256
        /// Tokens of all waiting texts; a request that comes while there are as many is refused.
        package var tokens = 1 << 23

        package init() {}
    }

    package struct Statistics: Sendable {
        /// Tokens of texts that are done.
        package var tokens = 0
        /// Requests of which some text waits or is computed.
        package var waiting = 0
    }

    /// Length of a vector.
    package let width: Int
    /// Most tokens of one text.
    package let longestText: Int
    /// Whether it gives scores instead of vectors.
    package let isClassifier: Bool
    private let vocabulary: Int
    private let office: Office
    private let limits: Limits

    package init(_ encoder: sending any TextEncoder, limits: Limits = Limits()) {
        self.limits = limits
        width = encoder.width
        longestText = encoder.longestText
        isClassifier = encoder.isClassifier
        vocabulary = encoder.vocabulary
        let office = Office()
        self.office = office
        let handover = Handover(encoder)
        let thread = Thread {
            guard let encoder = handover.take() else { return }
            office.serve(with: encoder)
        }
        thread.name = "berth.embed"
        thread.stackSize = 8 << 20
        thread.start()
    }

    deinit {
        office.close()
    }

    package var statistics: Statistics {
        office.statistics
    }

    /// Encodes texts; results stand in their order.
    ///
    /// Cancelling the task forgets what no step has taken yet.
    ///
    /// - Throws: ``EmbeddingError``, or `CancellationError`.
    package func encode(_ texts: [EncoderText]) async throws -> [EncodedText] {
        for (index, text) in texts.enumerated() {
            guard !text.tokens.isEmpty else { throw EmbeddingError.emptyText(index: index) }
            guard text.tokens.count <= longestText else {
                throw EmbeddingError.tooLong(
                    index: index, tokens: text.tokens.count, limit: longestText)
            }
            if let wrong = text.tokens.first(where: { $0 < 0 || $0 >= vocabulary }) {
                throw EmbeddingError.invalidToken(wrong, index: index, vocabulary: vocabulary)
            }
        }
        guard !texts.isEmpty else { return [] }
        let id = office.nextID()
        // A cancellation that came too late has left a note.
        defer { office.forget(id) }
        let results = try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                office.submit(id, texts, limits, continuation)
            }
        } onCancel: {
            office.cancel(id)
        }
        if let index = results.firstIndex(where: { !$0.numbers.allSatisfy(\.isFinite) }) {
            throw EmbeddingError.brokenModel(index: index)
        }
        return results
    }

    package func shutDown() {
        office.close()
    }
}

/// Why texts were not encoded.
package enum EmbeddingError: Error, Sendable, Equatable {
    case emptyText(index: Int)
    case tooLong(index: Int, tokens: Int, limit: Int)
    case invalidToken(Int, index: Int, vocabulary: Int)
    /// A number of the result is infinite or undefined: weights are damaged.
    case brokenModel(index: Int)
    case overloaded(waiting: Int)
    case shuttingDown
}

/// Where requests wait for the thread that computes.
private final class Office: Sendable {
    typealias Continuation = CheckedContinuation<[EncodedText], any Error>

    private struct Request {
        let texts: [EncoderText]
        let continuation: Continuation
        var results: [EncodedText?]
        var missing: Int
    }

    private struct State {
        var queue = EmbeddingQueue()
        var requests: [Int: Request] = [:]
        /// Cancelled before they were submitted, or when they were done.
        var cancelled: Set<Int> = []
        var isClosed = false
        var tokens = 0
    }

    private let state = Mutex(State())
    private let news = DispatchSemaphore(value: 0)
    private let ids = Atomic(0)

    func nextID() -> Int {
        ids.wrappingAdd(1, ordering: .relaxed).newValue
    }

    var statistics: EmbeddingEngine.Statistics {
        state.withLock { .init(tokens: $0.tokens, waiting: $0.requests.count) }
    }

    func submit(
        _ id: Int, _ texts: [EncoderText], _ limits: EmbeddingEngine.Limits,
        _ continuation: Continuation
    ) {
        let refusal: (any Error)? = state.withLock { state in
            if state.cancelled.remove(id) != nil { return CancellationError() }
            if state.isClosed { return EmbeddingError.shuttingDown }
            let waiting = state.requests.count
            guard waiting < limits.requests, state.queue.waitingTokens < limits.tokens else {
                return EmbeddingError.overloaded(waiting: waiting)
            }
            state.queue.submit(id, lengths: texts.map(\.tokens.count))
            state.requests[id] = Request(
                texts: texts, continuation: continuation,
                results: Array(repeating: nil, count: texts.count), missing: texts.count)
            return nil
        }
        if let refusal {
            continuation.resume(throwing: refusal)
        } else {
            news.signal()
        }
    }

    func cancel(_ id: Int) {
        let gone = state.withLock { state in
            guard let request = state.requests.removeValue(forKey: id) else {
                // Either done, or not there yet.
                state.cancelled.insert(id)
                return nil as Continuation?
            }
            state.queue.cancel(id)
            return request.continuation
        }
        gone?.resume(throwing: CancellationError())
    }

    func forget(_ id: Int) {
        state.withLock { _ = $0.cancelled.remove(id) }
    }

    func close() {
        state.withLock { $0.isClosed = true }
        news.signal()
    }

    /// The thread's life: a step after the other until the office is closed.
    func serve(with encoder: any TextEncoder) {
        while true {
            let (items, texts, isClosed) = state.withLock {
                state -> ([EmbeddingQueue.Item], [EncoderText], Bool) in
                guard !state.isClosed else { return ([], [], true) }
                let items = state.queue.plan(rows: encoder.rows, texts: encoder.texts)
                let texts = items.compactMap { state.requests[$0.request]?.texts[$0.index] }
                return (items, texts, false)
            }
            if isClosed {
                refuseAll()
                return
            }
            guard !items.isEmpty else {
                news.wait()
                continue
            }
            deliver(
                encoder.run(texts), for: items, tokens: texts.reduce(0) { $0 + $1.tokens.count })
        }
    }

    private func deliver(_ results: [EncodedText], for items: [EmbeddingQueue.Item], tokens: Int) {
        let done = state.withLock { state -> [(Continuation, [EncodedText])] in
            state.tokens += tokens
            var done: [(Continuation, [EncodedText])] = []
            for (item, result) in zip(items, results) where state.requests[item.request] != nil {
                state.requests[item.request]?.results[item.index] = result
                state.requests[item.request]?.missing -= 1
                if let request = state.requests[item.request], request.missing == 0 {
                    state.requests[item.request] = nil
                    done.append((request.continuation, request.results.compactMap { $0 }))
                }
            }
            return done
        }
        for (continuation, results) in done {
            continuation.resume(returning: results)
        }
    }

    private func refuseAll() {
        let open = state.withLock { state in
            defer { state.requests = [:] }
            return state.requests.values.map(\.continuation)
        }
        for continuation in open {
            continuation.resume(throwing: EmbeddingError.shuttingDown)
        }
    }
}
