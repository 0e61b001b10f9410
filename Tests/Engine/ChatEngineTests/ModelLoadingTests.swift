import CDefaultModel
import ChatEngine
import Checkpoints
import CompletionAPI
import Synchronization
import Testing

/// The embedded model under several names, loaded when somebody asks.
private final class Shelf: Sendable {
    let loads = Mutex<[String]>([])
    let failures = Mutex<[String: CompletionError]>([:])

    static func file() throws -> Checkpoint {
        try unsafe Checkpoint.open(
            staticBytes: UnsafeRawBufferPointer(
                start: berth_default_model, count: berth_default_model_size), name: "harbour")
    }

    static let options = LoadedModel.Options(threads: 1, contextLength: 256, cacheBytes: 4 << 20)

    func source(_ name: String, idle: Duration? = nil) throws -> ModelSource {
        var source = try ModelSource(
            name: name, file: Self.file(), model: Self.options,
            encoder: LoadedEncoder.Options(threads: 1)
        ) { [self] in
            loads.withLock { $0.append(name) }
            if let failure = failures.withLock({ $0[name] }) { throw failure }
            return .generator(
                try LoadedModel(name: name, file: Self.file(), options: Self.options))
        }
        source.idleLimit = idle
        return source
    }
}

@Suite("Models are loaded when they are asked for", .serialized)
struct ModelLoadingTests {
    private func answer(_ backend: LocalBackend, _ model: String, tokens: Int = 3) async throws {
        let request = CompletionRequest(
            model: model, prompt: .text("The"), sampling: SamplingOptions(temperature: 0),
            maximumTokens: tokens)
        var isFinished = false
        for try await event in try await backend.complete(request) {
            if case .finished = event { isFinished = true }
        }
        #expect(isFinished)
    }

    private func state(
        _ backend: LocalBackend, _ model: String
    ) async -> ModelResidencyReport.State? {
        await backend.models().first { $0.name == model }?.residency.state
    }

    private func wait(
        _ what: Comment, _ condition: () async -> Bool
    ) async throws {
        for _ in 0..<1000 {
            if await condition() { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        Issue.record(what)
    }

    @Test("Eight requests at once load a model once, and all are answered")
    func sharedLoad() async throws {
        let shelf = Shelf()
        let backend = LocalBackend(sources: [try shelf.source("a")])
        defer { backend.shutDown() }
        #expect(await state(backend, "a") == .unloaded)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { try await answer(backend, "a") } }
            try await group.waitForAll()
        }
        #expect(shelf.loads.withLock { $0 } == ["a"])
        #expect(await state(backend, "a") == .ready)
    }

    @Test("What a model takes is no more than what was thought, and not much less")
    func estimate() async throws {
        let source = try Shelf().source("a")
        let backend = LocalBackend(sources: [source])
        defer { backend.shutDown() }
        let model = try await backend.load("a")
        #expect(model.residency.bytes <= source.memory.total)
        #expect(model.residency.bytes * 10 > source.memory.total * 9)
        #expect(await backend.memory().used == model.residency.bytes)
        #expect(model.contextLength == source.description.contextLength)
        #expect(model.summary == source.description.summary)
        #expect(model.canChat == source.description.canChat)
    }

    @Test("A second model takes the first one's place in a budget for one; counters do not go back")
    func budget() async throws {
        let shelf = Shelf()
        let source = try shelf.source("a")
        let backend = LocalBackend(
            sources: [source, try shelf.source("b")], budget: source.memory.total * 3 / 2)
        defer { backend.shutDown() }
        try await answer(backend, "a")
        let before = await backend.statistics()
        #expect(before.completionTokens > 0)
        try await answer(backend, "b")
        #expect(await state(backend, "a") == .unloaded)
        #expect(await state(backend, "b") == .ready)
        let after = await backend.statistics()
        #expect(after.completionTokens > before.completionTokens)
        try await answer(backend, "a")
        #expect(shelf.loads.withLock { $0 } == ["a", "b", "a"])
    }

    @Test(
        "While a model answers, another that has no room is refused with the names of those that hold it"
    )
    func noRoom() async throws {
        let shelf = Shelf()
        let source = try shelf.source("a")
        let backend = LocalBackend(
            sources: [source, try shelf.source("b")], budget: source.memory.total * 3 / 2)
        defer { backend.shutDown() }
        let request = CompletionRequest(
            model: "a", prompt: .text("The"), sampling: SamplingOptions(temperature: 0),
            maximumTokens: 200)
        let stream = try await backend.complete(request)
        await #expect {
            try await answer(backend, "b")
        } throws: { error in
            let error = error as? CompletionError
            return error?.code == .overloaded && error?.message.contains("\"a\"") == true
        }
        for try await _ in stream {}
        try await wait("room comes when the answer is done") {
            await (try? answer(backend, "b")) != nil
        }
    }

    @Test("An idle model goes by itself, and comes back when it is asked")
    func idle() async throws {
        let shelf = Shelf()
        let backend = LocalBackend(
            sources: [try shelf.source("a", idle: .milliseconds(50))])
        defer { backend.shutDown() }
        try await answer(backend, "a")
        try await wait("the model goes") { await state(backend, "a") == .unloaded }
        #expect(await backend.memory().used == 0)
        try await answer(backend, "a")
        #expect(shelf.loads.withLock { $0.count } == 2)
    }

    @Test("An unload lets the answer under way finish")
    func unload() async throws {
        let backend = LocalBackend(sources: [try Shelf().source("a")])
        defer { backend.shutDown() }
        let request = CompletionRequest(
            model: "a", prompt: .text("The"), sampling: SamplingOptions(temperature: 0),
            maximumTokens: 60)
        let stream = try await backend.complete(request)
        let state = try await backend.unload("a").residency.state
        #expect(state == .unloading)
        var reason: FinishReason?
        for try await event in stream {
            if case .finished(let end, _) = event { reason = end }
        }
        #expect(reason != nil)
        try await wait("the model goes") { await self.state(backend, "a") == .unloaded }
    }

    @Test("A model that cannot be loaded says why, to all that wait, without its folders")
    func failure() async throws {
        let shelf = Shelf()
        shelf.failures.withLock {
            $0["a"] = CompletionError(
                code: .engineFailure, message: "/secret/place/a.gguf: file cannot be opened")
        }
        let backend = LocalBackend(sources: [try shelf.source("a"), try shelf.source("b")])
        defer { backend.shutDown() }
        await #expect {
            try await answer(backend, "a")
        } throws: { error in
            let error = error as? CompletionError
            return error?.code == .engineFailure
                && error?.message.contains("a.gguf: file cannot be opened") == true
                && error?.message.contains("secret") == false
        }
        // Those who run the server see all of it.
        let failure = await backend.models().first?.residency.failure
        #expect(failure?.contains("/secret/place") == true)
        try await answer(backend, "b")
    }

    @Test("A cancelled request leaves, and the load goes on for the others")
    func cancelled() async throws {
        let backend = LocalBackend(sources: [try Shelf().source("a")])
        defer { backend.shutDown() }
        let first = Task { try await answer(backend, "a", tokens: 200) }
        let second = Task { try await answer(backend, "a") }
        first.cancel()
        try await second.value
        _ = await first.result
        try await wait("nobody uses it any more") {
            await backend.models().first?.residency.users == 0
        }
    }

    @Test(
        "A model that the sources lack is found when it is to be loaded; one that is nowhere is not"
    )
    func finding() async throws {
        let shelf = Shelf()
        let backend = LocalBackend(sources: [try shelf.source("a")]) { name in
            name == "late" ? try shelf.source("late") : nil
        }
        defer { backend.shutDown() }
        await #expect(throws: CompletionError.self) { try await answer(backend, "late") }
        _ = try await backend.load("late")
        try await answer(backend, "late")
        await #expect(throws: CompletionError.self) { try await backend.load("nowhere") }
        await #expect(throws: CompletionError.self) { try await backend.pin("nowhere", true) }
        #expect(try await backend.pin("late", true).residency.isPinned)
    }

    @Test("A shutdown refuses those that wait for a load")
    func shutDown() async throws {
        let backend = LocalBackend(sources: [try Shelf().source("a")])
        backend.shutDown()
        await #expect(throws: CompletionError.shuttingDown) { try await answer(backend, "a") }
    }
}
