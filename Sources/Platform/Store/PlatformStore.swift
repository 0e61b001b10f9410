/// What the platform remembers: keys, and what each has used.
///
/// One interface, so that another database can take the place of SQLite. Times are whole seconds since 1970. Every
/// method throws ``StoreError``, or `CancellationError` where its task is cancelled.
package protocol PlatformStore: Sendable {
    /// Whether there is or ever was a key; from then on requests need one.
    func hasKeys() async throws -> Bool

    /// The key whose secret has that hash, be it usable or not.
    func key(hash: SecretHash) async throws -> APIKey?

    /// All keys, oldest first.
    func keys() async throws -> [APIKey]

    /// Adds a key.
    ///
    /// - Throws: ``StoreError/Code/nameTaken`` where a key that is not revoked has that name.
    func insert(_ key: APIKey, hash: SecretHash) async throws

    /// Revokes the key of that id, prefix or name, for good.
    ///
    /// - Returns: the key as it now is; one that was revoked before keeps its time.
    /// - Throws: ``StoreError/Code/unknownKey`` where no single key is meant.
    func revokeKey(_ reference: String, at time: Int) async throws -> APIKey

    /// Adds counts to those of the same key, day and model.
    func add(_ usage: [UsageCount]) async throws

    /// The counts of a key since that day, or of every key; by day, key and model.
    func usage(ofKey id: String?, since day: Int) async throws -> [UsageCount]
}
