/// Finds the files that a name means in a repository's listing.
///
/// A pure function of name, listing and memory.
package struct FileChoice {
    private let name: ModelName
    /// Bytes of memory that a model may fill.
    private let memory: Int
    private let candidates: [ModelFiles]
    private let folder: ModelFiles?

    /// `memory` is the machine's, in bytes; files that fill more than 80 % of it are only taken on demand.
    package init(name: ModelName, listing: [RemoteFile], memory: Int) {
        self.name = name
        self.memory = memory / 5 * 4
        candidates = Self.models(in: listing)
        folder = SafetensorsFolder.model(in: listing)
    }

    /// - Throws: ``HubError`` that lists what there is, nearest first.
    package func choose() throws(HubError) -> ModelFiles {
        guard let selector = name.selector else { return try chooseBest() }
        if selector.lowercased() == "safetensors" {
            guard let folder else { throw nothing("has no folder of safetensors files") }
            return folder
        }
        let exact = candidates.filter { Self.isFile($0, selector) }
        let found =
            exact.isEmpty
            ? candidates.filter { QuantizationLabel.matches(selector, $0.quantization) } : exact
        // Q4_K_XL means both Q4_K_XL and UD-Q4_K_XL, but rather what is called exactly so.
        let literal = found.filter { $0.quantization == selector.uppercased() }
        return try only(literal.isEmpty ? found : literal, selector)
    }

    private func chooseBest() throws(HubError) -> ModelFiles {
        guard !candidates.isEmpty else {
            guard let folder else { throw nothing("has neither a GGUF file nor safetensors files") }
            return folder
        }
        let fitting = candidates.filter { $0.size <= memory }
        let pool = fitting.isEmpty ? candidates : fitting
        let best = pool.map { QuantizationLabel.rank($0.quantization) }.min() ?? 0
        return try only(pool.filter { QuantizationLabel.rank($0.quantization) == best }, nil)
    }

    private func only(_ found: [ModelFiles], _ selector: String?) throws(HubError) -> ModelFiles {
        if found.count == 1 { return found[0] }
        let wanted = selector ?? found.first?.quantization ?? "this name"
        if found.isEmpty {
            throw nothing("has nothing that \(RepositoryPath.printable(wanted)) names")
        }
        let files = found.map { "  \(prefix):\($0.files[0].path)" }
        throw HubError(
            .noChoice,
            "\(found.count) models of \(prefix) are \(wanted); name one by its file:\n"
                + files.joined(separator: "\n"))
    }

    private var prefix: String { "\(name.source.rawValue)/\(name.repository)" }

    private func nothing(_ what: String) -> HubError {
        var choices = candidates.map { model in
            model.quantization.map { ":\($0)" } ?? ":\(model.files[0].path)"
        }
        if folder != nil { choices.append(":safetensors") }
        let sorted = NearestNames.sorted(
            Array(Set(choices)).sorted(), like: name.selector ?? "Q4_K_M")
        let list =
            sorted.isEmpty
            ? ""
            : "; there is " + sorted.prefix(20).joined(separator: ", ")
                + (sorted.count > 20 ? " and \(sorted.count - 20) more" : "")
        return HubError(.noChoice, "\(prefix) \(what)\(list)")
    }

    /// Whether the selector is the name or the path of the model's first file, with or without extension.
    private static func isFile(_ model: ModelFiles, _ selector: String) -> Bool {
        let path = model.files[0].path
        let wanted = selector.lowercased()
        return [path.text, String(path.name), GGUFName(path.name).stem].contains {
            $0.lowercased() == wanted
        }
    }

    // MARK: Grouping

    /// The models among the files: whole ones, and split ones with all their parts.
    private static func models(in listing: [RemoteFile]) -> [ModelFiles] {
        var order: [String] = []
        var groups: [String: [Int: RemoteFile]] = [:]
        var counts: [String: Int] = [:]
        for file in listing where isModel(file.path) {
            let name = GGUFName(file.path.name)
            let folder = file.path.components.dropLast().joined(separator: "/")
            let key = "\(folder)/\(name.stem)/\(name.part?.count ?? 0)"
            if groups[key] == nil { order.append(key) }
            groups[key, default: [:]][name.part?.number ?? 1] = file
            counts[key] = name.part?.count ?? 1
        }
        var models = order.compactMap { key -> ModelFiles? in
            guard let parts = groups[key], parts.count == counts[key] else { return nil }
            let files = parts.sorted { $0.key < $1.key }.map(\.value)
            let label = QuantizationLabel.label(in: files[0].path)
            return ModelFiles(kind: .gguf, tag: label ?? "", quantization: label, files: files)
        }
        // Where a quantization does not tell models apart, their files' names must.
        let shared = Dictionary(grouping: models, by: \.tag).filter { $0.value.count > 1 }
        for index in models.indices
        where models[index].tag.isEmpty || shared[models[index].tag] != nil {
            models[index].tag = GGUFName(models[index].files[0].path.name).stem
        }
        return models
    }

    /// A GGUF file that is a model of its own: no vision projector, no importance matrix.
    private static func isModel(_ path: RepositoryPath) -> Bool {
        let name = path.name.lowercased()
        return name.hasSuffix(".gguf") && !name.contains("mmproj") && !name.contains("imatrix")
    }
}
