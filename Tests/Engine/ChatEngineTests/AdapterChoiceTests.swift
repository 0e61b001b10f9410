import ChatEngine
import Checkpoints
import CompletionAPI
import Foundation
import Testing

@Suite("Adapters are chosen by name")
struct AdapterChoiceTests {
    private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "InferenceTests/Fixtures")

    private static func model() throws -> LoadedModel {
        var options = LoadedModel.Options(threads: 2)
        options.cacheBytes = 1 << 22
        return try LoadedModel(
            name: "base",
            file: Checkpoint.open(path: fixtures.appending(path: "Transformers/qwen3-BF16").path),
            options: options)
    }

    private static func path(_ name: String) -> String {
        fixtures.appending(path: "Adapters/\(name)").path
    }

    private func text(_ name: String, of backend: LocalBackend) async throws -> String {
        var text = ""
        let request = CompletionRequest(
            model: name, prompt: .tokens([5, 17, 40, 7]),
            sampling: SamplingOptions(temperature: 0), maximumTokens: 24)
        for try await event in try await backend.complete(request) {
            if case .text(let piece, _) = event { text += piece }
        }
        return text
    }

    @Test("A request takes an adapter by its name, alone and beside others, until it is removed")
    func choice() async throws {
        let model = try Self.model()
        let backend = LocalBackend(models: [model])
        let plain = try await text("base", of: backend)
        let added = try await backend.addAdapter("tuned", at: Self.path("qwen3-all"), to: nil)
        #expect(added.name == "tuned" && added.parent == "base" && added.canChat)
        _ = try await backend.addAdapter("same", at: Self.path("qwen3-all.gguf"), to: nil)
        let listed = await backend.models().map(\.name)
        #expect(listed == ["base", "tuned", "same"])
        let tuned = try await text("tuned", of: backend)
        #expect(tuned != plain)
        // Pages of one kind must not serve another.
        let names = ["base", "tuned", "same", "base", "tuned", "same"]
        let answers = try await withThrowingTaskGroup(of: (Int, String).self) { group in
            for (index, name) in names.enumerated() {
                group.addTask { (index, try await self.text(name, of: backend)) }
            }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        for (index, name) in names.enumerated() {
            #expect(answers[index] == (name == "base" ? plain : tuned), "\(name)")
        }
        try await backend.removeAdapter("tuned")
        let error = await #expect(throws: CompletionError.self) {
            try await text("tuned", of: backend)
        }
        #expect(error?.code == .modelNotFound)
        let again = try await text("base", of: backend)
        #expect(again == plain)
        backend.shutDown()
    }

    @Test("An answer under way ends with the adapter that it began with")
    func removalWhileInUse() async throws {
        let model = try Self.model()
        let backend = LocalBackend(models: [model])
        _ = try await backend.addAdapter("tuned", at: Self.path("qwen3-all"), to: nil)
        let whole = try await text("tuned", of: backend)
        let stream = try await backend.complete(
            CompletionRequest(
                model: "tuned", prompt: .tokens([5, 17, 40, 7]),
                sampling: SamplingOptions(temperature: 0), maximumTokens: 24))
        try await backend.removeAdapter("tuned")
        var found = ""
        for try await event in stream {
            if case .text(let piece, _) = event { found += piece }
        }
        #expect(found == whole)
        backend.shutDown()
    }

    @Test("Names that are taken or unknown, and adapters of other models, are errors with a code")
    func refusals() throws {
        let model = try Self.model()
        func code(_ body: () throws -> Void) -> AdapterError.Code? {
            #expect(throws: AdapterError.self) { try body() }?.code
        }
        _ = try model.addAdapter("tuned", at: Self.path("qwen3-all"))
        for name in ["tuned", "base"] {
            #expect(
                code { _ = try model.addAdapter(name, at: Self.path("qwen3-all")) } == .nameTaken)
        }
        #expect(code { _ = try model.addAdapter("", at: Self.path("qwen3-all")) } == .invalidName)
        #expect(
            code { _ = try model.addAdapter("x", at: Self.path("llama-all.gguf")) } == .invalidFile)
        #expect(code { _ = try model.addAdapter("x", at: "/nowhere") } == .invalidFile)
        #expect(code { try model.removeAdapter("x") } == .notFound)
        #expect(model.adapters.map(\.name) == ["tuned"])
        LocalBackend(models: [model]).shutDown()
    }
}
