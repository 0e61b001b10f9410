import ArgumentParser
import Foundation
import Store
import StructuredJSON

extension APIKey.Priority: ExpressibleByArgument {}

struct Keys: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make, list and revoke keys for the server.",
        discussion: """
            As soon as there is a key, berth serve asks for one. A running server learns of changes with the next \
            request. Of a key's secret only a hash is kept, so it is shown once.
            """,
        subcommands: [Create.self, List.self, Revoke.self, Usage.self], defaultSubcommand: List.self
    )

    /// Which store.
    struct Place: ParsableArguments {
        @Option(
            help: ArgumentHelp(
                """
                The file that keeps keys (default: BERTH_STORE, or berth.sqlite in BERTH_HOME, or berth/berth.sqlite in \
                ~/.local/share).
                """, valueName: "FILE"))
        var store: String?

        func open() throws -> SQLiteStore {
            try SQLiteStore(
                path: store
                    ?? StorePlace.path(
                        ProcessInfo.processInfo.environment, home: NSHomeDirectory()))
        }
    }
}

extension Keys {
    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a key and print its secret, once.")

        @Argument(help: "Whose or what for; no two keys that are not revoked share a name.")
        var name: String

        @Flag(help: "May also use the routes of administration.")
        var admin = false

        @Option(help: "How large its part of the machine is beside other keys', 0.001 to 1000.")
        var weight = 1.0

        @Option(help: "How urgent its requests are; each may say that it is less.")
        var priority = APIKey.Priority.normal

        @Option(help: "Most requests a minute (default: any number).")
        var requestsPerMinute: Int?

        @Option(help: "Most tokens a minute, prompts and answers together (default: any number).")
        var tokensPerMinute: Int?

        @Option(help: "Most requests at the same time (default: any number).")
        var concurrency: Int?

        @Option(
            help: ArgumentHelp(
                "When it ends: a time such as 30d, 12h or 2027-01-31 (default: never).",
                valueName: "TIME"))
        var expires: String?

        @Option(
            help: ArgumentHelp(
                "A model that it may use; repeat it for several (default: all).",
                valueName: "MODEL"))
        var model: [String] = []

        @Flag(help: "Print the key and its secret as JSON.")
        var json = false

        @OptionGroup var place: Place

        func run() async throws {
            let now = Int(Date.now.timeIntervalSince1970)
            let secret = KeySecret.random()
            let key = APIKey(
                id: APIKey.randomID(), name: name, prefix: secret.prefix,
                role: admin ? .admin : .user, priority: priority, weight: weight,
                limits: APIKey.Limits(
                    requestsPerMinute: requestsPerMinute, tokensPerMinute: tokensPerMinute,
                    concurrency: concurrency),
                models: model, created: now,
                expires: try expires.map { try KeyTimes.end($0, now: now) })
            let store = try place.open()
            try await store.insert(key, hash: secret.hash)
            let isSomebodyAdmin = try await store.keys().contains { key in
                key.role == .admin && key.isUsable(at: now)
            }
            if !isSomebodyAdmin {
                StandardError.write(
                    """
                    note: no key is an admin's, so nobody can use /admin, /metrics or the console now; \
                    berth keys create NAME --admin makes one

                    """)
            }
            if json {
                var object = key.json(now: now)
                object["secret"] = .string(secret.text)
                return try StandardOutput.line(JSONValue.object(object).serialized(.pretty))
            }
            try StandardOutput.line(secret.text)
            StandardError.write(
                "The key \"\(name)\". It is not shown again; clients send it as Authorization: Bearer KEY.\n"
            )
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the keys, oldest first.")

        @Flag(help: "Print a JSON array with everything that is known.")
        var json = false

        @OptionGroup var place: Place

        func run() async throws {
            let now = Int(Date.now.timeIntervalSince1970)
            let keys = try await place.open().keys()
            if json {
                let array = JSONValue.array(keys.map { .object($0.json(now: now)) })
                return try StandardOutput.line(array.serialized(.pretty))
            }
            guard !keys.isEmpty else {
                StandardError.write("no keys: the server asks for none\n")
                return
            }
            let rows = keys.map { key in
                [
                    key.id, key.name, key.prefix + "…", key.role.rawValue, key.state(now: now),
                    key.limitsText, KeyTimes.day(key.created),
                    key.expires.map(KeyTimes.day) ?? "never",
                ]
            }
            let head = ["ID", "NAME", "KEY", "ROLE", "STATE", "LIMITS", "CREATED", "EXPIRES"]
            try Models.write(table: [head] + rows)
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Revoke a key for good; a running server refuses it with the next request.")

        @Argument(help: "A key's name, its id, or the beginning of its secret as list shows it.")
        var key: String

        @OptionGroup var place: Place

        func run() async throws {
            let reference = key.hasSuffix("…") ? String(key.dropLast()) : key
            let revoked = try await place.open().revokeKey(
                reference, at: Int(Date.now.timeIntervalSince1970))
            StandardError.write("revoked \"\(revoked.name)\" (\(revoked.id))\n")
        }
    }

    struct Usage: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what keys used, by day and model.")

        @Option(help: "How many days back, today included.")
        var days = 30

        @Flag(help: "Print a JSON array.")
        var json = false

        @OptionGroup var place: Place

        func validate() throws {
            guard (1...100_000).contains(days) else {
                throw ValidationError("--days must be 1 to 100000, got \(days).")
            }
        }

        func run() async throws {
            let store = try place.open()
            let today = UsageCount.day(of: Int(Date.now.timeIntervalSince1970))
            let counts = try await store.usage(ofKey: nil, since: today - days + 1)
            let names = Dictionary(
                try await store.keys().map { ($0.id, $0.name) }, uniquingKeysWith: { $1 })
            let rows = counts.map { count in
                (name: count.key.isEmpty ? "anonymous" : names[count.key] ?? count.key, count)
            }
            if json {
                let array = rows.map { name, count in
                    JSONValue.object([
                        "day": .string(KeyTimes.day(count.day * 86_400)), "key": .string(name),
                        "key_id": .string(count.key), "model": .string(count.model),
                        "requests": .integer(count.requests),
                        "prompt_tokens": .integer(count.promptTokens),
                        "completion_tokens": .integer(count.completionTokens),
                        "cached_tokens": .integer(count.cachedTokens),
                    ])
                }
                return try StandardOutput.line(JSONValue.array(array).serialized(.pretty))
            }
            let head = ["DAY", "KEY", "MODEL", "REQUESTS", "PROMPT", "CACHED", "COMPLETION"]
            try Models.write(
                table: [head]
                    + rows.map { name, count in
                        [
                            KeyTimes.day(count.day * 86_400), name, count.model,
                            "\(count.requests)", "\(count.promptTokens)", "\(count.cachedTokens)",
                            "\(count.completionTokens)",
                        ]
                    })
        }
    }
}

extension APIKey {
    fileprivate func state(now: Int) -> String {
        revoked != nil ? "revoked" : isUsable(at: now) ? "usable" : "expired"
    }

    /// For a column of a table.
    fileprivate var limitsText: String {
        let texts = [
            limits.requestsPerMinute.map { "\($0) requests/min" },
            limits.tokensPerMinute.map { "\($0) tokens/min" },
            limits.concurrency.map { "\($0) at a time" },
        ].compactMap(\.self)
        return texts.isEmpty ? "-" : texts.joined(separator: ", ")
    }

    fileprivate func json(now: Int) -> JSONObject {
        func number(_ value: Int?) -> JSONValue { value.map(JSONValue.integer) ?? .null }
        return [
            "id": .string(id), "name": .string(name), "prefix": .string(prefix),
            "role": .string(role.rawValue), "state": .string(state(now: now)),
            "priority": .string(priority.rawValue), "weight": .number(weight),
            "requests_per_minute": number(limits.requestsPerMinute),
            "tokens_per_minute": number(limits.tokensPerMinute),
            "concurrency": number(limits.concurrency),
            "models": .array(models.map(JSONValue.string)), "created": .integer(created),
            "expires": number(expires), "revoked": number(revoked),
        ]
    }
}

/// Times as `berth keys` reads and writes them.
enum KeyTimes {
    static func day(_ time: Int) -> String {
        String(Date(timeIntervalSince1970: Double(time)).ISO8601Format().prefix(10))
    }

    /// - Throws: `ValidationError` where it is no time to come.
    static func end(_ text: String, now: Int) throws -> Int {
        let units = ["m": 60, "h": 3600, "d": 86_400, "w": 604_800]
        if let unit = text.last.flatMap({ units[String($0)] }), let count = Int(text.dropLast()),
            (1...1_000_000).contains(count)
        {
            return now + count * unit
        }
        let whole = text.count == 10 ? text + "T00:00:00Z" : text
        guard let date = try? Date(whole, strategy: .iso8601),
            Int(date.timeIntervalSince1970) > now
        else {
            throw ValidationError(
                "--expires must be a time to come such as 30d, 12h, 2027-01-31 or "
                    + "2027-01-31T12:00:00Z, got \(text).")
        }
        return Int(date.timeIntervalSince1970)
    }
}
