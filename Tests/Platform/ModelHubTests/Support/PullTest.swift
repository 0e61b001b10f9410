import Foundation
import ModelHub
import Synchronization
import Testing

/// A store in a folder of its own, and pulls into it.
final class PullTest: Sendable {
    let store: ModelStore
    private let collected = Mutex<[String]>([])
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(
            path: "berth-pull-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        store = ModelStore(environment: ["BERTH_HOME": folder.path(percentEncoded: false)])
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    /// What was noticed, in order.
    var notices: [String] { collected.withLock { $0 } }

    /// Settings with short pauses; no environment of the machine's.
    static func settings(
        _ environment: [String: String] = [:], token: String? = nil, proxy: String? = nil
    ) throws -> HubSettings {
        var settings = try HubSettings(
            environment: ["HOME": "/nonexistent"].merging(environment) { _, new in new },
            token: token, proxy: proxy, memory: 1 << 34)
        settings.retries.firstDelay = .milliseconds(1)
        settings.retries.attempts = 4
        // What a busy machine holds up is no stall; tests of stalls set their own.
        settings.stallTimeout = .seconds(60)
        settings.connectTimeout = .seconds(2)
        settings.lockPause = .milliseconds(5)
        settings.reserve = 0
        return settings
    }

    @discardableResult
    func pull(
        _ name: String, _ settings: HubSettings,
        freeBytes: (@Sendable (String) throws -> Int)? = nil
    ) async throws -> ModelStore.Entry {
        let puller = ModelPuller(store: store, settings: settings, freeBytes: freeBytes)
        return try await puller.pull(try ModelName(parsing: name)) { event in
            if case .notice(let text) = event { self.collected.withLock { $0.append(text) } }
        }
    }

    /// The bytes behind a path of the store.
    func bytes(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: path)))
    }

    /// The files of downloads under way, without their notes.
    var parts: [String] {
        let names = try? FileManager.default.contentsOfDirectory(
            atPath: store.folder + "/partial")
        return (names ?? []).filter { !$0.hasSuffix(".json") }.sorted()
    }

    var blobs: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: store.folder + "/blobs")) ?? [])
            .sorted()
    }

    /// Nothing is listed, and every content that is there is a part.
    func expectNothingListed(sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(store.list().models.isEmpty, sourceLocation: sourceLocation)
        #expect(store.list().damaged.isEmpty, sourceLocation: sourceLocation)
    }
}

/// Expects a ``HubError`` of that code and gives it back.
func expectHubError(
    _ code: HubError.Code, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> some Any
) async throws -> HubError {
    let error = await #expect(throws: HubError.self, sourceLocation: sourceLocation) {
        _ = try await body()
    }
    let found = try #require(error, sourceLocation: sourceLocation)
    #expect(found.code == code, "\(found.message)", sourceLocation: sourceLocation)
    return found
}
