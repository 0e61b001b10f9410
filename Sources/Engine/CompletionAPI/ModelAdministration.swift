/// What those who run a server do with its models.
///
/// Errors are ``CompletionError``s in words for them.
package protocol ModelAdministration: Sendable {
    /// What all models together may take and do take.
    func memory() async -> ModelMemoryReport

    /// Loads a model that is known, or that lies where the operator allows models to be loaded from; returns when it is
    /// ready.
    func load(_ name: String) async throws -> ModelDescription

    /// Takes a model out of memory once the answers under way with it are done; returns at once.
    ///
    /// Requests that come meanwhile wait, and bring it back.
    func unload(_ name: String) async throws -> ModelDescription

    /// Says whether a model stays in memory when it is idle and when others need room.
    func pin(_ name: String, _ isPinned: Bool) async throws -> ModelDescription

    /// Reads a LoRA adapter from where the operator allows it, and offers it under a name.
    ///
    /// - `base`: the model that it changes; may be `nil` where only one writes text.
    func addAdapter(_ name: String, path: String, base: String?) async throws -> ModelDescription

    /// Offers an adapter no more; answers that use it end as they would have.
    func dropAdapter(_ name: String) async throws
}

/// Where a model stands, and what memory it takes.
package struct ModelResidencyReport: Sendable, Equatable {
    package enum State: String, Sendable {
        case unloaded
        /// Being loaded, or waiting for others to make room.
        case loading
        case ready
        /// Going as soon as the answers under way are done.
        case unloading
    }

    package var state: State
    /// Weights, KV cache and workspace: what a loaded model takes, and what another would.
    package var bytes: Int
    package var isPinned: Bool
    /// Requests that use it now.
    package var users: Int
    /// Seconds since 1970; `nil` for a model that nobody has used yet.
    package var lastUsedAt: Int?
    /// Seconds since 1970 when it is unloaded unless somebody uses it; `nil` where nothing does that.
    package var unloadsAt: Int?
    /// Why it could not be loaded when it last was to be.
    package var failure: String?

    package init(
        state: State = .ready, bytes: Int = 0, isPinned: Bool = false, users: Int = 0,
        lastUsedAt: Int? = nil, unloadsAt: Int? = nil, failure: String? = nil
    ) {
        self.state = state
        self.bytes = bytes
        self.isPinned = isPinned
        self.users = users
        self.lastUsedAt = lastUsedAt
        self.unloadsAt = unloadsAt
        self.failure = failure
    }
}

/// The memory of all models together.
package struct ModelMemoryReport: Sendable, Equatable {
    /// Most bytes that they may take; `nil` sets no limit.
    package var budget: Int?
    /// Bytes of what is loaded, being loaded and being unloaded.
    package var used: Int

    package init(budget: Int? = nil, used: Int = 0) {
        self.budget = budget
        self.used = used
    }
}
