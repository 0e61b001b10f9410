import Foundation
import GRDB
import Store
import Testing

/// A store in a folder of its own.
private func temporaryStore() throws -> SQLiteStore {
    try SQLiteStore(path: temporaryPath())
}

private func temporaryPath() -> String {
    FileManager.default.temporaryDirectory.path + "/berth-store-\(UUID().uuidString)/new/s.sqlite"
}

private func key(_ name: String, created: Int = 1000) -> APIKey {
    APIKey(id: APIKey.randomID(), name: name, prefix: "berth-\(name)", created: created)
}

@Suite("The store keeps keys")
struct KeyStoreTests {
    @Test("A key is found by the hash of its secret, with everything that was said about it")
    func roundTrip() async throws {
        let store = try temporaryStore()
        #expect(try await !store.hasKeys())
        let secret = KeySecret.random()
        let key = APIKey(
            id: APIKey.randomID(), name: "büro", prefix: secret.prefix, role: .admin,
            priority: .batch, weight: 2.5,
            limits: .init(requestsPerMinute: 60, tokensPerMinute: 90_000, concurrency: 4),
            models: ["a", "b/c"], created: 1000, expires: 2000)
        try await store.insert(key, hash: secret.hash)
        #expect(try await store.key(hash: secret.hash) == key)
        #expect(try await store.key(hash: KeySecret.random().hash) == nil)
        #expect(try await store.keys() == [key])
        #expect(try await store.hasKeys())
    }

    @Test("The file holds no secret")
    func noSecret() async throws {
        let store = try temporaryStore()
        let secret = KeySecret.random()
        try await store.insert(key("one"), hash: secret.hash)
        for suffix in ["", "-wal"] {
            guard let data = FileManager.default.contents(atPath: store.path + suffix) else {
                continue
            }
            #expect(data.firstRange(of: Data(secret.text.utf8)) == nil)
        }
    }

    @Test(
        "The hash is SHA-256",
        arguments: [
            // FIPS 180-2, appendix B.1.
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ])
    func hash(secret: String, expected: String) {
        #expect(SecretHash(of: secret).hexadecimal == expected)
    }

    @Test("Secrets begin with berth-, hold 256 bits and differ")
    func secrets() {
        let secrets = (0..<200).map { _ in KeySecret.random() }
        #expect(Set(secrets.map(\.text)).count == 200)
        #expect(secrets.allSatisfy { $0.text.hasPrefix("berth-") && $0.text.count == 49 })
        #expect(secrets.allSatisfy { $0.text.hasPrefix($0.prefix) && $0.prefix.count == 14 })
    }

    @Test("Another connection sees a key at once, and at once that it is revoked")
    func twoProcesses() async throws {
        let server = try temporaryStore()
        let commands = try SQLiteStore(path: server.path)
        let hash = KeySecret.random().hash
        try await commands.insert(key("one"), hash: hash)
        #expect(try await server.key(hash: hash)?.isUsable(at: 1500) == true)
        _ = try await commands.revokeKey("one", at: 1200)
        #expect(try await server.key(hash: hash)?.isUsable(at: 1500) == false)
        // A revoked key still closes the door for those without one.
        #expect(try await server.hasKeys())
    }

    @Test("A key is revoked by id, prefix or name, and only once", arguments: 0..<3)
    func revoking(way: Int) async throws {
        let store = try temporaryStore()
        let key = key("one")
        try await store.insert(key, hash: KeySecret.random().hash)
        let reference = [key.id, key.prefix, key.name][way]
        #expect(try await store.revokeKey(reference, at: 5).revoked == 5)
        #expect(try await store.revokeKey(reference, at: 6).revoked == 5)
        await #expect { try await store.revokeKey("two", at: 7) } throws: {
            ($0 as? StoreError)?.code == .unknownKey
        }
    }

    @Test("A name is taken until its key is revoked")
    func names() async throws {
        let store = try temporaryStore()
        try await store.insert(key("one"), hash: KeySecret.random().hash)
        await #expect {
            try await store.insert(key("one"), hash: KeySecret.random().hash)
        } throws: {
            ($0 as? StoreError)?.code == .nameTaken
        }
        _ = try await store.revokeKey("one", at: 5)
        try await store.insert(key("one", created: 2000), hash: KeySecret.random().hash)
        #expect(try await store.revokeKey("one", at: 6).created == 2000)
        #expect(try await store.keys().map(\.revoked) == [5, 6])
    }

    @Test("An id means its key, whatever other keys are called")
    func exactID() async throws {
        let store = try temporaryStore()
        let one = key("one")
        try await store.insert(one, hash: KeySecret.random().hash)
        for name in [one.id, one.prefix, "key_", "berth-x"] {
            await #expect {
                try await store.insert(key(name), hash: KeySecret.random().hash)
            } throws: {
                ($0 as? StoreError)?.code == .invalidValue
            }
        }
        // From a time when such names were taken.
        let other = key("other")
        try await store.insert(other, hash: KeySecret.random().hash)
        try await DatabaseQueue(path: store.path).write { database in
            try database.execute(
                sql: "UPDATE keys SET name = ? WHERE id = ?", arguments: [one.id, other.id])
        }
        #expect(try await store.revokeKey(one.id, at: 5).name == "one")
        #expect(try await store.keys().map(\.revoked) == [5, nil])
    }

    @Test("A key expires at its time")
    func expiry() {
        var key = key("one")
        key.expires = 2000
        #expect(key.isUsable(at: 1999) && !key.isUsable(at: 2000))
    }

    @Test("Values that make no sense are refused")
    func invalid() async throws {
        let store = try temporaryStore()
        let changes: [(inout APIKey) -> Void] = [
            { $0.name = "" }, { $0.name = "a\nb" }, { $0.weight = 0 }, { $0.weight = .nan },
            { $0.limits.requestsPerMinute = 0 }, { $0.limits.concurrency = -1 },
            { $0.limits.tokensPerMinute = Int.max }, { $0.expires = 999 }, { $0.models = [""] },
        ]
        for change in changes {
            var key = key("one")
            change(&key)
            let wrong = key
            await #expect { try await store.insert(wrong, hash: KeySecret.random().hash) } throws: {
                ($0 as? StoreError)?.code == .invalidValue
            }
        }
        #expect(try await store.keys().isEmpty)
    }
}

@Suite("The store counts")
struct UsageStoreTests {
    @Test("Counts of one key, day and model add up; others stay apart")
    func adding() async throws {
        let store = try temporaryStore()
        let count = UsageCount(
            key: "k", day: 20_000, model: "m", requests: 1, promptTokens: 10, completionTokens: 5,
            cachedTokens: 2)
        var other = count
        other.model = "n"
        var later = count
        later.day += 1
        try await store.add([count, other])
        try await store.add([count, later])
        var twice = count
        (twice.requests, twice.promptTokens, twice.completionTokens, twice.cachedTokens) = (
            2, 20, 10, 4
        )
        #expect(try await store.usage(ofKey: nil, since: 0) == [twice, other, later])
        #expect(try await store.usage(ofKey: "k", since: 20_001) == [later])
        #expect(try await store.usage(ofKey: "", since: 0).isEmpty)
    }

    @Test(
        "A day begins at midnight UTC",
        arguments: [
            (0, 0), (86_399, 0), (86_400, 1), (-1, -1), (-86_400, -1), (-86_401, -2),
        ])
    func days(time: Int, day: Int) {
        #expect(UsageCount.day(of: time) == day)
    }
}

@Suite("The store's file")
struct StoreFileTests {
    @Test("Folder and file are made for their owner only")
    func permissions() throws {
        let store = try temporaryStore()
        let folder = URL(filePath: store.path).deletingLastPathComponent().path
        for (path, mode) in [(folder, 0o700), (store.path, 0o600)] {
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect((attributes[.posixPermissions] as? Int ?? 0) & 0o777 == mode)
        }
    }

    @Test("What is no database, a folder and a later version's file are errors that name the file")
    func damaged() throws {
        let store = try temporaryStore()
        let folder = URL(filePath: store.path).deletingLastPathComponent()
        let text = folder.appending(path: "text").path
        try Data("not a database, but long enough to have a header".utf8).write(
            to: URL(filePath: text))
        let later = folder.appending(path: "later").path
        let queue = try DatabaseQueue(path: later)
        var migrator = DatabaseMigrator()
        migrator.registerMigration("999 from the future") { _ in }
        try migrator.migrate(queue)
        let cases: [(String, StoreError.Code)] = [
            (text, .damaged), (folder.path, .unavailable), (later, .tooNew),
            ("/proc/no/such/place.sqlite", .unavailable),
        ]
        for (path, code) in cases {
            let error = #expect(throws: StoreError.self) { try SQLiteStore(path: path) }
            #expect(error?.code == code, "\(path): \(String(describing: error))")
            #expect(error?.message.contains(path) == true)
        }
    }

    @Test(
        "The default place follows the environment",
        arguments: [
            (["BERTH_STORE": "/s/x.db", "BERTH_HOME": "/b"], "/s/x.db"),
            (["BERTH_HOME": "/b", "XDG_DATA_HOME": "/d"], "/b/berth.sqlite"),
            (["XDG_DATA_HOME": "/d", "HOME": "/h"], "/d/berth/berth.sqlite"),
            (["XDG_DATA_HOME": "d", "HOME": "/h"], "/h/.local/share/berth/berth.sqlite"),
            (["HOME": ""], "/home/me/.local/share/berth/berth.sqlite"),
        ])
    func place(environment: [String: String], path: String) {
        #expect(StorePlace.path(environment, home: "/home/me") == path)
    }
}
