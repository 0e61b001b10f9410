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

    private func known(_ name: String) throws(CompletionError) -> ModelDescription {
        guard let description = registry.description(of: name) else {
            throw .unknownModel(name, known: registry.descriptions.map(\.name))
        }
        return description
    }
}
