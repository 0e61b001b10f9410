import Dispatch
import Synchronization

/// What the threads that call an engine and the thread that runs it tell each other.
final class Mailbox: Sendable {
    struct Submission: Sendable {
        let id: Int
        let request: GenerationRequest
        let maximumCount: Int
        let continuation: AsyncStream<GenerationEvent>.Continuation
    }

    struct Contents: Sendable {
        var submissions: [Submission] = []
        var cancelled: [Int] = []
        var isClosed = false
        var statistics = InferenceEngine.Statistics()
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

    /// Blocks the calling thread until something was posted.
    func wait() {
        news.wait()
    }
}
