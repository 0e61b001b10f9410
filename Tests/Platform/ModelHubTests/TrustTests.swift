import Foundation
import ModelHub
import Testing

@Suite("Whom a pull trusts with what")
struct TrustTests {
    private static let weights = FakeHub.gguf()
    private static let hub = FakeHub(files: ["m-Q4_K_M.gguf": weights])
    private static let file = "/org/repo/resolve/\(FakeHub.commit)/m-Q4_K_M.gguf"

    @Test("The token goes to the endpoint and not to the host that it redirects to")
    func token() async throws {
        try await ScriptedServer.run { request, _ in
            FakeHub.content(Self.weights, for: request)
        } _: { content in
            let contentURL = content.url
            try await ScriptedServer.run { request, _ in
                request.path == Self.file
                    ? .redirect("\(contentURL)/blob?sig=1") : Self.hub.reply(request)
            } _: { server in
                let test = try PullTest()
                let settings = try PullTest.settings(
                    ["HF_ENDPOINT": server.url, "HF_TOKEN": "hf_secret"])
                let entry = try await test.pull("org/repo", settings)
                #expect(try test.bytes(entry.path) == Self.weights)
                #expect(
                    server.requests.allSatisfy { $0.header("Authorization") == "Bearer hf_secret" })
                #expect(content.requests.count == 1)
                #expect(content.requests[0].header("Authorization") == nil)
                let manifest = try String(contentsOfFile: entry.manifestPath, encoding: .utf8)
                #expect(!manifest.contains("secret") && !manifest.contains("sig="))
            }
        }
    }

    @Test("A redirect back from another host gets no token either")
    func tokenStaysAway() async throws {
        try await ScriptedServer.run { request, _ in
            .redirect(request.header("X") ?? "http://127.0.0.1:\(request.target.dropFirst(1))/back")
        } _: { other in
            let otherPort = other.port
            try await ScriptedServer.run { request, _ in
                if request.path == "/back" { return FakeHub.content(Self.weights, for: request) }
                guard request.path == Self.file else { return Self.hub.reply(request) }
                let own = request.header("Host")?.split(separator: ":").last ?? ""
                return .redirect("http://127.0.0.1:\(otherPort)/\(own)")
            } _: { server in
                let test = try PullTest()
                let settings = try PullTest.settings(
                    ["HF_ENDPOINT": server.url], token: "hf_secret")
                try await test.pull("org/repo", settings)
                let back = try #require(server.requests.last)
                #expect(back.path == "/back")
                #expect(back.header("Authorization") == nil)
            }
        }
    }

    @Test("A token's file is read where Hugging Face's tools leave it")
    func tokenFile() throws {
        let home = FileManager.default.temporaryDirectory.appending(
            path: "berth-home-\(UUID().uuidString)")
        let folder = home.appending(path: "huggingface")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: home) }
        try Data("hf_file\n".utf8).write(to: folder.appending(path: "token"))
        func token(_ environment: [String: String]) throws -> String? {
            try HubSettings(environment: environment).tokens[.huggingFace]
        }
        let path = home.path(percentEncoded: false)
        #expect(try token(["XDG_CACHE_HOME": path]) == "hf_file")
        #expect(try token(["HF_HOME": path + "/huggingface"]) == "hf_file")
        #expect(try token(["HF_HOME": path + "/huggingface", "HF_TOKEN": "hf_env"]) == "hf_env")
        #expect(try token(["HOME": "/nonexistent"]) == nil)
    }

    @Test("Redirects in a circle end, and redirects to nowhere are errors")
    func redirects() async throws {
        try await ScriptedServer.run { request, _ in
            request.path == Self.file ? .redirect(Self.file) : Self.hub.reply(request)
        } _: { server in
            let test = try PullTest()
            let error = try await expectHubError(.badAnswer) {
                try await test.pull(
                    "org/repo", try PullTest.settings(["HF_ENDPOINT": server.url]))
            }
            #expect(error.message.contains("circles"))
            #expect(server.requests.count { $0.path == Self.file } == 11)
            test.expectNothingListed()
        }
        for location in ["ftp://x/", "http://", "https://exa mple/"] {
            try await ScriptedServer.run { _, _ in
                .redirect(location)
            } _: { server in
                let test = try PullTest()
                _ = try await expectHubError(.badAnswer) {
                    try await test.pull(
                        "org/repo", try PullTest.settings(["HF_ENDPOINT": server.url]))
                }
            }
        }
    }

    @Test(
        "A listing that is not one, or that is dangerous, is refused with a reason",
        arguments: [
            ("<html>Please sign in</html>", "sign-in page"), ("[{", "not its protocol"),
            (#"{"error": "x"}"#, "must be an array"), (#"[{"type": "file"}]"#, "path is required"),
            (#"[{"type": "file", "path": "../../.bashrc", "size": 1}]"#, "stored safely"),
            (#"[{"type": "file", "path": "/etc/cron.d/x", "size": 1}]"#, "stored safely"),
            (#"[{"type": "file", "path": "a\u0000.gguf", "size": 1}]"#, "stored safely"),
            (#"[{"type": "file", "path": "a.gguf", "size": -1}]"#, "size"),
            (#"[{"type": "file", "path": "a.gguf", "size": 99999999999999999999}]"#, "size"),
            (
                #"[{"type": "file", "path": "a.gguf", "size": 1, "lfs": {"oid": "12", "size": 1}}]"#,
                "64 hexadecimal"
            ),
            (
                #"[{"type": "file", "path": "a.gguf", "size": 1},{"type": "file", "path": "a.gguf", "size": 1}]"#,
                "twice"
            ),
            (String(repeating: "[", count: 5000), "not its protocol"),
        ])
    func listings(text: String, mention: String) async throws {
        try await ScriptedServer.run { request, _ in
            request.path.contains("/tree/") ? .json(text) : Self.hub.reply(request)
        } _: { server in
            let test = try PullTest()
            let error = try await expectHubError(.badAnswer) {
                try await test.pull(
                    "org/repo", try PullTest.settings(["HF_ENDPOINT": server.url]))
            }
            #expect(error.message.contains(mention), "\(error.message)")
            test.expectNothingListed()
            #expect(!FileManager.default.fileExists(atPath: test.store.folder))
        }
    }

    @Test("A listing without end, or one that goes on elsewhere, is left")
    func endlessListing() async throws {
        let tree = "/api/models/org/repo/tree/\(FakeHub.commit)"
        for (next, mention) in [(tree, "does not end"), ("http://127.0.0.2/x", "another host")] {
            try await ScriptedServer.run { request, _ in
                request.path == tree
                    ? .json("[]", headers: ["Link: <\(next)>; rel=\"next\""])
                    : Self.hub.reply(request)
            } _: { server in
                let test = try PullTest()
                let error = try await expectHubError(.badAnswer) {
                    try await test.pull(
                        "org/repo", try PullTest.settings(["HF_ENDPOINT": server.url]))
                }
                #expect(error.message.contains(mention))
            }
        }
    }

    @Test("An answer larger than any listing is not read to its end")
    func hugeAnswer() async throws {
        let megabyte = [UInt8](repeating: UInt8(ascii: " "), count: 1 << 20)
        try await ScriptedServer.run { request, _ in
            guard request.path.contains("/tree/") else { return Self.hub.reply(request) }
            var reply = WireReply.bytes(
                "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", closes: true)
            reply.steps += Array(repeating: .send(megabyte), count: 200)
            return reply
        } _: { server in
            let test = try PullTest()
            let error = try await expectHubError(.badAnswer) {
                try await test.pull(
                    "org/repo", try PullTest.settings(["HF_ENDPOINT": server.url]))
            }
            #expect(error.message.contains("short answer"))
        }
    }

    @Test("A page in the place of a file without a known hash is found out by its beginning")
    func signInPage() async throws {
        try await ScriptedServer.run { _, _ in
            .answer(200, Array("<!DOCTYPE html><title>Sign in</title>".utf8))
        } _: { server in
            let test = try PullTest()
            let error = try await expectHubError(.verificationFailed) {
                try await test.pull("\(server.url)/m.gguf", try PullTest.settings())
            }
            #expect(error.message.contains("is no GGUF file: it begins with \"<!DOCTYPE html>"))
            test.expectNothingListed()
            #expect(test.parts.isEmpty)
        }
    }

    @Test(
        "Refusals say what to do",
        arguments: [
            (401, "RepoNotFound", nil, "give a token"), (401, "RepoNotFound", "t", "this token"),
            (403, "GatedRepo", nil, "accept its terms"),
            (403, "GatedRepo", "t", "accept its terms"),
            (404, "RevisionNotFound", "t", "no revision"),
            (404, "RepoNotFound", nil, "has no hf.co"),
        ] as [(Int, String, String?, String)])
    func refusals(status: Int, code: String, token: String?, mention: String) async throws {
        try await ScriptedServer.run { _, _ in
            .answer(status, headers: ["X-Error-Code: \(code)"])
        } _: { server in
            let test = try PullTest()
            let error = try await expectHubError(status == 404 ? .notFound : .accessDenied) {
                try await test.pull(
                    "org/repo", try PullTest.settings(["HF_ENDPOINT": server.url], token: token))
            }
            #expect(error.message.contains(mention), "\(error.message)")
            #expect(server.requests.count == 1)
        }
    }
}
