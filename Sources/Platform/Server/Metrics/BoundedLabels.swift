import Synchronization

/// Keeps the number of series finite, whatever keys and models come and go.
///
/// Names beyond the first few hundred share the label `other`.
final class BoundedLabels: Sendable {
    private struct State {
        var keys: Set<String> = []
        var models: Set<String> = []
    }

    private static let mostKeys = 200
    private static let mostModels = 50

    private let state = Mutex(State())

    func labels(key: String, model: String) -> (key: String, model: String) {
        state.withLock { state in
            (
                Self.label(key, &state.keys, most: Self.mostKeys),
                Self.label(model, &state.models, most: Self.mostModels)
            )
        }
    }

    private static func label(_ name: String, _ known: inout Set<String>, most: Int) -> String {
        if known.contains(name) { return name }
        guard known.count < most else { return "other" }
        known.insert(name)
        return name
    }
}
