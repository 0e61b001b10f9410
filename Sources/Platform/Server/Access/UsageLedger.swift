import CompletionAPI
import FoundationEssentials
import Logging
import Store
import Synchronization

/// What has been used since the store was last told.
final class UsageLedger: Sendable {
    private struct Entry: Hashable {
        var key: String
        var day: Int
        var model: String
    }

    private let store: (any PlatformStore)?
    private let metrics: ServerMetrics
    private let counts = Mutex<[Entry: UsageCount]>([:])

    init(store: (any PlatformStore)?, metrics: ServerMetrics) {
        self.store = store
        self.metrics = metrics
    }

    func add(_ usage: Usage, of caller: Caller, model: String) {
        metrics.used(usage, key: caller.name, model: model)
        guard store != nil else { return }
        let entry = Entry(
            key: caller.tenant, day: UsageCount.day(of: Int(Date.now.timeIntervalSince1970)),
            model: model)
        let count = UsageCount(
            key: entry.key, day: entry.day, model: model, requests: 1,
            promptTokens: usage.promptTokens, completionTokens: usage.completionTokens,
            cachedTokens: usage.cachedTokens)
        add(count, to: entry)
    }

    private func add(_ count: UsageCount, to entry: Entry) {
        counts.withLock { counts in
            guard var sum = counts[entry] else {
                counts[entry] = count
                return
            }
            sum.requests += count.requests
            sum.promptTokens += count.promptTokens
            sum.completionTokens += count.completionTokens
            sum.cachedTokens += count.cachedTokens
            counts[entry] = sum
        }
    }

    /// Tells the store; what it does not take is kept for the next time.
    func flush(_ logger: Logger) async {
        let pending = counts.withLock { counts in
            defer { counts = [:] }
            return counts
        }
        guard let store, !pending.isEmpty else { return }
        do {
            try await store.add(Array(pending.values))
        } catch {
            logger.warning(
                "usage is not written yet, and will be tried again", metadata: ["error": "\(error)"]
            )
            for (entry, count) in pending { add(count, to: entry) }
        }
    }
}
