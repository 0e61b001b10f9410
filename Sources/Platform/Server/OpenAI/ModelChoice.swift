import CompletionAPI

extension CompletionBackend {
    /// The model that a request names, or the first that is made for the task where it names none.
    ///
    /// A model of another kind is refused here; names that nobody knows are left to the backend.
    func modelName(_ requested: String?, for task: ModelTask) async throws -> String {
        let models = await models()
        let fitting = models.filter { $0.task == task }
        if let requested {
            if let model = models.first(where: { $0.name == requested }), model.task != task {
                throw CompletionError(
                    code: .invalidRequest,
                    message: """
                        model "\(requested)" is made for \(model.task.rawValue), not for \(task.rawValue); \
                        \(Self.list(fitting, for: task))
                        """, field: "model")
            }
            return requested
        }
        guard let model = fitting.first else {
            throw CompletionError(
                code: .modelNotFound,
                message: models.isEmpty ? "no model is loaded" : Self.list(fitting, for: task),
                field: "model")
        }
        return model.name
    }

    private static func list(_ models: [ModelDescription], for task: ModelTask) -> String {
        let names = models.map { "\"\($0.name)\"" }.joined(separator: ", ")
        return models.isEmpty
            ? "no model for \(task.rawValue) is loaded" : "loaded for \(task.rawValue): \(names)"
    }
}
