import Foundation
import ModelHub
import Testing

@Suite("Pulling through faults")
struct FaultTests {
    private static let weights = FakeHub.gguf(50_000)
    private static let hub = FakeHub(files: ["m-Q4_K_M.gguf": weights])
    private static let file = "/org/repo/resolve/\(FakeHub.commit)/m-Q4_K_M.gguf"

    /// Serves the usual repository, but the file by the given script.
    private static func run(
        _ script: @escaping @Sendable (WireRequest, Int) -> WireReply,
        _ body: (PullTest, HubSettings, ScriptedServer) async throws -> Void
    ) async throws {
        try await ScriptedServer.run { request, count in
            request.path == file ? script(request, count) : hub.reply(request)
        } _: { server in
            let settings = try PullTest.settings(["HF_ENDPOINT": server.url])
            try await body(try PullTest(), settings, server)
        }
    }

    /// The head of a whole answer, with the first bytes of the file only.
    private static func cut(_ count: Int, pause: Duration? = nil) -> WireReply {
        let head = "HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: \(weights.count)\r\n\r\n"
        var reply = WireReply.bytes(head, Array(weights[..<count]), closes: true)
        if let pause { reply.steps.append(.pause(pause)) }
        return reply
    }

    private func expectWhole(_ test: PullTest, _ entry: ModelStore.Entry) throws {
        #expect(try test.bytes(entry.path) == Self.weights)
        #expect(test.parts.isEmpty)
    }

    @Test("A connection that is cut in the middle goes on where it stopped")
    func cut() async throws {
        try await Self.run { request, count in
            count == 0 ? Self.cut(20_000) : FakeHub.content(Self.weights, for: request)
        } _: { test, settings, server in
            try expectWhole(test, try await test.pull("org/repo", settings))
            let last = try #require(server.requests.last)
            // What was in the air when the connection broke may be lost.
            let start = try #require(last.rangeStart)
            #expect((1...20_000).contains(start))
            #expect(last.header("If-Range") == "\"v1\"")
            #expect(test.notices.count == 1)
        }
    }

    @Test("A server that stalls is left after the time-out, and the rest asked for again")
    func stall() async throws {
        try await Self.run { request, count in
            count == 0
                ? Self.cut(10_000, pause: .seconds(20))
                : FakeHub.content(Self.weights, for: request)
        } _: { test, settings, server in
            var settings = settings
            settings.stallTimeout = .seconds(2)
            try expectWhole(test, try await test.pull("org/repo", settings))
            #expect(server.requests.last?.rangeStart == 10_000)
            #expect(test.notices.first?.contains("sent nothing for") == true, "\(test.notices)")
        }
    }

    @Test("A slow server that keeps sending is not left")
    func slow() async throws {
        try await Self.run { request, _ in
            var reply = FakeHub.content(Self.weights, for: request)
            guard case .send(let bytes) = reply.steps[0] else { return reply }
            reply.steps = stride(from: 0, to: bytes.count, by: 2500).flatMap { start in
                [
                    .send(Array(bytes[start..<min(start + 2500, bytes.count)])),
                    .pause(.milliseconds(350)),
                ]
            }
            return reply
        } _: { test, settings, _ in
            // Shorter than all pauses together, and longer than a busy machine may hold up one of them.
            var settings = settings
            settings.stallTimeout = .seconds(6)
            try expectWhole(test, try await test.pull("org/repo", settings))
            #expect(test.notices.isEmpty)
        }
    }

    @Test(
        "429 waits as long as it is asked to; 500 and 503 are tried again",
        arguments: [429, 500, 503])
    func busy(status: Int) async throws {
        try await Self.run { request, count in
            count == 0
                ? .answer(status, headers: status == 500 ? [] : ["Retry-After: 1"])
                : FakeHub.content(Self.weights, for: request)
        } _: { test, settings, _ in
            let start = ContinuousClock.now
            try expectWhole(test, try await test.pull("org/repo", settings))
            #expect(status == 500 || ContinuousClock.now - start >= .seconds(1))
        }
    }

    @Test("A server that stays unwell is an error after some tries, and nothing is listed")
    func staysUnwell() async throws {
        try await Self.run { _, _ in
            .answer(502)
        } _: { test, settings, server in
            let error = try await expectHubError(.transferFailed) {
                try await test.pull("org/repo", settings)
            }
            #expect(error.message.contains("status 502 4 times"))
            #expect(server.requests.count { $0.path == Self.file } == 4)
            test.expectNothingListed()
            #expect(test.parts.isEmpty)
        }
    }

    @Test("Bytes with another hash are fetched once more and then refused; none of them stay")
    func wrongHash() async throws {
        var bytes = Self.weights
        bytes[30_000] ^= 1
        let damaged = bytes
        try await Self.run { request, count in
            FakeHub.content(damaged, for: request)
        } _: { test, settings, server in
            let error = try await expectHubError(.verificationFailed) {
                try await test.pull("org/repo", settings)
            }
            #expect(error.message.contains("SHA-256"))
            #expect(server.requests.count { $0.path == Self.file } == 2)
            test.expectNothingListed()
            #expect(test.parts.isEmpty && test.blobs.isEmpty)
        }
    }

    @Test("A file of another size is refused before its bytes come", arguments: [-1, 1])
    func wrongSize(difference: Int) async throws {
        let bytes = difference < 0 ? Array(Self.weights.dropLast()) : Self.weights + [0]
        try await Self.run { request, _ in
            FakeHub.content(bytes, for: request)
        } _: { test, settings, _ in
            let error = try await expectHubError(.verificationFailed) {
                try await test.pull("org/repo", settings)
            }
            #expect(error.message.contains("\(bytes.count) bytes where the listing says 50000"))
            test.expectNothingListed()
            #expect(test.parts.isEmpty)
        }
    }

    @Test("More bytes than announced are refused")
    func tooMany() async throws {
        try await Self.run { _, _ in
            .bytes(
                "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", Self.weights + Self.weights,
                closes: true)
        } _: { test, settings, _ in
            _ = try await expectHubError(.verificationFailed) {
                try await test.pull("org/repo", settings)
            }
            test.expectNothingListed()
        }
    }

    @Test("A server that ignores Range sends all again, and all is right")
    func rangeIgnored() async throws {
        try await Self.run { _, count in
            count == 0
                ? Self.cut(20_000) : .answer(200, Self.weights, headers: ["ETag: \"v1\""])
        } _: { test, settings, _ in
            try expectWhole(test, try await test.pull("org/repo", settings))
            #expect(test.notices.last?.contains("sends the whole file again") == true)
        }
    }

    @Test("A range of a file that changed meanwhile is thrown away", arguments: [true, false])
    func tagChanged(keepsToIfRange: Bool) async throws {
        try await Self.run { request, count in
            if count == 0 { return Self.cut(20_000) }
            guard !keepsToIfRange, request.rangeStart != nil else {
                return FakeHub.content(Self.weights, for: request, tag: "\"v2\"")
            }
            let rest = Array(Self.weights[20_000...])
            return .answer(
                206, rest,
                headers: ["ETag: \"v2\"", "Content-Range: bytes 20000-49999/50000"])
        } _: { test, settings, _ in
            try expectWhole(test, try await test.pull("org/repo", settings))
        }
    }

    @Test("An answer that is compressed although nobody asked is unpacked and checked")
    func compressed() async throws {
        // gzip of 50 000 bytes would need a library: a stored block needs none.
        let hub = FakeHub(files: ["m-Q4_K_M.gguf": Self.weights])
        try await ScriptedServer.run { request, _ in
            guard request.path == Self.file else { return hub.reply(request) }
            return .answer(
                200, Gzip.stored(Self.weights), headers: ["Content-Encoding: gzip", "ETag: \"v1\""])
        } _: { server in
            let test = try PullTest()
            let settings = try PullTest.settings(["HF_ENDPOINT": server.url])
            try expectWhole(test, try await test.pull("org/repo", settings))
        }
    }

    @Test("Chunked answers have no length and come whole; one that ends early goes on")
    func chunked() async throws {
        try await Self.run { request, count in
            guard count > 0 else {
                let head = "HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nTransfer-Encoding: chunked\r\n\r\n"
                return .bytes(head + "2710\r\n", Array(Self.weights[..<10_000]), closes: true)
            }
            let rest = Array(Self.weights[(request.rangeStart ?? 0)...])
            let head =
                "HTTP/1.1 206 OK\r\nETag: \"v1\"\r\nTransfer-Encoding: chunked\r\n"
                + "Content-Range: bytes \(request.rangeStart ?? 0)-49999/50000\r\n\r\n"
            let size = String(rest.count, radix: 16)
            return .bytes(head + "\(size)\r\n", rest + Array("\r\n0\r\n\r\n".utf8))
        } _: { test, settings, _ in
            try expectWhole(test, try await test.pull("org/repo", settings))
        }
    }

    @Test("A connection that is closed early without a length is noticed by the listing's size")
    func closedWithoutLength() async throws {
        try await Self.run { request, count in
            guard count == 0 else { return FakeHub.content(Self.weights, for: request) }
            return .bytes(
                "HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nConnection: close\r\n\r\n",
                Array(Self.weights[..<30_000]), closes: true)
        } _: { test, settings, server in
            try expectWhole(test, try await test.pull("org/repo", settings))
            #expect(server.requests.last?.rangeStart == 30_000)
        }
    }

    @Test("What was downloaded before a failure is continued by the next pull")
    func nextPull() async throws {
        try await Self.run { request, count in
            switch count {
            case 0: Self.cut(20_000, pause: .milliseconds(100))
            case 1...3: .answer(503)
            default: FakeHub.content(Self.weights, for: request)
            }
        } _: { test, settings, server in
            _ = try await expectHubError(.transferFailed) {
                try await test.pull("org/repo", settings)
            }
            test.expectNothingListed()
            #expect(test.parts == [FakeHub.sha256(Self.weights)])
            try expectWhole(test, try await test.pull("org/repo", settings))
        }
    }

    @Test("A part that was damaged on the disk is found out by the hash and fetched anew")
    func damagedPart() async throws {
        try await Self.run { request, _ in
            FakeHub.content(Self.weights, for: request)
        } _: {
            test, settings, server in
            let partial = test.store.folder + "/partial"
            try FileManager.default.createDirectory(
                atPath: partial, withIntermediateDirectories: true)
            try Data(Self.weights[..<9999] + [1]).write(
                to: URL(filePath: "\(partial)/\(FakeHub.sha256(Self.weights))"))
            try expectWhole(test, try await test.pull("org/repo", settings))
            let files = server.requests.filter { $0.path == Self.file }
            #expect(files.map(\.rangeStart) == [10_000, nil])
        }
    }

    @Test("A symbolic link in the place of a part is not followed")
    func linkedPart() async throws {
        try await Self.run { request, _ in
            FakeHub.content(Self.weights, for: request)
        } _: {
            test, settings, _ in
            let partial = test.store.folder + "/partial"
            let victim = test.store.folder + "/victim"
            try FileManager.default.createDirectory(
                atPath: partial, withIntermediateDirectories: true)
            try Data("keep".utf8).write(to: URL(filePath: victim))
            try FileManager.default.createSymbolicLink(
                atPath: "\(partial)/\(FakeHub.sha256(Self.weights))", withDestinationPath: victim)
            let error = try await expectHubError(.storage) {
                try await test.pull("org/repo", settings)
            }
            #expect(error.message.contains("symbolic link"))
            #expect(try test.bytes(victim) == Array("keep".utf8))
        }
    }
}
