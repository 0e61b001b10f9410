import Dispatch
import Synchronization

/// What the threads that call an engine and the thread that runs it tell each other.
final class Mailbox: Sendable {
    struct Submission: Sendable {
        let id: Int
        let request: GenerationRequest
        let maximumCount: Int
        let continuation: AsyncStream<GenerationEvent>.Continuation
        let pace: ReaderPace
    }

    struct Contents: Sendable {
        var submissions: [Submission] = []
        var cancelled: [Int] = []
        /// Answers whose readers have caught up.
        var resumed: [Int] = []
        var isClosed = false
        var statistics = InferenceEngine.Statistics()
        var waitingByTenant: [String: Int] = [:]
    }

    private let contents = Mutex(Contents())
    private let news = DispatchSemaphore(value: 0)
    private let ids = Atomic(0)

    func nextID() -> Int {
        ids.wrappingAdd(1, ordering: .relaxed).newValue
    }

    /// Changes the contents and wakes the running thread.
    @discardableResult
    func post<Result: Sendable>(_ change: (inout sending Contents) -> Result) -> Result {
        let result = contents.withLock { change(&$0) }
        news.signal()
        return result
    }

    /// Reads or changes the contents without waking anybody.
    func read<Result: Sendable>(_ body: (inout sending Contents) -> Result) -> Result {
        contents.withLock { body(&$0) }
    }

    /// Blocks the calling thread until something was posted, or until that time of ``InferenceEngine/now()``.
    func wait(until time: Double?) {
        guard let time else { return news.wait() }
        let seconds = max(0, time - InferenceEngine.now())
        // Rounded up: a wait that ends a little early would only be begun again.
        let nanoseconds = Int(clamping: Int64(min(seconds, 1e6) * 1e9) + 1_000_000)
        _ = news.wait(timeout: .now() + .nanoseconds(nanoseconds))
    }
}
