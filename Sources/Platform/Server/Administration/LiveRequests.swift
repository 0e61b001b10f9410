import CompletionAPI
import HTTPTypes
import Synchronization

/// The requests being answered now, as those who run the server may see them: never what they say.
final class LiveRequests: Sendable {
    private struct State {
        var requests: [String: WeakRequest] = [:]
        /// Seconds to the first text, of answers that began since somebody last asked.
        var firstTexts: [Double] = []
    }

    private struct WeakRequest {
        weak var request: LiveRequest?
    }

    private let state = Mutex(State())

    /// A request to be listed as long as the object lives.
    ///
    /// - `key`: the id of the key that it came with, or nothing.
    func add(model: String, endpoint: String, key: String) -> LiveRequest {
        let request = LiveRequest(model: model, endpoint: endpoint, key: key, list: self)
        state.withLock { $0.requests[request.id] = WeakRequest(request: request) }
        return request
    }

    /// All of them, the oldest first.
    var all: [LiveRequest] {
        state.withLock { $0.requests.values.compactMap(\.request) }.sorted {
            $0.start < $1.start
        }
    }

    /// Ends a request; false where there is none of that id.
    func cancel(_ id: String) -> Bool {
        guard let request = state.withLock({ $0.requests[id]?.request }) else { return false }
        request.cancel()
        return true
    }

    /// How long the answers waited for their first text that began since the last call.
    func takeFirstTexts() -> [Double] {
        state.withLock { state in
            defer { state.firstTexts = [] }
            return state.firstTexts
        }
    }

    fileprivate func remove(_ id: String) {
        state.withLock { _ = $0.requests.removeValue(forKey: id) }
    }

    fileprivate func noteFirstText(_ seconds: Double) {
        state.withLock { state in
            // Nobody may be asking.
            guard state.firstTexts.count < 1 << 12 else { return }
            state.firstTexts.append(seconds)
        }
    }
}

/// One request on its way.
final class LiveRequest: Sendable {
    enum Phase: String, Sendable {
        /// Its model is being loaded, or the engine has not accepted it yet.
        case waiting
        /// Accepted; there is no text yet.
        case prefill
        case decode
    }

    struct Progress: Sendable {
        var phase = Phase.waiting
        var promptTokens: Int?
        /// Pieces of the answer so far, of which most are one token.
        var completionTokens = 0
    }

    private struct State {
        var progress = Progress()
        var answer: AnswerHandle?
        var isCancelled = false
    }

    let id = ReplyHead.randomID(prefix: "live")
    let model: String
    let endpoint: String
    let key: String
    let start = ContinuousClock.now
    private let list: LiveRequests
    private let state = Mutex(State())

    fileprivate init(model: String, endpoint: String, key: String, list: LiveRequests) {
        self.model = model
        self.endpoint = endpoint
        self.key = key
        self.list = list
    }

    deinit {
        list.remove(id)
    }

    var progress: Progress { state.withLock(\.progress) }
    var age: Double { (ContinuousClock.now - start) / .seconds(1) }

    func note(_ event: CompletionEvent) {
        let isFirst = state.withLock { state -> Bool in
            switch event {
            case .started(let tokens):
                state.progress.phase = .prefill
                state.progress.promptTokens = tokens
            case .text, .reasoning, .toolCall, .toolArguments:
                state.progress.completionTokens += 1
                defer { state.progress.phase = .decode }
                return state.progress.phase != .decode
            case .prompt, .finished: break
            }
            return false
        }
        if isFirst { list.noteFirstText(age) }
    }

    /// Names what ends when somebody cancels the request.
    func attach(_ answer: AnswerHandle) {
        let isLate = state.withLock { state in
            state.answer = answer
            return state.isCancelled
        }
        if isLate { answer.end(APIError.cancelled) }
    }

    func cancel() {
        let answer = state.withLock { state in
            state.isCancelled = true
            return state.answer
        }
        answer?.end(APIError.cancelled)
    }
}

extension APIError {
    static let cancelled = APIError(
        status: .conflict, kind: .server,
        message: "whoever runs this server has ended the request", code: "cancelled")
}
