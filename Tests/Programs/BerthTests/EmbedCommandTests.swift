import Foundation
import StructuredJSON
import Testing

@Suite("berth embed and berth rerank")
struct EmbedCommandTests {
    private static let fixtures = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Engine/InferenceTests/Fixtures/Encoders")
    private static let encoder = fixtures.appending(path: "encoder.gguf").path()
    private static let ranker = fixtures.appending(path: "cross-encoder.gguf").path()

    private func vectors(_ arguments: [String], input: String = "") throws -> [[Double]] {
        let result = try BerthProgram.run(
            ["embed", Self.encoder, "--json"] + arguments, input: input)
        #expect(result.status == 0, "\(result.errors)")
        return try result.output.split(separator: "\n").map { line in
            let json = try JSONValue(parsing: String(line))
            return (json["embedding"]?.array ?? []).compactMap(\.double)
        }
    }

    @Test("Texts come as arguments or as lines, and vectors have length 1")
    func texts() throws {
        let found = try vectors(["the ship", "a tide"])
        #expect(found.count == 2 && found.allSatisfy { $0.count == 36 })
        #expect(try vectors([], input: "the ship\na tide\n") == found)
        for vector in found {
            #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
        }
    }

    @Test("Token ids, dimensions and normalization are the caller's")
    func options() throws {
        let raw = try vectors(["--token-ids", "2,31,3", "--no-normalize"])[0]
        let cut = try vectors(["--token-ids", "2,31,3", "--dimensions", "5"])[0]
        let length = raw[..<5].reduce(0) { $0 + $1 * $1 }.squareRoot()
        #expect(cut.count == 5)
        for (number, whole) in zip(cut, raw) {
            #expect(abs(number - whole / length) < 1e-6)
        }
        let first = try vectors(["--token-ids", "2,31,3", "--pooling", "cls"])[0]
        #expect(first != (try vectors(["--token-ids", "2,31,3"]))[0])
    }

    @Test("Documents are ranked, the best first")
    func ranking() throws {
        let result = try BerthProgram.run(
            "rerank", Self.ranker, "the ship", "a", "the tide", "berth", "--json")
        #expect(result.status == 0, "\(result.errors)")
        let scores = try result.output.split(separator: "\n").map { line in
            try #require(try JSONValue(parsing: String(line))["score"]?.double)
        }
        #expect(scores.count == 3 && scores == scores.sorted(by: >))
    }

    @Test("An input that cannot be read is an error, not an empty list")
    func folderAsInput() throws {
        let result = try BerthProgram.run(["embed", Self.encoder], reading: "/")
        #expect(result.status == 1)
        #expect(result.errors.contains("directory"), "\(result.errors)")
    }

    @Test("A text that is too long is told what cuts it")
    func tooLong() throws {
        let text = String(repeating: "ship ", count: 5000)
        let result = try BerthProgram.run("embed", Self.encoder, text)
        #expect(result.status == 1)
        #expect(result.errors.contains("--truncate"), "\(result.errors)")
        #expect(try BerthProgram.run("embed", Self.encoder, text, "--truncate").status == 0)
    }

    @Test("What a model cannot do is said")
    func refusals() throws {
        let calls = [
            (["embed", Self.ranker, "a"], "berth rerank"),
            (["rerank", Self.encoder, "a", "b"], "berth embed"),
            (["embed", Self.encoder, "a", "--dimensions", "37"], "1 to 36"),
            (["embed", Self.encoder, "a", "--prompt", "query"], "has none"),
            (["embed", Self.encoder, "--token-ids", "40"], "vocabulary"),
        ]
        for (arguments, mention) in calls {
            let result = try BerthProgram.run(arguments)
            #expect(result.status == 1)
            #expect(result.errors.contains(mention), "\(result.errors)")
        }
    }
}
