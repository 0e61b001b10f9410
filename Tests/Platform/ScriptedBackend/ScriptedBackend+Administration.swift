package import CompletionAPI

/// Administration of models that are none: loading takes no time, and a model named "broken" cannot be loaded.
extension ScriptedBackend {
    package func memory() async -> ModelMemoryReport {
        let used = await models().reduce(0) {
            $0 + ($1.residency.state == .ready ? $1.residency.bytes : 0)
        }
        return ModelMemoryReport(budget: 8 << 30, used: used)
    }

    package func load(_ name: String) async throws -> ModelDescription {
        try change(name) { residency throws(CompletionError) in
            guard name != "broken" else {
                residency.failure = "broken.gguf: file cannot be opened"
                throw CompletionError(
                    code: .engineFailure, message: "model \"broken\" cannot be loaded")
            }
            residency.state = .ready
        }
    }

    package func unload(_ name: String) async throws -> ModelDescription {
        try change(name) { residency throws(CompletionError) in residency.state = .unloaded }
    }

    package func pin(_ name: String, _ isPinned: Bool) async throws -> ModelDescription {
        try change(name) { residency throws(CompletionError) in residency.isPinned = isPinned }
    }

    package func addAdapter(_ name: String, path: String, base: String?) async throws
        -> ModelDescription
    {
        guard !path.contains("secret") else {
            throw CompletionError(
                code: .invalidRequest, message: "\(path) is not allowed", field: "lora_path")
        }
        guard var description = await models().first else {
            throw CompletionError(code: .modelNotFound, message: "no model", field: "model")
        }
        description.parent = base ?? description.name
        description.name = name
        return description
    }

    package func dropAdapter(_ name: String) async throws {
        guard name != "unknown" else {
            throw CompletionError(code: .modelNotFound, message: "no adapter", field: "model")
        }
    }
}
