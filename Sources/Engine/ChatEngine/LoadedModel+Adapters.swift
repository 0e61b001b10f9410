import Architectures
package import CompletionAPI

/// Why an adapter was not added or removed, in words for whoever runs the server.
package struct AdapterError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable {
        /// A model or an adapter has the name already.
        case nameTaken
        /// No adapter has the name.
        case notFound
        /// The name is empty.
        case invalidName
        /// The files are damaged, of another model, or ask for what Berth does not run.
        case invalidFile
        /// No model has the name, or several are loaded and none was named.
        case unknownModel
    }

    package let code: Code
    /// What is wrong and what to do.
    package let message: String

    package var description: String {
        message
    }
}

extension LoadedModel {
    /// Reads a LoRA adapter, a GGUF file or a folder as PEFT saves it, and offers it under a name; answers under way go on.
    ///
    /// Takes a second for hundreds of megabytes: not to be called on the cooperative pool.
    package func addAdapter(_ name: String, at path: String) throws(AdapterError)
        -> ModelDescription
    {
        guard !name.isEmpty else {
            throw AdapterError(
                code: .invalidName,
                message: "the adapter needs a name that requests can choose it by")
        }
        // Before the work, and once more when the name is given.
        guard name != description.name, adapterShelf[name] == nil else { throw .taken(name) }
        do {
            let adapter = try adapterShelf.read(path: path)
            guard adapterShelf.add(adapter, named: name) else { throw AdapterError.taken(name) }
        } catch let error as AdapterError {
            throw error
        } catch {
            throw AdapterError(code: .invalidFile, message: "\(error)")
        }
        guard let added = adapters.first(where: { $0.name == name }) else {
            throw .missing(name, of: self)
        }
        return added
    }

    /// Offers an adapter no more; answers that use it end as they would have.
    package func removeAdapter(_ name: String) throws(AdapterError) {
        guard adapterShelf.remove(name) else { throw .missing(name, of: self) }
    }

    /// The adapters that can be asked for, in the order in which they came.
    package var adapters: [ModelDescription] {
        adapterShelf.all.map { entry in
            var description = description
            description.name = entry.name
            description.summary = "LoRA of rank \(entry.adapter.rank) for \(self.description.name)"
            description.loadedAt = entry.loadedAt
            description.parent = self.description.name
            return description
        }
    }
}

extension AdapterError {
    static func taken(_ name: String) -> AdapterError {
        AdapterError(
            code: .nameTaken,
            message:
                "\"\(name)\" is the name of a model or an adapter already; choose another, or remove that one first"
        )
    }

    fileprivate static func missing(_ name: String, of model: LoadedModel) -> AdapterError {
        let names = model.adapters.map { "\"\($0.name)\"" }.joined(separator: ", ")
        return AdapterError(
            code: .notFound,
            message: """
                no adapter of \(model.description.name) is named "\(name)"; it has \(names.isEmpty ? "none" : names)
                """)
    }
}
