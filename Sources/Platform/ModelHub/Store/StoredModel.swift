package import Foundation
package import StructuredJSON

/// A model of the store, as its manifest tells.
package struct StoredModel: Sendable, Equatable {
    package struct File: Sendable, Equatable {
        package var path: RepositoryPath
        package var size: Int
        package var sha256: String
    }

    /// The full name, such as `hf.co/Qwen/Qwen3-0.6B-GGUF:Q4_K_M`.
    package var name: String
    /// The address of the repository, or of the file.
    package var source: String
    /// The commit; of Ollama the manifest's hash.
    package var revision: String?
    package var kind: ModelFiles.Kind
    package var quantization: String?
    /// When it was pulled.
    package var date: Date
    /// The first one opens the model, unless it is a folder.
    package var files: [File]
    /// The folder with the files, relative to the manifest's.
    package var folder: String

    /// Of all files, in bytes.
    package var size: Int { files.reduce(0) { $0 + $1.size } }

    package var json: JSONValue {
        .object([
            "version": .integer(1), "name": .string(name), "source": .string(source),
            "revision": revision.map { .string($0) } ?? .null, "kind": .string(kind.rawValue),
            "quantization": quantization.map { .string($0) } ?? .null,
            "pulled": .string(date.ISO8601Format()), "folder": .string(folder),
            "size": .integer(size),
            "files": .array(
                files.map { file in
                    .object([
                        "path": .string(file.path.text), "size": .integer(file.size),
                        "sha256": .string(file.sha256),
                    ])
                }),
        ])
    }

    /// Reads a manifest; the store's files are checked like anybody's, since people edit them.
    init(manifest bytes: [UInt8]) throws {
        let manifest = JSONField(try JSONValue(parsing: bytes, limits: Answers.limits))
        _ = try manifest["version"].int(in: 1...1)
        name = try manifest["name"].string()
        source = try manifest["source"].string()
        revision = try manifest["revision"].ifPresent?.string()
        let kind = try manifest["kind"].oneOf(["gguf", "safetensors"])
        self.kind = kind == "gguf" ? .gguf : .safetensors
        quantization = try manifest["quantization"].ifPresent?.string()
        guard let date = try? Date(try manifest["pulled"].string(), strategy: .iso8601) else {
            throw manifest["pulled"].invalid("must be a date such as 2026-01-31T12:00:00Z")
        }
        self.date = date
        folder = try manifest["folder"].string()
        guard RepositoryPath.isSafe(folder[...]) else {
            throw manifest["folder"].invalid("must be the name of a folder")
        }
        files = try manifest["files"].array().map { file in
            File(
                path: try RepositoryPath(try file["path"].string()),
                size: try Answers.size(file["size"]), sha256: try Answers.sha256(file["sha256"]))
        }
        guard !files.isEmpty else { throw manifest["files"].invalid("must name a file") }
    }

    init(
        name: String, source: String, revision: String?, kind: ModelFiles.Kind,
        quantization: String?, date: Date, files: [File], folder: String
    ) {
        self.name = name
        self.source = source
        self.revision = revision
        self.kind = kind
        self.quantization = quantization
        self.date = date
        self.files = files
        self.folder = folder
    }

    /// What somebody may call it, the full name first: without the host, without the organization.
    var names: [String] {
        var names = [name]
        var rest = name[...]
        if let mark = rest.firstRange(of: "://") { rest = rest[mark.upperBound...] }
        while let slash = rest.firstIndex(of: "/") {
            rest = rest[rest.index(after: slash)...]
            names.append(String(rest))
        }
        if let short = names.last, short.lowercased().hasSuffix(".gguf") {
            names.append(String(short.dropLast(5)))
        }
        if name.hasPrefix("ollama.com/"), let short = names.last { names.append("ollama:\(short)") }
        return names
    }

    /// The last part of the name, such as `Qwen3-0.6B-GGUF:Q4_K_M`: short, and what clients call it.
    package var shortName: String {
        name.split(separator: "/").last.map { part in
            String(part.lowercased().hasSuffix(".gguf") ? part.dropLast(5) : part)
        } ?? name
    }
}
