package import StructuredJSON
import Synchronization

/// An answer that is kept, to be read and gone on from.
package struct StoredResponse: Sendable, Equatable {
    package var id: String
    /// The response as its client got it.
    package var object: JSONValue
    /// The items of its own request.
    package var input: [JSONValue]
    /// The answer that it went on from.
    package var previous: String?

    package init(id: String, object: JSONValue, input: [JSONValue], previous: String? = nil) {
        self.id = id
        self.object = object
        self.input = input
        self.previous = previous
    }
}

/// Where answers are kept; each tenant sees its own only.
package protocol ResponseStore: Sendable {
    func save(_ response: StoredResponse, for tenant: String) async throws
    /// `nil` where there is none of that id, or none any more.
    func response(_ id: String, for tenant: String) async throws -> StoredResponse?
    /// False where there was none.
    func delete(_ id: String, for tenant: String) async throws -> Bool
}

/// Keeps answers as long as the server runs, and drops those that were not asked for the longest when there are too many.
package final class MemoryResponseStore: ResponseStore {
    private struct Key: Hashable {
        var tenant: String
        var id: String
    }

    private struct Entry {
        var response: StoredResponse
        var bytes: Int
        /// When it was last saved or asked for, counted in calls.
        var lastUse: Int
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        var bytes = 0
        var uses = 0

        mutating func remove(_ key: Key) -> Bool {
            guard let entry = entries.removeValue(forKey: key) else { return false }
            bytes -= entry.bytes
            return true
        }
    }

    private let mostResponses: Int
    private let mostBytes: Int
    private let state = Mutex(State())

    /// A store without answers; bytes are those of JSON text, and in memory it is a few times as much.
    package init(mostResponses: Int = 2048, mostBytes: Int = 32 << 20) {
        self.mostResponses = mostResponses
        self.mostBytes = mostBytes
    }

    package func save(_ response: StoredResponse, for tenant: String) async throws {
        let bytes = (response.input + [response.object]).reduce(0) {
            $0 + $1.serialized().utf8.count
        }
        let key = Key(tenant: tenant, id: response.id)
        state.withLock { state in
            _ = state.remove(key)
            state.uses += 1
            state.entries[key] = Entry(response: response, bytes: bytes, lastUse: state.uses)
            state.bytes += bytes
            while state.entries.count > mostResponses || state.bytes > mostBytes,
                let oldest = state.entries.min(by: { $0.value.lastUse < $1.value.lastUse })
            {
                _ = state.remove(oldest.key)
            }
        }
    }

    package func response(_ id: String, for tenant: String) async throws -> StoredResponse? {
        state.withLock { state in
            let key = Key(tenant: tenant, id: id)
            guard let entry = state.entries[key] else { return nil }
            state.uses += 1
            state.entries[key]?.lastUse = state.uses
            return entry.response
        }
    }

    package func delete(_ id: String, for tenant: String) async throws -> Bool {
        state.withLock { $0.remove(Key(tenant: tenant, id: id)) }
    }
}
