import CompletionAPI
import FoundationEssentials
import Synchronization

/// Takes a sample of what the backend does every other second, as long as the server runs.
final class StatisticsSampler: Sendable {
    private let backend: any CompletionBackend
    private let requests: LiveRequests
    private let state = Mutex(StatisticsSeries())

    init(backend: any CompletionBackend, requests: LiveRequests) {
        self.backend = backend
        self.requests = requests
    }

    var series: StatisticsSeries { state.withLock { $0 } }

    /// Samples until the task is cancelled.
    func run() async throws {
        while true {
            let statistics = await backend.statistics()
            let firstTexts = requests.takeFirstTexts()
            let time = Date.now.timeIntervalSince1970
            state.withLock { $0.add(statistics, firstTexts: firstTexts, at: time) }
            try await Task.sleep(for: .seconds(StatisticsSeries.interval))
        }
    }
}
