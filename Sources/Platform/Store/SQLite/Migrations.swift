import GRDB

/// How the tables came to be, step by step; a step that has been released never changes.
enum Migrations {
    static var all: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 keys and usage") { database in
            try database.execute(
                sql: """
                    CREATE TABLE keys (
                        id TEXT PRIMARY KEY NOT NULL,
                        name TEXT NOT NULL,
                        hash TEXT NOT NULL UNIQUE,
                        prefix TEXT NOT NULL,
                        role TEXT NOT NULL CHECK (role IN ('user', 'admin')),
                        priority TEXT NOT NULL
                            CHECK (priority IN ('batch', 'normal', 'interactive')),
                        weight REAL NOT NULL CHECK (weight > 0),
                        requests_per_minute INTEGER CHECK (requests_per_minute > 0),
                        tokens_per_minute INTEGER CHECK (tokens_per_minute > 0),
                        concurrency INTEGER CHECK (concurrency > 0),
                        created INTEGER NOT NULL,
                        expires INTEGER,
                        revoked INTEGER
                    );
                    -- A revoked key's name is free again.
                    CREATE UNIQUE INDEX keys_by_name ON keys (name) WHERE revoked IS NULL;
                    CREATE TABLE key_models (
                        key TEXT NOT NULL REFERENCES keys (id) ON DELETE CASCADE,
                        model TEXT NOT NULL,
                        PRIMARY KEY (key, model)
                    ) WITHOUT ROWID;
                    CREATE TABLE usage (
                        key TEXT NOT NULL,
                        day INTEGER NOT NULL,
                        model TEXT NOT NULL,
                        requests INTEGER NOT NULL,
                        prompt_tokens INTEGER NOT NULL,
                        completion_tokens INTEGER NOT NULL,
                        cached_tokens INTEGER NOT NULL,
                        PRIMARY KEY (key, day, model)
                    ) WITHOUT ROWID;
                    """)
        }
        return migrator
    }
}
