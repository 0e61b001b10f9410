import Architectures
import Foundation
import Synchronization
import Tensors

/// The adapters of one loaded model, by the names that clients choose them by.
///
/// One that is taken off stays in memory until the last answer that uses it has ended.
final class AdapterShelf: Sendable {
    struct Entry: Sendable {
        let name: String
        let adapter: Adapter
        /// Seconds since 1970.
        let loadedAt: Int
    }

    private let configuration: ModelConfiguration
    private let compute: Compute
    /// In the order in which they came.
    private let entries = Mutex<[Entry]>([])

    init(for configuration: ModelConfiguration, on compute: Compute) {
        self.configuration = configuration
        self.compute = compute
    }

    /// Reads and packs an adapter; steps of the model go on meanwhile.
    ///
    /// - Throws: `CheckpointError` or `ModelError`.
    func read(path: String) throws -> Adapter {
        try Adapter.load(path: path, for: configuration, on: compute)
    }

    /// False where the name is taken.
    func add(_ adapter: Adapter, named name: String) -> Bool {
        entries.withLock { entries in
            guard !entries.contains(where: { $0.name == name }) else { return false }
            entries.append(
                Entry(name: name, adapter: adapter, loadedAt: Int(Date().timeIntervalSince1970)))
            return true
        }
    }

    /// False where there is none of that name.
    func remove(_ name: String) -> Bool {
        entries.withLock { entries in
            guard let index = entries.firstIndex(where: { $0.name == name }) else { return false }
            entries.remove(at: index)
            return true
        }
    }

    var all: [Entry] {
        entries.withLock { $0 }
    }

    subscript(name: String) -> Adapter? {
        entries.withLock { entries in entries.first { $0.name == name }?.adapter }
    }
}
