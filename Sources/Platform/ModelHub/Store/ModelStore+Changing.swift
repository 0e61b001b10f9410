import Crypto
import Foundation
import StructuredJSON

extension ModelStore {
    /// Where a model of that name has its manifest and its files.
    struct Place {
        let folder: String
        /// The manifest's name without extension.
        let stem: String

        var manifest: String { "\(folder)/\(stem).json" }
    }

    func place(of name: ModelName, tag: String) -> Place {
        let parts: [String]
        let stem: String
        if name.source == .address {
            let address = WebAddress(name.repository)
            let path = (address?.path ?? "").split(separator: "/").map(String.init)
            parts = [address.map { "\($0.host)_\($0.port)" } ?? "unknown"] + path.dropLast()
            stem = path.last ?? "model"
        } else {
            parts = name.repository.split(separator: "/").map(String.init)
            stem = tag + (name.revision.map { "@\($0)" } ?? "")
        }
        let folders = parts.map(Self.folderName).joined(separator: "/")
        return Place(
            folder: "\(folder)/\(name.source.rawValue)/\(folders)", stem: Self.folderName(stem))
    }

    /// A name that is safe as one component of a path, whatever it was.
    static func folderName(_ text: String) -> String {
        let plain = text.unicodeScalars.map { scalar -> Character in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", ".", "_", "-", "+", "@": Character(scalar)
            default: "-"
            }
        }
        let name = String(plain.prefix(120))
        return name.isEmpty || name.hasPrefix(".") ? "_" + name : name
    }

    /// Adds a model whose files are all there as blobs, or puts a newer one in its place.
    /// - Throws: ``HubError``; of code `notFound` when a blob was removed meanwhile.
    func publish(_ model: StoredModel, at place: Place) throws(HubError) -> Entry {
        let entry = Entry(model: model, manifestPath: place.manifest)
        let earlier = earlierModel(at: place.manifest)
        var folders: Set<String> = [entry.filesFolder]
        try FileSystem.makeFolder(entry.filesFolder)
        for file in model.files {
            let target = "\(entry.filesFolder)/\(file.path)"
            let parent = String(target.dropLast(file.path.name.count + 1))
            if folders.insert(parent).inserted { try FileSystem.makeFolder(parent) }
            let blob = blob(file.sha256)
            guard let source = FileSystem.regularFile(blob) else {
                throw HubError(.notFound, "\(blob) was removed while it was needed; run this again")
            }
            if let there = FileSystem.regularFile(target) {
                if there.inode == source.inode { continue }
                try FileSystem.remove(target)
            }
            try FileSystem.link(blob, as: target)
        }
        for folder in folders { try FileSystem.synchronizeFolder(folder) }
        try FileSystem.write(
            model.json.serialized(.pretty) + "\n", to: place.manifest)
        if let earlier, earlier.model.folder != model.folder { try removeFiles(of: earlier) }
        return entry
    }

    /// `nil` where there is no manifest, or one that cannot be read.
    func earlierModel(at manifest: String) -> Entry? {
        guard let data = FileManager.default.contents(atPath: manifest),
            let model = try? StoredModel(manifest: Array(data))
        else { return nil }
        return Entry(model: model, manifestPath: manifest)
    }

    /// Removes a manifest that cannot be read, and the folders of files that belong to it by their names.
    ///
    /// Content that no other model needs is a leftover afterwards.
    package func remove(damagedManifest path: String) throws(HubError) {
        let end = path.lastIndex(of: "/") ?? path.startIndex
        let (parent, stem) = (path[..<end], path[end...].dropFirst().dropLast(5))
        let names = (try? FileManager.default.contentsOfDirectory(atPath: String(parent))) ?? []
        try FileSystem.remove(path)
        for name in names
        where Self.isFilesFolder(name) && name.dropLast(13) == stem {
            do {
                try FileManager.default.removeItem(atPath: "\(parent)/\(name)")
            } catch {
                throw HubError(.damagedStore, "\(parent)/\(name) cannot be removed: \(error)")
            }
        }
    }

    /// Removes a model; content that no other model needs goes with it.
    /// - Returns: the bytes that were freed.
    package func remove(_ entry: Entry) throws(HubError) -> Int {
        // The manifest first: a crash then leaves files that nobody lists, not a model without files.
        try FileSystem.remove(entry.manifestPath)
        return try removeFiles(of: entry)
    }

    @discardableResult
    private func removeFiles(of entry: Entry) throws(HubError) -> Int {
        var freed = 0
        for file in entry.model.files {
            try FileSystem.remove("\(entry.filesFolder)/\(file.path)")
            let blob = blob(file.sha256)
            if let left = FileSystem.regularFile(blob), left.links == 1 {
                try FileSystem.remove(blob)
                freed += left.size
            }
        }
        removeEmptyFolders(from: entry)
        return freed
    }

    /// Folders that are empty now; those that are not stay, which is no error.
    private func removeEmptyFolders(from entry: Entry) {
        var folders = Set<String>()
        for file in entry.model.files {
            var path = entry.filesFolder
            for component in file.path.components.dropLast() {
                path += "/\(component)"
                folders.insert(path)
            }
        }
        for path in folders.sorted(by: { $0.count > $1.count }) { unsafe rmdir(path) }
        var path = entry.filesFolder
        while path.count > folder.count, unsafe rmdir(path) == 0 {
            path = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        }
    }

    /// Compares every file with what its manifest says; the next pull brings what is wrong anew.
    ///
    /// `progress` is called with the bytes read so far. The result says what is wrong; it is empty when
    /// all is as it should be.
    package func verify(_ entry: Entry, progress: (Int) -> Void) throws -> [HubError] {
        var problems: [HubError] = []
        var done = 0
        for file in entry.model.files {
            let path = "\(entry.filesFolder)/\(file.path)"
            let before = done
            let problem = try problem(path, file) { progress(before + $0) }
            done += file.size
            progress(done)
            if let problem { problems.append(HubError(.verificationFailed, "\(path) \(problem)")) }
        }
        return problems
    }

    private func problem(
        _ path: String, _ file: StoredModel.File, progress: (Int) -> Void
    ) throws -> String? {
        guard let found = FileSystem.regularFile(path) else { return "is missing" }
        guard found.size == file.size else { return "has \(found.size) bytes, not \(file.size)" }
        let handle: FileHandle
        do {
            handle = try FileHandle(forReadingFrom: URL(filePath: path))
        } catch {
            return "cannot be read: \(error.localizedDescription)"
        }
        defer { try? handle.close() }
        var hash = SHA256()
        var done = 0
        while let piece = try handle.read(upToCount: 4 << 20), !piece.isEmpty {
            try Task.checkCancellation()
            hash.update(data: piece)
            done += piece.count
            progress(done)
        }
        let sha256 = SHA256Text.text(of: hash.finalize())
        guard sha256 != file.sha256 else { return nil }
        let problem = "has SHA-256 \(sha256), not \(file.sha256)"
        let blob = blob(file.sha256)
        guard FileSystem.regularFile(blob)?.inode == found.inode else { return problem }
        do {
            // Under a name that is not its content's, the next pull would take it for what is wanted.
            try FileSystem.remove(blob)
            return problem
        } catch {
            return "\(problem); \(error)"
        }
    }

    /// A file that no manifest names: a download that was given up, or content left by a crash.
    package struct Leftover: Sendable {
        package let path: String
        package let size: Int
    }

    /// Unfinished downloads, and content that no model uses.
    package func leftovers() -> [Leftover] {
        var found: [Leftover] = []
        for (folder, isUsed) in [(partialFolder, false), (blobFolder, true)] {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            for name in names.sorted() {
                let path = "\(folder)/\(name)"
                guard let file = FileSystem.regularFile(path), !isUsed || file.links == 1 else {
                    continue
                }
                found.append(Leftover(path: path, size: file.size))
            }
        }
        return found
    }

    /// Removes leftovers, except those that a pull has open.
    /// - Returns: the bytes that were freed.
    package func removeLeftovers() throws(HubError) -> Int {
        var freed = 0
        for leftover in leftovers() {
            if leftover.path.hasPrefix(partialFolder), !leftover.path.hasSuffix(".json") {
                guard let part = try PartFile.open(leftover.path) else { continue }
                try part.discard()
            } else if leftover.path.hasPrefix(blobFolder)
                || FileSystem.regularFile(String(leftover.path.dropLast(5))) == nil
            {
                // A note goes with its part, and alone where there is none.
                try FileSystem.remove(leftover.path)
            }
            freed += leftover.size
        }
        return freed
    }
}
