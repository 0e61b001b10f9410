import CompletionAPI
import ScriptedBackend
import Server
import StructuredJSON
import Testing

/// The scripted model has a token for each byte, and 256 begins a text.
@Suite("Tokens over HTTP")
struct TokenizationTests {
    @Test(
        "both forms of the request have their form of answer",
        arguments: [
            (#"{"content": "ab"}"#, #"{"tokens": [97, 98]}"#),
            (#"{"content": "a", "add_special": true}"#, #"{"tokens": [256, 97]}"#),
            (
                #"{"content": "aé", "with_pieces": true}"#,
                #"{"tokens": [{"id": 97, "piece": "a"}, {"id": 195, "piece": [195]}, {"id": 169, "piece": [169]}]}"#
            ),
            (
                #"{"prompt": "a"}"#,
                #"{"count": 2, "max_model_len": 4096, "tokens": [256, 97], "token_strs": null}"#
            ),
            (
                #"{"prompt": "a", "add_special_tokens": false, "return_token_strs": true}"#,
                #"{"count": 1, "max_model_len": 4096, "tokens": [97], "token_strs": ["a"]}"#
            ),
            (
                #"{"messages": [{"role": "user", "content": "a"}]}"#,
                #"{"count": 2, "max_model_len": 4096, "tokens": [256, 97], "token_strs": null}"#
            ),
        ])
    func tokenize(body: String, expected: String) async throws {
        try await TestServer.run(ScriptedBackend()) { server in
            let answer = try await server.answer("POST", "/tokenize", body)
            #expect(try answer.json == JSONValue(parsing: expected))
        }
    }

    @Test("token ids become text again, and unknown ones are named")
    func detokenize() async throws {
        try await TestServer.run(ScriptedBackend()) { server in
            let answer = try await server.answer("POST", "/detokenize", #"{"tokens": [97, 98]}"#)
            #expect(try answer.json == ["content": "ab", "prompt": "ab"])
            let wrong = try await server.answer("POST", "/detokenize", #"{"tokens": [999]}"#)
            #expect(wrong.status == 400)
            #expect(try wrong.json["error"]?["param"] == "tokens")
        }
    }

    @Test(
        "what is wrong is named",
        arguments: [
            ("{}", "prompt"), (#"{"prompt": 5}"#, "prompt"), (#"{"content": []}"#, "content"),
            (
                #"{"messages": [{"role": "user", "content": "a"}], "add_generation_prompt": false}"#,
                "add_generation_prompt"
            ),
        ])
    func faults(body: String, path: String) throws {
        let error = #expect(throws: JSONError.self) {
            try TokenizationBody(parsing: JSONValue(parsing: body))
        }
        #expect(error?.path.description == path)
    }

    @Test("a completion repeats a prompt of token ids as their text")
    func echo() async throws {
        try await TestServer.run(ScriptedBackend()) { server in
            let answer = try await server.answer(
                "POST", "/v1/completions", #"{"prompt": [[97], [98]], "echo": true}"#)
            let choices = try answer.json["choices"]?.array ?? []
            #expect(choices.map { $0["text"] } == ["aHello, world", "bHello, world"])
        }
    }
}
