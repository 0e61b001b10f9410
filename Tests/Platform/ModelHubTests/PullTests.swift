import Foundation
import ModelHub
import StructuredJSON
import Testing

@Suite("Pulling models that come as they should")
struct PullTests {
    private static let weights = FakeHub.gguf()
    private static let hub = FakeHub(files: [
        "README.md": Array("hello".utf8), "m-Q4_K_M.gguf": weights,
        "m-Q8_0.gguf": FakeHub.gguf(20_000, seed: 2),
    ])

    @Test("Hugging Face: the commit is found first, and the file comes from it")
    func huggingFace() async throws {
        try await ScriptedServer.run { request, _ in
            Self.hub.reply(request)
        } _: { server in
            let test = try PullTest()
            let settings = try PullTest.settings(["HF_ENDPOINT": server.url + "/"])
            let entry = try await test.pull("org/repo", settings)
            #expect(entry.model.name == "hf.co/org/repo:Q4_K_M")
            #expect(entry.model.revision == FakeHub.commit)
            #expect(entry.model.quantization == "Q4_K_M")
            #expect(entry.model.source == "\(server.url)/org/repo")
            #expect(entry.path.hasSuffix("/m-Q4_K_M.gguf"))
            #expect(try test.bytes(entry.path) == Self.weights)
            #expect(entry.model.files.map(\.sha256) == [FakeHub.sha256(Self.weights)])
            #expect(test.parts.isEmpty)
            #expect(test.blobs == ["sha256-" + FakeHub.sha256(Self.weights)])
            #expect(
                server.requests.map(\.path) == [
                    "/api/models/org/repo/revision/main",
                    "/api/models/org/repo/tree/\(FakeHub.commit)",
                    "/org/repo/resolve/\(FakeHub.commit)/m-Q4_K_M.gguf",
                ])
            #expect(server.requests.allSatisfy { $0.header("Accept-Encoding") == "identity" })
            #expect(server.requests.allSatisfy { $0.header("Authorization") == nil })

            // Once more: nothing is downloaded again.
            try await test.pull("hf.co/org/repo:q4_k_m", settings)
            #expect(server.requests.count == 5)
            #expect(test.store.list().models.map(\.model.name) == ["hf.co/org/repo:Q4_K_M"])
        }
    }

    @Test("A listing of several pages is read to its end")
    func pages() async throws {
        let hub = Self.hub
        let tree = "/api/models/org/repo/tree/\(FakeHub.commit)"
        try await ScriptedServer.run { request, _ in
            guard request.path == tree else { return hub.reply(request) }
            return request.target.contains("cursor=2")
                ? .json(hub.tree(["m-Q4_K_M.gguf"]))
                : .json(
                    hub.tree(["README.md", "m-Q8_0.gguf"]),
                    headers: [#"Link: <\#(tree)?cursor=2>; rel="next""#])
        } _: { server in
            let test = try PullTest()
            let entry = try await test.pull(
                "org/repo", try PullTest.settings(["HF_ENDPOINT": server.url]))
            #expect(entry.model.quantization == "Q4_K_M")
        }
    }

    @Test("All parts of a split model and a folder of safetensors come whole")
    func severalFiles() async throws {
        var files: [String: [UInt8]] = [
            "config.json": Array("{}".utf8), "tokenizer.json": Array(repeating: 7, count: 500),
            "model.safetensors": Array(repeating: 9, count: 5000), "1_Pooling/config.json": [1],
        ]
        for number in 1...3 {
            files["Q8_0/m-0000\(number)-of-00003.gguf"] = FakeHub.gguf(1000, seed: number)
        }
        let hub = FakeHub(files: files)
        try await ScriptedServer.run { request, _ in
            hub.reply(request)
        } _: { server in
            let test = try PullTest()
            let settings = try PullTest.settings(["HF_ENDPOINT": server.url])
            let split = try await test.pull("org/repo:q8_0", settings)
            #expect(split.path.hasSuffix("/Q8_0/m-00001-of-00003.gguf"))
            let folder = try await test.pull("org/repo:safetensors", settings)
            for file in split.model.files + folder.model.files {
                let path =
                    "\(split.model.files.contains(file) ? split.filesFolder : folder.filesFolder)/\(file.path)"
                #expect(try test.bytes(path) == hub.files[file.path.text])
            }
            #expect(folder.model.files.count == 4)
            #expect(folder.path == folder.filesFolder)
        }
    }

    @Test("ModelScope: its listing, its addresses, its hashes")
    func modelScope() async throws {
        let weights = Self.weights
        try await ScriptedServer.run { request, _ in
            if request.path == "/api/v1/models/org/repo/repo/files" {
                return .json(
                    """
                    {"Code": 200, "Success": true, "Message": "", "Data": {"Files": [
                    {"Name": "sub", "Path": "sub", "Type": "tree", "Size": 0, "Sha256": ""},
                    {"Name": "m-Q4_K_M.gguf", "Path": "sub/m-Q4_K_M.gguf", "Type": "blob",
                    "Size": \(weights.count), "Sha256": "\(FakeHub.sha256(weights))", "IsLFS": true}]}}
                    """)
            }
            let wanted = "/api/v1/models/org/repo/repo?Revision=v1.2&FilePath=sub%2Fm-Q4_K_M.gguf"
            return request.target == wanted
                ? FakeHub.content(weights, for: request) : .answer(404)
        } _: { server in
            let test = try PullTest()
            let entry = try await test.pull(
                "modelscope.cn/org/repo@v1.2",
                try PullTest.settings(["MODELSCOPE_ENDPOINT": server.url]))
            #expect(entry.model.name == "modelscope.cn/org/repo:Q4_K_M@v1.2")
            #expect(try test.bytes(entry.path) == weights)
            #expect(server.requests[0].target.hasSuffix("files?Revision=v1.2&Recursive=true"))
        }
    }

    @Test("Ollama's registry: the manifest's layers become files, by digest")
    func ollama() async throws {
        let layers: [(String, [UInt8])] = [
            ("model", Self.weights), ("template", Array("{{ .Prompt }}".utf8)),
            ("license", Array("free".utf8)), ("license", Array("as in beer".utf8)),
            ("params", Array("{}".utf8)), ("projector", [1, 2, 3]),
        ]
        let list = layers.map { type, bytes in
            """
            {"mediaType": "application/vnd.ollama.image.\(type)", "size": \(bytes.count),
            "digest": "sha256:\(FakeHub.sha256(bytes))"}
            """
        }
        let manifest = """
            {"schemaVersion": 2, "config": {}, "layers": [\(list.joined(separator: ","))]}
            """
        try await ScriptedServer.run { request, _ in
            if request.path == "/v2/library/qwen/manifests/0.6b-q8_0" { return .json(manifest) }
            for (_, bytes) in layers
            where request.path == "/v2/library/qwen/blobs/sha256:\(FakeHub.sha256(bytes))" {
                return FakeHub.content(bytes, for: request)
            }
            return .answer(404)
        } _: { server in
            let test = try PullTest()
            let settings = try PullTest.settings(["OLLAMA_REGISTRY": server.url])
            let entry = try await test.pull("ollama:qwen:0.6b-q8_0", settings)
            #expect(entry.model.name == "ollama.com/library/qwen:0.6b-q8_0")
            #expect(entry.model.quantization == "Q8_0")
            #expect(entry.model.revision == FakeHub.sha256(Array(manifest.utf8)))
            #expect(
                entry.model.files.map(\.path.text) == [
                    "qwen-0.6b-q8_0.gguf", "template.txt", "LICENSE", "LICENSE.2", "params.json",
                ])
            #expect(try test.bytes(entry.path) == Self.weights)
            let accept = server.requests[0].header("Accept")
            #expect(accept == "application/vnd.docker.distribution.manifest.v2+json")
        }
    }

    @Test("An address: one file, its hash where one is given, and all parts of a split one")
    func address() async throws {
        let bytes = Self.weights
        try await ScriptedServer.run { request, _ in
            switch request.path {
            case "/files/m.gguf": FakeHub.content(bytes, for: request)
            case "/files/s-00001-of-00002.gguf", "/files/s-00002-of-00002.gguf":
                FakeHub.content(bytes + [UInt8(request.path.utf8.count)], for: request)
            default: .answer(404)
            }
        } _: { server in
            let test = try PullTest()
            let settings = try PullTest.settings()
            let url = "\(server.url)/files/m.gguf"
            let entry = try await test.pull("\(url)?sig=SECRET", settings)
            #expect(entry.model.name == url)
            #expect(try test.bytes(entry.path) == bytes)
            let manifest = try String(contentsOfFile: entry.manifestPath, encoding: .utf8)
            #expect(!manifest.contains("SECRET"))
            try await test.pull("\(url)#sha256=\(FakeHub.sha256(bytes))", settings)
            let wrong = String(repeating: "0", count: 64)
            let error = try await expectHubError(.verificationFailed) {
                try await test.pull("\(url)#sha256=\(wrong)", settings)
            }
            #expect(error.message.contains(wrong))
            let split = try await test.pull("\(server.url)/files/s-00001-of-00002.gguf", settings)
            #expect(split.model.files.count == 2)
        }
    }

    @Test("A newer revision takes the old one's place; equal files are not downloaded again")
    func update() async throws {
        let old = FakeHub(files: [
            "config.json": Array("old".utf8), "model.safetensors": Self.weights,
        ])
        let new = FakeHub(files: [
            "config.json": Array("new!".utf8), "model.safetensors": Self.weights,
        ])
        try await ScriptedServer.run { request, count in
            (count > 0 ? new : old).reply(request)
        } _: { server in
            let test = try PullTest()
            let settings = try PullTest.settings(["HF_ENDPOINT": server.url])
            let first = try await test.pull("org/repo", settings)
            let second = try await test.pull("org/repo", settings)
            #expect(first.filesFolder != second.filesFolder)
            #expect(!FileManager.default.fileExists(atPath: first.filesFolder))
            #expect(try test.bytes(second.filesFolder + "/config.json") == Array("new!".utf8))
            #expect(server.requests.count { $0.path.hasSuffix("model.safetensors") } == 1)
            #expect(test.store.list().models.count == 1)
            #expect(test.blobs.count == 2)
            #expect(test.store.leftovers().isEmpty)
        }
    }
}
