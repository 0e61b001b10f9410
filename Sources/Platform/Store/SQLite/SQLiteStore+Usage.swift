import GRDB

extension SQLiteStore {
    package func add(_ usage: [UsageCount]) async throws {
        guard !usage.isEmpty else { return }
        try await write { database in
            let statement = try database.makeStatement(
                sql: """
                    INSERT INTO usage (key, day, model, requests, prompt_tokens, completion_tokens, cached_tokens)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    ON CONFLICT (key, day, model) DO UPDATE SET
                        requests = requests + excluded.requests,
                        prompt_tokens = prompt_tokens + excluded.prompt_tokens,
                        completion_tokens = completion_tokens + excluded.completion_tokens,
                        cached_tokens = cached_tokens + excluded.cached_tokens
                    """)
            for count in usage {
                try statement.execute(arguments: [
                    count.key, count.day, count.model, count.requests, count.promptTokens,
                    count.completionTokens, count.cachedTokens,
                ])
            }
        }
    }

    package func usage(ofKey id: String?, since day: Int) async throws -> [UsageCount] {
        try await read { database in
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT * FROM usage WHERE day >= ?1 AND (?2 IS NULL OR key = ?2)
                    ORDER BY day, key, model
                    """, arguments: [day, id])
            return rows.map { row in
                UsageCount(
                    key: row["key"], day: row["day"], model: row["model"],
                    requests: row["requests"], promptTokens: row["prompt_tokens"],
                    completionTokens: row["completion_tokens"],
                    cachedTokens: row["cached_tokens"])
            }
        }
    }
}
