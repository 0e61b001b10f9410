import Architectures
package import CompletionAPI
import Synchronization

/// Which adapters are offered, whether or not the models that they change are loaded now.
final class AdapterDirectory: Sendable {
    struct Entry: Sendable {
        let name: String
        let path: String
        /// The model that it changes.
        let base: String
    }

    /// In the order in which they came.
    private let entries = Mutex<[Entry]>([])

    var all: [Entry] {
        entries.withLock { $0 }
    }

    subscript(name: String) -> Entry? {
        all.first { $0.name == name }
    }

    func add(_ entry: Entry) {
        entries.withLock { $0.append(entry) }
    }

    func remove(_ name: String) {
        entries.withLock { entries in entries.removeAll { $0.name == name } }
    }
}

extension LocalBackend {
    /// Reads an adapter, loading the model that it changes if need be, and offers it under a name.
    ///
    /// It is read again whenever that model is loaded again. Without a `base` there must be one model that writes text.
    @concurrent
    package func addAdapter(_ name: String, at path: String, to base: String?) async throws
        -> ModelDescription
    {
        let generators = registry.descriptions.filter { $0.task == .generation }.map(\.name)
        guard let base = base ?? (generators.count == 1 ? generators.first : nil) else {
            throw AdapterError(
                code: .unknownModel,
                message: """
                    say which model the adapter changes: \(generators.joined(separator: ", "))
                    """)
        }
        guard registry.description(of: name) == nil, adapters[name] == nil else {
            throw AdapterError.taken(name)
        }
        let lease = try await acquire(base, for: .generation)
        defer { lease.end() }
        guard case .generator(let model) = lease.engine else {
            throw CompletionError.unknownModel(base, known: generators)
        }
        let added = try model.addAdapter(name, at: path)
        adapters.add(AdapterDirectory.Entry(name: name, path: path, base: base))
        return added
    }

    /// Offers an adapter no more; answers that use it end as they would have.
    package func removeAdapter(_ name: String) async throws {
        guard adapters[name] != nil else {
            let names = adapters.all.map { "\"\($0.name)\"" }.joined(separator: ", ")
            throw AdapterError(
                code: .notFound,
                message:
                    "no adapter is named \"\(name)\"; there are: \(names.isEmpty ? "none" : names)")
        }
        adapters.remove(name)
        // One whose model was loaded again since, and that nobody has asked for, is not in memory.
        if let holder = registry.generators.first(where: { $0.adapterShelf[name] != nil }) {
            try holder.removeAdapter(name)
        }
    }

    /// Adapters as clients see them.
    var adapterDescriptions: [ModelDescription] {
        let loaded = registry.generators.flatMap(\.adapters)
        return adapters.all.compactMap { entry in
            if let description = loaded.first(where: { $0.name == entry.name }) {
                return description
            }
            var description = registry.description(of: entry.base)
            description?.name = entry.name
            description?.summary = "LoRA for \(entry.base)"
            description?.parent = entry.base
            return description
        }
    }

    /// The adapter of a loaded model, read again where the model was loaded again since.
    func adapter(_ name: String, of model: LoadedModel) throws -> Adapter {
        if let adapter = model.adapterShelf[name] { return adapter }
        guard let entry = adapters[name] else {
            throw CompletionError.unknownModel(name, known: registry.descriptions.map(\.name))
        }
        do {
            _ = try model.addAdapter(name, at: entry.path)
        } catch {
            // Another request may have been faster.
            guard error.code == .nameTaken else { throw error }
        }
        guard let adapter = model.adapterShelf[name] else {
            throw CompletionError.unknownModel(name, known: registry.descriptions.map(\.name))
        }
        return adapter
    }
}

extension AdapterError {
    /// In words for clients and administrators alike.
    package var completionError: CompletionError {
        switch code {
        case .notFound, .unknownModel:
            CompletionError(code: .modelNotFound, message: message, field: "model")
        case .nameTaken, .invalidName, .invalidFile:
            CompletionError(code: .invalidRequest, message: message, field: "lora_name")
        }
    }
}
