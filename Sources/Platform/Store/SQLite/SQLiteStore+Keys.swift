import GRDB

extension SQLiteStore {
    package func hasKeys() async throws -> Bool {
        try await read { database in
            try Bool.fetchOne(database, sql: "SELECT EXISTS (SELECT 1 FROM keys)") ?? false
        }
    }

    package func key(hash: SecretHash) async throws -> APIKey? {
        try await read { database in
            try Self.keys(database, "WHERE hash = ?", [hash.hexadecimal]).first
        }
    }

    package func keys() async throws -> [APIKey] {
        try await read { database in
            try Self.keys(database, "ORDER BY created, rowid")
        }
    }

    package func insert(_ key: APIKey, hash: SecretHash) async throws {
        try key.validate()
        try await write { database in
            guard
                try Self.keys(database, "WHERE name = ? AND revoked IS NULL", [key.name]).isEmpty
            else {
                throw StoreError(
                    .nameTaken,
                    "there is a key \"\(key.name)\" already; revoke it or take another name")
            }
            try database.execute(
                sql: """
                    INSERT INTO keys (id, name, hash, prefix, role, priority, weight, requests_per_minute,
                        tokens_per_minute, concurrency, created, expires, revoked)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    key.id, key.name, hash.hexadecimal, key.prefix, key.role.rawValue,
                    key.priority.rawValue, key.weight, key.limits.requestsPerMinute,
                    key.limits.tokensPerMinute, key.limits.concurrency, key.created, key.expires,
                    key.revoked,
                ])
            for model in Set(key.models) {
                try database.execute(
                    sql: "INSERT INTO key_models (key, model) VALUES (?, ?)",
                    arguments: [key.id, model])
            }
        }
    }

    package func revokeKey(_ reference: String, at time: Int) async throws -> APIKey {
        try await write { database in
            let key = try Self.key(database, reference)
            try database.execute(
                sql: "UPDATE keys SET revoked = ? WHERE id = ? AND revoked IS NULL",
                arguments: [time, key.id])
            return try Self.key(database, key.id)
        }
    }

    /// The one key of that id, else of that prefix or name; of several with one name, the one that is not revoked.
    private static func key(_ database: Database, _ reference: String) throws -> APIKey {
        if let key = try keys(database, "WHERE id = ?", [reference]).first { return key }
        let matching = try keys(
            database, "WHERE prefix = ?1 OR name = ?1 ORDER BY created", [reference])
        let standing = matching.filter { $0.revoked == nil }
        let meant = matching.count == 1 ? matching : standing
        guard let key = meant.first else {
            throw StoreError(
                .unknownKey,
                matching.isEmpty
                    ? "there is no key \"\(reference)\"; berth keys list shows all of them"
                    : "every key \"\(reference)\" is revoked already")
        }
        guard meant.count == 1 else {
            throw StoreError(
                .unknownKey, "several keys are meant by \"\(reference)\"; name one by its id")
        }
        return key
    }

    private static func keys(
        _ database: Database, _ condition: String, _ arguments: StatementArguments = []
    ) throws -> [APIKey] {
        let rows = try Row.fetchAll(
            database, sql: "SELECT * FROM keys \(condition)", arguments: arguments)
        return try rows.map { row in
            let models = try String.fetchAll(
                database, sql: "SELECT model FROM key_models WHERE key = ? ORDER BY model",
                arguments: [row["id"] as String])
            return try APIKey(row, models: models)
        }
    }
}

extension APIKey {
    fileprivate init(_ row: Row, models: [String]) throws {
        let (role, priority): (String, String) = (row["role"], row["priority"])
        guard let role = Role(rawValue: role), let priority = Priority(rawValue: priority) else {
            throw StoreError(
                .damaged, "a key has the role \"\(role)\" and the priority \"\(priority)\"")
        }
        self.init(
            id: row["id"], name: row["name"], prefix: row["prefix"], role: role,
            priority: priority, weight: row["weight"],
            limits: Limits(
                requestsPerMinute: row["requests_per_minute"],
                tokensPerMinute: row["tokens_per_minute"], concurrency: row["concurrency"]),
            models: models, created: row["created"], expires: row["expires"],
            revoked: row["revoked"])
    }
}
