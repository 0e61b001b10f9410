import CompletionAPI
import Hummingbird
import Synchronization

extension ActiveAnswers {
    /// Starts a completion, listed among the live requests: its events until the client leaves, an administrator ends it
    /// or the server must stop.
    ///
    /// All of these also end the wait for a model that is being loaded.
    ///
    /// - Throws: what the backend refuses, before there is any answer.
    func start(
        _ completion: CompletionRequest, on backend: any CompletionBackend,
        _ context: ServerContext
    ) async throws -> CompletionStream {
        let departure = await context.departure()
        let request = requests.add(
            model: completion.model, endpoint: context.coreContext.endpointPath.value ?? "",
            key: context.keyName)
        let stream = try await finish(until: departure, as: request) {
            try await backend.complete(completion)
        }
        return follow(stream, until: departure, as: request)
    }

    /// The result of work that has no events, listed among the live requests and ended early like an answer.
    func finish<Result: Sendable>(
        model: String, _ context: ServerContext,
        _ work: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        let request = requests.add(
            model: model, endpoint: context.coreContext.endpointPath.value ?? "",
            key: context.keyName)
        return try await finish(until: await context.departure(), as: request, work)
    }

    private func finish<Result: Sendable>(
        until departure: ClientDeparture?, as request: LiveRequest,
        _ work: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        let slot = Slot<Result>()
        let (stream, continuation) = CompletionStream.makeStream()
        let task = Task {
            do {
                let result = try await work()
                slot.value.withLock { $0 = result }
                continuation.finish()
            } catch {
                continuation.finish(throwing: error)
            }
        }
        continuation.onTermination = { _ in task.cancel() }
        // The stream has no events: only its end matters.
        for try await _ in follow(stream, until: departure, as: request) {}
        guard let result = slot.value.withLock({ $0 }) else { throw CompletionError.endedEarly }
        return result
    }
}

extension ServerContext {
    /// The name of the key that the request came with; empty without one.
    fileprivate var keyName: String {
        caller.tenant.isEmpty ? "" : caller.name
    }
}

/// Where a task leaves its result.
private final class Slot<Value: Sendable>: Sendable {
    let value = Mutex<Value?>(nil)
}
