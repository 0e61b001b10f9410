import StructuredJSON

/// Addresses and manifests of Ollama's registry: an OCI registry whose layers are files.
///
/// <https://github.com/opencontainers/distribution-spec>
enum OllamaRegistry {
    static let endpoint = "https://registry.ollama.ai"
    static let manifestType = "application/vnd.docker.distribution.manifest.v2+json"

    static func manifestURL(_ endpoint: String, _ name: ModelName) -> String {
        "\(endpoint)/v2/\(name.repository)/manifests/\(name.selector ?? "latest")"
    }

    /// The layers as the files of one model: the weights first, text that belongs to them beside.
    static func model(
        _ bytes: [UInt8], endpoint: String, name: ModelName, from what: String
    ) throws(HubError) -> ModelFiles {
        var weights: [RemoteFile] = []
        var beside: [RemoteFile] = []
        let model = name.repository.split(separator: "/").last ?? "model"
        let tag = name.selector ?? "latest"
        try Answers.reading(what) {
            for layer in try Answers.json(bytes, from: what)["layers"].array() {
                let type = try layer["mediaType"].string()
                let kind = type.split(separator: ";").first.map(String.init) ?? type
                guard let stored = fileName(kind, "\(model)-\(tag)", beside) else { continue }
                let file = try file(layer, storedAs: stored, endpoint, name)
                if stored.hasSuffix(".gguf") { weights.append(file) } else { beside.append(file) }
            }
        }
        guard weights.count == 1 else {
            throw HubError(
                .noChoice,
                weights.isEmpty
                    ? "\(name) has no GGUF file; it may run only on Ollama's own servers"
                    : "\(name) is made of \(weights.count) weight files, which is not understood")
        }
        return ModelFiles(
            kind: .gguf, tag: tag, quantization: QuantizationLabel.label(inName: tag),
            files: weights + beside)
    }

    /// The name that a layer gets as a file; `nil` for layers that are of no use here.
    private static func fileName(
        _ mediaType: String, _ model: String, _ others: [RemoteFile]
    ) -> String? {
        guard mediaType.hasPrefix("application/vnd.ollama.image.") else { return nil }
        let base: String
        switch mediaType.dropFirst("application/vnd.ollama.image.".count) {
        case "model": return "\(model).gguf"
        case "template": base = "template.txt"
        case "system": base = "system.txt"
        case "params": base = "params.json"
        case "messages": base = "messages.json"
        case "license": base = "LICENSE"
        default: return nil
        }
        let names = Set(others.map(\.storedPath.text))
        guard names.contains(base) else { return base }
        return (2...).lazy.map { "\(base).\($0)" }.first { !names.contains($0) }
    }

    private static func file(
        _ layer: JSONField, storedAs name: String, _ endpoint: String, _ model: ModelName
    ) throws -> RemoteFile {
        let digest = try layer["digest"].string()
        guard digest.hasPrefix("sha256:"), SHA256Text.isValid(String(digest.dropFirst(7))) else {
            throw layer["digest"].invalid("must be sha256: and 64 hexadecimal digits")
        }
        return RemoteFile(
            path: try RepositoryPath(name), size: try Answers.size(layer["size"]),
            sha256: String(digest.dropFirst(7)),
            url: "\(endpoint)/v2/\(model.repository)/blobs/\(digest)")
    }
}
