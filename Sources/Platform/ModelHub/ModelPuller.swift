import Crypto
import Foundation

/// Brings a model into the store: asks the source, chooses files, downloads and verifies them, writes the manifest.
package struct ModelPuller: Sendable {
    package enum Event: Sendable {
        /// What will be downloaded; `fresh` is the part of `bytes` that is not on disk yet.
        case chosen(name: String, files: Int, bytes: Int, fresh: Int)
        /// Bytes of all files on disk; the total is 0 where the source does not tell sizes.
        case progress(done: Int, total: Int)
        /// Something that the person should know.
        case notice(String)
    }

    private let store: ModelStore
    private let settings: HubSettings
    /// How many bytes are free at a path; tests stand in for a full disk here.
    private let freeBytes: @Sendable (String) throws -> Int

    package init(
        store: ModelStore, settings: HubSettings,
        freeBytes: (@Sendable (String) throws -> Int)? = nil
    ) {
        self.store = store
        self.settings = settings
        self.freeBytes = freeBytes ?? { path throws in try FileSystem.freeBytes(at: path) }
    }

    /// - Returns: the model as it is in the store; already there and up to date, nothing was downloaded.
    /// - Throws: ``HubError``, or `CancellationError`; what was downloaded stays for the next time.
    package func pull(
        _ name: ModelName, events: @escaping @Sendable (Event) -> Void
    ) async throws -> ModelStore.Entry {
        let client = HubClient(settings: settings.client, proxies: settings.proxies)
        do {
            let entry = try await pull(name, client, events)
            await client.shutDown()
            return entry
        } catch {
            await client.shutDown()
            throw error
        }
    }

    private func pull(
        _ name: ModelName, _ client: HubClient, _ events: @escaping @Sendable (Event) -> Void
    ) async throws -> ModelStore.Entry {
        let home = name.address?.url ?? settings.endpoint(name)
        let credentials = try WebAddress(home).flatMap { address throws(HubError) in
            try Credentials(token: settings.tokens[name.source], for: address)
        }
        let found = try await Catalogue(
            client: client, settings: settings, name: name, credentials: credentials,
            notice: { events(.notice($0)) }
        ).find()

        try FileSystem.makeFolder(store.blobFolder)
        try FileSystem.makeFolder(store.partialFolder)
        let tag = ModelStore.folderName(found.files.tag)
        var full = name
        if name.source != .address { full.selector = tag }
        try checkSpace(found.files, full, events)

        var progress = OverallProgress(total: found.files.size, events: events)
        var stored: [StoredModel.File] = []
        for file in found.files.files {
            let content = try await fetch(
                file, client, credentials, name, &progress, { events(.notice($0)) })
            stored.append(content)
        }
        let model = StoredModel(
            name: full.description, source: found.source, revision: found.revision,
            kind: found.files.kind, quantization: found.files.quantization, date: Date(),
            files: stored, folder: "")
        return try publish(model, at: store.place(of: name, tag: tag))
    }

    private func publish(
        _ model: StoredModel, at place: ModelStore.Place
    ) throws -> ModelStore.Entry {
        var model = model
        // Named by content: another revision with the same files is the same folder.
        let content = model.files.map { "\($0.sha256)  \($0.path)\n" }.sorted().joined()
        let hash = SHA256Text.text(of: SHA256.hash(data: Array(content.utf8)))
        model.folder = "\(place.stem).\(hash.prefix(12))"
        return try store.publish(model, at: place)
    }

    // MARK: One file

    private func fetch(
        _ file: RemoteFile, _ client: HubClient, _ credentials: Credentials?, _ name: ModelName,
        _ progress: inout OverallProgress, _ notice: @escaping (String) -> Void
    ) async throws -> StoredModel.File {
        if let there = present(file) {
            progress.finish(there.size)
            return there
        }
        let part = try await open(file, notice)
        // Somebody else may have brought it while we waited for the lock.
        if let there = present(file) {
            try part.discard()
            progress.finish(there.size)
            return there
        }
        let overall = progress
        do {
            try await FileTransfer(
                client: client, url: file.url ?? "", credentials: credentials, name: name,
                file: file, policy: settings.retries, progress: { overall.update($0) },
                notice: notice
            ).run(into: part)
        } catch {
            if part.length == 0 { try part.discard() }
            throw error
        }
        let content = StoredModel.File(
            path: file.storedPath, size: part.length, sha256: part.sha256)
        let blob = store.blob(content.sha256)
        if FileSystem.regularFile(blob)?.size == content.size {
            try part.discard()
        } else {
            try part.finish(as: blob)
            try FileSystem.synchronizeFolder(store.blobFolder)
        }
        progress.finish(content.size)
        return content
    }

    /// The content, where the hash is known and a file of that hash and size is in the store.
    private func present(_ file: RemoteFile) -> StoredModel.File? {
        guard let sha256 = file.sha256,
            let blob = FileSystem.regularFile(store.blob(sha256)),
            blob.size == file.size ?? blob.size
        else { return nil }
        return StoredModel.File(path: file.storedPath, size: blob.size, sha256: sha256)
    }

    /// Where a file is on its way: by content where that is known, else by address.
    private func partPath(_ file: RemoteFile) -> String {
        let key =
            file.sha256
            ?? "address-" + SHA256Text.text(of: SHA256.hash(data: Array((file.url ?? "").utf8)))
        return "\(store.partialFolder)/\(key)"
    }

    private func open(
        _ file: RemoteFile, _ notice: (String) -> Void
    ) async throws -> PartFile {
        var hasSaid = false
        while true {
            if let part = try PartFile.open(partPath(file)) { return part }
            if !hasSaid { notice("another pull is bringing \(file.path); waiting for it") }
            hasSaid = true
            try await Task.sleep(for: settings.lockPause)
        }
    }

    // MARK: Space

    private func checkSpace(
        _ files: ModelFiles, _ name: ModelName, _ events: (Event) -> Void
    ) throws {
        var fresh = 0
        for file in files.files where present(file) == nil {
            let part = FileSystem.regularFile(partPath(file))?.size ?? 0
            fresh += max(0, (file.size ?? 0) - part)
        }
        events(
            .chosen(
                name: name.description, files: files.files.count, bytes: files.size, fresh: fresh))
        let free = try freeBytes(store.partialFolder)
        guard fresh == 0 || fresh + settings.reserve <= free else {
            throw HubError(
                .storage,
                "\(name) needs \(ByteCount.text(fresh)) more and \(store.folder) has \(ByteCount.text(free)) free; "
                    + "make room (berth models list), or choose another place with BERTH_HOME")
        }
    }
}

/// The progress of several files as one.
private struct OverallProgress: Sendable {
    private var finished = 0
    private let total: Int
    private let events: @Sendable (ModelPuller.Event) -> Void

    init(total: Int, events: @escaping @Sendable (ModelPuller.Event) -> Void) {
        self.total = total
        self.events = events
    }

    func update(_ bytes: Int) {
        events(.progress(done: finished + bytes, total: total))
    }

    mutating func finish(_ bytes: Int) {
        finished += bytes
        update(0)
    }
}

/// Sizes for people.
package enum ByteCount {
    /// Three digits and a decimal unit, as disks and downloads are counted.
    package static func text(_ bytes: Int) -> String {
        for (unit, name) in [
            (1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB"), (1000, "kB"),
        ]
        where bytes >= unit {
            let tenths = bytes / (unit / 10)
            return tenths >= 1000
                ? "\(tenths / 10) \(name)" : "\(tenths / 10).\(tenths % 10) \(name)"
        }
        return "\(bytes) B"
    }
}
