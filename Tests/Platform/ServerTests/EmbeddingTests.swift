import CompletionAPI
import Foundation
import ScriptedBackend
import Server
import StructuredJSON
import Testing

@Suite("Embeddings over HTTP")
struct EmbeddingTests {
    private static let path = "/v1/embeddings"
    private static let models = [
        ModelDescription.scripted, .scriptedEmbedder, .scriptedReranker,
    ]

    private func parse(_ body: String) throws -> EmbeddingBody {
        try EmbeddingBody(parsing: Array(body.utf8))
    }

    @Test(
        "an input is a string, strings, token ids, or lists of token ids",
        arguments: [
            (#""one""#, [EmbeddingRequest.Input.text("one")]),
            (#"["one", "two"]"#, [.text("one"), .text("two")]),
            ("[1, 2, 3]", [.tokens([1, 2, 3])]),
            ("[[1, 2], [3]]", [.tokens([1, 2]), .tokens([3])]),
            (#"["one", [7]]"#, [.text("one"), .tokens([7])]),
        ])
    func inputs(input: String, expected: [EmbeddingRequest.Input]) throws {
        #expect(try parse(#"{"model": "m", "input": \#(input)}"#).inputs == expected)
    }

    @Test(
        "what is wrong is named",
        arguments: [
            ("{}", "input"), (#"{"input": null}"#, "input"), (#"{"input": 5}"#, "input"),
            (#"{"input": ""}"#, "input"), (#"{"input": []}"#, "input"),
            (#"{"input": true}"#, "input"), (#"{"input": {}}"#, "input"),
            (#"{"input": ["a", ""]}"#, "input[1]"), (#"{"input": ["a", 5, 6]}"#, "input[1]"),
            (#"{"input": [1, [2]]}"#, "input[1]"), (#"{"input": [null]}"#, "input[0]"),
            (#"{"input": ["a", 5]}"#, "input[1]"),
            (#"{"input": [1, "a"]}"#, "input[1]"), (#"{"input": [[1], [-1]]}"#, "input[1][0]"),
            (#"{"input": [[]]}"#, "input[0]"),
            (#"{"input": "a", "encoding_format": "hex"}"#, "encoding_format"),
            (#"{"input": "a", "dimensions": 0}"#, "dimensions"),
            (#"{"input": "a", "user": 7}"#, "user"),
        ])
    func faults(body: String, field: String) throws {
        let error = #expect(throws: JSONError.self) { _ = try parse(body) }
        #expect(error?.path.description == field)
    }

    @Test("2048 inputs are taken, one more is not")
    func many() throws {
        func body(_ count: Int) -> String {
            #"{"input": [\#(Array(repeating: #""a""#, count: count).joined(separator: ","))]}"#
        }
        #expect(try parse(body(2048)).inputs.count == 2048)
        #expect(throws: JSONError.self) { _ = try parse(body(2049)) }
    }

    @Test("more token ids than a request can mean are refused, in one input or in many")
    func manyTokenIDs() throws {
        let most = 1 << 22
        let all = String(repeating: "0,", count: most - 1) + "0"
        #expect(
            try parse("{\"input\": [\(all)]}").inputs == [.tokens([Int](repeating: 0, count: most))]
        )
        let one = #expect(throws: JSONError.self) { _ = try parse("{\"input\": [\(all),0]}") }
        #expect(one?.path.description == "input[\(most)]")
        let two = #expect(throws: JSONError.self) { _ = try parse("{\"input\": [[\(all)], [0]]}") }
        #expect(two?.path.description == "input[1][0]")
    }

    #if os(Linux)
        @Test("a body of a million token ids costs little more than its ids")
        func memory() throws {
            /// The most memory that this process ever used, in bytes.
            func peak() throws -> Int {
                let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
                let line = try #require(
                    status.split(separator: "\n").first { $0.hasPrefix("VmHWM") })
                return 1024 * (try #require(Int(line.filter(\.isNumber))))
            }
            let body = Array("{\"input\": [\(String(repeating: "0,", count: 1 << 23))0]}".utf8)
            let before = try peak()
            #expect(throws: JSONError.self) { _ = try EmbeddingBody(parsing: body) }
            // 4 million ids are 32 MiB, and 64 more while their array grows; as a tree they took 2 GB.
            #expect(try peak() - before < 160 << 20)
        }
    #endif

    @Test("vectors come in the order of their inputs, with the usage")
    func answer() async throws {
        let backend = ScriptedBackend(models: Self.models)
        try await TestServer.run(backend) { server in
            let answer = try await server.answer(
                "POST", Self.path, #"{"input": ["four", "seven77"], "dimensions": 2, "user": "u"}"#)
            #expect(answer.status == 200)
            let json = try answer.json
            #expect(json["object"] == "list")
            #expect(json["model"] == "scripted-embedder")
            #expect(json["data"]?[0]?["object"] == "embedding")
            #expect(json["data"]?[0]?["embedding"] == [4.0, 0.5])
            #expect(json["data"]?[1]?["index"] == 1)
            #expect(json["data"]?[1]?["embedding"] == [7.0, 0.5])
            #expect(json["usage"]?["prompt_tokens"] == 11)
            #expect(json["usage"]?["total_tokens"] == 11)
            #expect(backend.embeddings.first?.dimensions == 2)
        }
    }

    @Test("base64 holds little-endian float32 numbers")
    func base64() async throws {
        let backend = ScriptedBackend(models: Self.models)
        try await TestServer.run(backend) { server in
            let answer = try await server.answer(
                "POST", Self.path, #"{"input": "ab", "encoding_format": "base64"}"#)
            // 2.0, 0.5 and -0.25 as bytes: 00000040 0000003f 000080be
            #expect(try answer.json["data"]?[0]?["embedding"] == "AAAAQAAAAD8AAIC+")
        }
    }

    @Test("a model of another kind is refused by name")
    func otherKinds() async throws {
        let backend = ScriptedBackend(models: Self.models)
        try await TestServer.run(backend) { server in
            let calls = [
                (Self.path, #"{"input": "a", "model": "scripted"}"#),
                (Self.path, #"{"input": "a", "model": "scripted-reranker"}"#),
                ("/v1/rerank", #"{"query": "q", "documents": ["a"], "model": "scripted"}"#),
                ("/v1/completions", #"{"prompt": "a", "model": "scripted-embedder"}"#),
            ]
            for (path, body) in calls {
                let answer = try await server.answer("POST", path, body)
                #expect(answer.status == 400)
                #expect(try answer.json["error"]?["param"] == "model")
            }
        }
        try await TestServer.run(ScriptedBackend()) { server in
            let answer = try await server.answer("POST", Self.path, #"{"input": "a"}"#)
            #expect(answer.status == 404)
            #expect(try answer.json["error"]?["code"] == "model_not_found")
        }
    }

    @Test("a client that leaves ends its work")
    func departure() async throws {
        let backend = ScriptedBackend(models: Self.models)
        try await TestServer.run(backend) { server in
            let connection = try await server.connect()
            try await connection.send("POST", Self.path, #"{"input": "slow"}"#)
            try await eventually("the request arrives") { backend.embeddings.count == 1 }
            try await connection.close()
            try await eventually("the work is cancelled") { backend.cancelled == 1 }
        }
    }

    @Test("a ranking is sorted, cut, and may hold the documents")
    func rerank() async throws {
        let backend = ScriptedBackend(models: Self.models)
        try await TestServer.run(backend) { server in
            let answer = try await server.answer(
                "POST", "/v1/rerank",
                #"""
                {"query": "q", "documents": ["aa", {"text": "aaaa"}, "bb", "a"], "top_n": 3,
                 "return_documents": true}
                """#)
            #expect(answer.status == 200)
            let json = try answer.json
            #expect(json["model"] == "scripted-reranker")
            let results = json["results"]?.array ?? []
            #expect(results.map { $0["index"]?.int } == [1, 0, 2])
            #expect(results.first?["relevance_score"] == 4.0)
            #expect(results.first?["document"]?["text"] == "aaaa")
            #expect(backend.rerankings.first?.query == "q")
        }
    }

    @Test(
        "what is wrong with a ranking is named",
        arguments: [
            (#"{"documents": ["a"]}"#, "query"), (#"{"query": "", "documents": ["a"]}"#, "query"),
            (#"{"query": "q"}"#, "documents"), (#"{"query": "q", "documents": []}"#, "documents"),
            (#"{"query": "q", "documents": [5]}"#, "documents[0]"),
            (#"{"query": "q", "documents": [{"t": "a"}]}"#, "documents[0].text"),
            (#"{"query": "q", "documents": ["a"], "top_n": 0}"#, "top_n"),
        ])
    func rankingFaults(body: String, field: String) throws {
        let error = #expect(throws: JSONError.self) {
            _ = try RerankBody(parsing: JSONValue(parsing: body))
        }
        #expect(error?.path.description == field)
    }
}
