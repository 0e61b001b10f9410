import Foundation
import ModelHub
import StructuredJSON
import Testing

@Suite("The store of models")
struct StoreTests {
    private static let hub = FakeHub(files: [
        "a-Q4_K_M.gguf": FakeHub.gguf(seed: 1), "a-Q8_0.gguf": FakeHub.gguf(seed: 2),
        "config.json": Array("{}".utf8), "model.safetensors": FakeHub.gguf(seed: 1),
    ])

    /// A store with two quantizations and a folder whose weights are the bytes of one of them.
    private static func filled(
        _ body: (PullTest) async throws -> Void
    ) async throws {
        try await ScriptedServer.run { request, _ in
            hub.reply(request)
        } _: { server in
            let test = try PullTest()
            let settings = try PullTest.settings(["HF_ENDPOINT": server.url])
            for tag in ["Q4_K_M", "Q8_0", "safetensors"] {
                try await test.pull("org/repo:\(tag)", settings)
            }
            try await body(test)
        }
    }

    @Test("Models are found by any ending of their name, in any case")
    func find() async throws {
        try await Self.filled { test in
            for text in [
                "hf.co/org/repo:Q8_0", "org/repo:q8_0", "repo:Q8_0", "HF.CO/ORG/REPO:Q8_0",
            ] {
                let found = try test.store.find(text)
                #expect(found.model.quantization == "Q8_0")
            }
            let folder = try test.store.find("repo:safetensors")
            #expect(folder.path.contains("/safetensors."))
            let many = #expect(throws: HubError.self) { try test.store.find("repo") }
            #expect(many?.message.contains("several models") == true)
            let none = #expect(throws: HubError.self) { try test.store.find("repo:Q4_K_S") }
            #expect(none?.message.contains("nearest are hf.co/org/repo:Q4_K_M") == true)
            for text in ["", "po:Q8_0", "../x", "hf.co"] {
                #expect(throws: HubError.self) { try test.store.find(text) }
            }
        }
    }

    @Test("Equal content is stored once, and stays until the last model that has it is removed")
    func sharing() async throws {
        try await Self.filled { test in
            #expect(test.blobs.count == 3)
            #expect(try test.store.remove(try test.store.find("repo:Q4_K_M")) == 0)
            #expect(test.blobs.count == 3)
            let left = try test.store.find("repo:safetensors")
            #expect(try test.store.verify(left) { _ in } == [])
            #expect(try test.store.remove(left) == 10_002)
            #expect(try test.store.remove(try test.store.find("repo:Q8_0")) == 10_000)
            #expect(test.blobs.isEmpty)
            #expect(test.store.list().models.isEmpty)
            #expect(!FileManager.default.fileExists(atPath: test.store.folder + "/hf.co"))
        }
    }

    @Test("Verification finds a changed byte, another length and a missing file")
    func verify() async throws {
        try await Self.filled { test in
            let entry = try test.store.find("repo:Q4_K_M")
            var last = 0
            #expect(try test.store.verify(entry) { last = $0 } == [])
            #expect(last == 10_000)
            var bytes = try test.bytes(entry.path)
            bytes[5000] ^= 1
            let manager = FileManager.default
            try manager.removeItem(atPath: entry.path)
            #expect(
                try test.store.verify(entry) { _ in }.map(\.message) == ["\(entry.path) is missing"]
            )
            try Data(bytes).write(to: URL(filePath: entry.path))
            #expect(try test.store.verify(entry) { _ in }[0].message.contains("has SHA-256"))
            try Data(bytes.dropLast()).write(to: URL(filePath: entry.path))
            #expect(try test.store.verify(entry) { _ in }[0].message.contains("9999 bytes"))
        }
    }

    @Test("What verification finds damaged is brought anew by the next pull")
    func repair() async throws {
        try await ScriptedServer.run { request, _ in
            Self.hub.reply(request)
        } _: { server in
            let test = try PullTest()
            let settings = try PullTest.settings(["HF_ENDPOINT": server.url])
            let names = ["org/repo:Q4_K_M", "org/repo:safetensors"]
            let entries = [
                try await test.pull(names[0], settings), try await test.pull(names[1], settings),
            ]
            let path = entries[0].path
            let bytes = try test.bytes(path)
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
            // In place: the content under its hash and in the other model is the same file.
            let handle = try FileHandle(forUpdating: URL(filePath: path))
            try handle.seek(toOffset: 5000)
            try handle.write(contentsOf: [bytes[5000] ^ 1])
            try handle.close()
            for (name, entry) in zip(names, entries) {
                #expect(try test.store.verify(entry) { _ in }.count == 1)
                let again = try await test.pull(name, settings)
                #expect(try test.store.verify(again) { _ in } == [])
            }
            #expect(try test.bytes(path) == bytes)
        }
    }

    @Test(
        "A manifest that cannot be trusted is reported and not used",
        arguments: [
            ("{", "cannot be read"), ("{}", "version is required"),
            (#"{"folder": "../../x"}"#, "folder"), (#"{"folder": ""}"#, "folder"),
            (#"{"files": []}"#, "files"), (#"{"pulled": "yesterday"}"#, "pulled"),
            (#"{"version": 2}"#, "version"),
            (#"{"files": [{"path": "../x", "size": 1, "sha256": "00"}]}"#, "stored safely"),
            (#"{"files": [{"path": "x", "size": 1, "sha256": "00"}]}"#, "sha256"),
        ])
    func damagedManifest(change: String, mention: String) async throws {
        try await Self.filled { test in
            let entry = try test.store.find("repo:Q8_0")
            var text = change
            if let fields = try? JSONValue(parsing: change).object, !fields.isEmpty {
                var manifest = try #require(entry.model.json.object)
                manifest.merge(fields) { _, new in new }
                text = JSONValue.object(manifest).serialized()
            }
            try Data(text.utf8).write(to: URL(filePath: entry.manifestPath))
            let list = test.store.list()
            #expect(list.models.count == 2)
            #expect(list.damaged.count == 1)
            #expect(list.damaged[0].message.contains(mention), "\(list.damaged)")
            #expect(list.damaged[0].message.contains(entry.manifestPath))
        }
    }

    @Test(
        "A model whose manifest is damaged is removed by its name or its manifest's path",
        arguments: ["repo:Q8_0", "hf.co/org/REPO:q8_0", ""])
    func removingDamaged(name: String) async throws {
        try await Self.filled { test in
            let entry = try test.store.find("repo:Q8_0")
            try Data("{".utf8).write(to: URL(filePath: entry.manifestPath))
            #expect(test.store.damagedManifest("repo:Q4_K_M") == nil)
            let path = test.store.damagedManifest(name.isEmpty ? entry.manifestPath : name)
            #expect(path == entry.manifestPath)
            try test.store.remove(damagedManifest: try #require(path))
            #expect(test.store.list().damaged.isEmpty)
            #expect(test.store.list().models.count == 2)
            #expect(!FileManager.default.fileExists(atPath: entry.filesFolder))
        }
    }

    @Test("The manifest says where a model came from and what it is made of")
    func manifest() async throws {
        try await Self.filled { test in
            let entry = try test.store.find("repo:safetensors")
            let text = try String(contentsOfFile: entry.manifestPath, encoding: .utf8)
            let json = try #require(try JSONValue(parsing: text).object)
            #expect(json["name"] == "hf.co/org/repo:safetensors")
            #expect(json["revision"] == .string(FakeHub.commit))
            #expect(json["kind"] == "safetensors")
            let files = try #require(json["files"]?.array)
            #expect(files.map { $0["path"] } == ["config.json", "model.safetensors"])
            let mode =
                try FileManager.default.attributesOfItem(
                    atPath: entry.path + "/config.json")[.posixPermissions] as? Int
            #expect(mode == 0o444)
        }
    }

    @Test(
        "Leftovers are unfinished downloads and content without a model; removing them keeps models"
    )
    func leftovers() async throws {
        try await Self.filled { test in
            let folder = test.store.folder
            try Data([1, 2, 3]).write(to: URL(filePath: folder + "/partial/abc"))
            try Data("{}".utf8).write(to: URL(filePath: folder + "/partial/abc.json"))
            try Data("{}".utf8).write(to: URL(filePath: folder + "/partial/lost.json"))
            try Data([4, 5]).write(to: URL(filePath: folder + "/blobs/sha256-orphan"))
            #expect(test.store.leftovers().map(\.size).reduce(0, +) == 9)
            #expect(try test.store.removeLeftovers() == 9)
            #expect(test.store.leftovers().isEmpty)
            #expect(test.store.list().models.count == 3)
        }
    }

    @Test(
        "The folder is BERTH_HOME, or the user's data folder",
        arguments: [
            (["BERTH_HOME": "/srv/berth/"], "/srv/berth/models"),
            (["BERTH_HOME": "", "XDG_DATA_HOME": "/d", "HOME": "/h"], "/d/berth/models"),
            (["XDG_DATA_HOME": "relative", "HOME": "/h"], "/h/.local/share/berth/models"),
            (["HOME": "/h"], "/h/.local/share/berth/models"),
        ])
    func folder(environment: [String: String], expected: String) {
        #expect(ModelStore(environment: environment).folder == expected)
    }
}
