import Foundation
import StructuredJSON

/// The models on this machine: a folder that people can read.
///
///     models/hf.co/Qwen/Qwen3-0.6B-GGUF/Q4_K_M.json            the manifest: with it, the model is there
///     models/hf.co/Qwen/Qwen3-0.6B-GGUF/Q4_K_M.0a1b2c3d4e5f/   its files, under their own names
///     models/blobs/sha256-…                                    the same files by content (hard links)
///     models/partial/…                                         files on their way
///
/// A file of several models is stored once: the file system counts its names, and the content goes with the last
/// model that needs it. A model appears and changes by the renaming of its manifest, so a crash leaves either the
/// old state or the new one.
package struct ModelStore: Sendable {
    /// The folder `models`.
    package let folder: String

    package init(folder: String) {
        self.folder = folder
    }

    /// `$BERTH_HOME/models`, or `berth/models` in the user's data folder (XDG).
    package init(environment: [String: String]) {
        let home: String
        if let chosen = environment["BERTH_HOME"], !chosen.isEmpty {
            home = chosen
        } else if let data = environment["XDG_DATA_HOME"], data.hasPrefix("/") {
            home = data + "/berth"
        } else {
            home = (environment["HOME"] ?? NSHomeDirectory()) + "/.local/share/berth"
        }
        let absolute = URL(filePath: home).standardizedFileURL.path(percentEncoded: false)
        folder = (absolute.hasSuffix("/") ? String(absolute.dropLast()) : absolute) + "/models"
    }

    var blobFolder: String { folder + "/blobs" }
    var partialFolder: String { folder + "/partial" }

    func blob(_ sha256: String) -> String { "\(blobFolder)/sha256-\(sha256)" }

    // MARK: Reading

    /// A model together with the place of its manifest.
    package struct Entry: Sendable {
        package let model: StoredModel
        package let manifestPath: String

        /// The folder with the model's files.
        package var filesFolder: String {
            let end = manifestPath.lastIndex(of: "/") ?? manifestPath.startIndex
            return "\(manifestPath[..<end])/\(model.folder)"
        }

        /// What opens the model: a GGUF file, or a folder.
        package var path: String {
            model.kind == .safetensors
                ? filesFolder : "\(filesFolder)/\(model.files.first?.path.text ?? "")"
        }
    }

    /// All models by name, and what is wrong with manifests that cannot be read.
    package func list() -> (models: [Entry], damaged: [HubError]) {
        var entries: [Entry] = []
        var damaged: [HubError] = []
        for path in manifests() {
            do {
                let data = try Data(contentsOf: URL(filePath: path))
                entries.append(
                    Entry(model: try StoredModel(manifest: Array(data)), manifestPath: path))
            } catch {
                damaged.append(
                    HubError(
                        .damagedStore,
                        "\(path) cannot be read (\(error)); pull the model again, or remove the file"
                    ))
            }
        }
        return (entries.sorted { $0.model.name < $1.model.name }, damaged)
    }

    /// The manifests: files `*.json` in the folders of sources, at any depth but not among a model's own files.
    private func manifests() -> [String] {
        var found: [String] = []
        var open = ModelName.Source.allCases.map { "\(folder)/\($0.rawValue)" }
        while let current = open.popLast() {
            guard let names = try? FileManager.default.contentsOfDirectory(atPath: current) else {
                continue
            }
            let manifests = names.filter { $0.hasSuffix(".json") }
            found += manifests.map { "\(current)/\($0)" }
            // A folder of a model has its manifest's name and a hash; deeper ones are sources, owners, repositories.
            let depth = current.dropFirst(folder.count).split(separator: "/").count
            guard depth < RepositoryPath.maximumDepth else { continue }
            for name in names where !Self.isFilesFolder(name) {
                let path = "\(current)/\(name)"
                let attributes = try? FileManager.default.attributesOfItem(atPath: path)
                if attributes?[.type] as? FileAttributeType == .typeDirectory { open.append(path) }
            }
        }
        return found
    }

    /// `TAG.` and twelve hexadecimal digits.
    static func isFilesFolder(_ name: String) -> Bool {
        let tail = name.utf8.suffix(13)
        return name.utf8.count > 13 && tail.first == UInt8(ascii: ".")
            && tail.dropFirst().allSatisfy(\.isHexadecimal)
    }

    /// The manifest that cannot be read and that a person means: by its path, or by an ending of the name that it
    /// would give its model.
    package func damagedManifest(_ text: String) -> String? {
        manifests().first { path in
            guard earlierModel(at: path) == nil else { return false }
            var parts = path.dropFirst(folder.count + 1).dropLast(5).split(separator: "/")
            let tag = parts.popLast() ?? ""
            let name = "\(parts.joined(separator: "/")):\(tag)"
            return path == text || "/\(name)".lowercased().hasSuffix("/\(text.lowercased())")
        }
    }

    /// The model that a person means.
    ///
    /// Any ending of the full name that begins after a slash will do, in any case; without the part behind the
    /// colon where only one model is left.
    /// - Throws: ``HubError`` with the nearest names, or with all that the text means.
    package func find(_ text: String) throws(HubError) -> Entry {
        let (entries, damaged) = list()
        let wanted = text.lowercased()
        let exact = entries.filter { $0.model.names.contains { $0.lowercased() == wanted } }
        let found =
            exact.isEmpty
            ? entries.filter { $0.model.names.contains { $0.lowercased().hasPrefix(wanted + ":") } }
            : exact
        if found.count == 1 { return found[0] }
        if !found.isEmpty {
            throw HubError(
                .notInStore,
                "\(RepositoryPath.printable(text)) means several models: "
                    + found.map(\.model.name).joined(separator: ", "))
        }
        let nearest = NearestNames.sorted(entries.map(\.model.name), like: text).prefix(3)
        let hint =
            damaged.first.map { ($0.message) }
            ?? (nearest.isEmpty
                ? "the store is empty" : "the nearest are \(nearest.joined(separator: ", "))")
        throw HubError(
            .notInStore, "there is no model \(RepositoryPath.printable(text)) in the store; \(hint)"
        )
    }
}
