package import CompletionAPI

extension LocalBackend: ModelAdministration {
    package func memory() async -> ModelMemoryReport {
        registry.memory
    }

    @concurrent
    package func load(_ name: String) async throws -> ModelDescription {
        var name = name
        if registry.description(of: name) == nil, let source = try find(name) {
            guard registry.description(of: source.name) == nil else {
                throw CompletionError(
                    code: .invalidRequest,
                    message: """
                        a model is named "\(source.name)" already, and clients could not tell them apart; rename the file
                        """, field: "model")
            }
            registry.add(source)
            name = source.name
        }
        try await registry.acquire(name).end()
        return try known(name)
    }

    package func unload(_ name: String) async throws -> ModelDescription {
        _ = try known(name)
        registry.unload(name)
        return try known(name)
    }

    package func pin(_ name: String, _ isPinned: Bool) async throws -> ModelDescription {
        _ = try known(name)
        registry.pin(name, isPinned)
        return try known(name)
    }

    package func addAdapter(_ name: String, path: String, base: String?) async throws
        -> ModelDescription
    {
        guard allowsAdapter(path) else {
            throw CompletionError(
                code: .invalidRequest,
                message: """
                    adapters are loaded from the folders that the operator allows (--model-folder), \
                    and "\(path)" is in none of them
                    """, field: "lora_path")
        }
        do {
            return try await addAdapter(name, at: path, to: base)
        } catch let error as AdapterError {
            throw error.completionError
        }
    }

    package func dropAdapter(_ name: String) async throws {
        do {
            try await removeAdapter(name)
        } catch let error as AdapterError {
            throw error.completionError
        }
    }

    private func known(_ name: String) throws(CompletionError) -> ModelDescription {
        guard let description = registry.description(of: name) else {
            throw .unknownModel(name, known: registry.descriptions.map(\.name))
        }
        return description
    }
}
