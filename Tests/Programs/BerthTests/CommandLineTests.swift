import Foundation
import StructuredJSON
import Testing

@Suite("The command line keeps its contract")
struct CommandLineTests {
    static let model = "berth-harbour"

    @Test(
        "Every command explains itself",
        arguments: [
            "serve", "run", "chat", "tokenize", "inspect", "logits", "bench", "doctor", "quantize",
            "convert", "embed", "rerank", "pull", "models", "keys",
        ])
    func help(command: String) throws {
        let result = try BerthProgram.run(command, "--help")
        #expect(result.status == 0)
        #expect(result.output.contains("USAGE: berth \(command)"))
        #expect(result.errors.isEmpty)
    }

    @Test(
        "Wrong usage exits with 64 and says what is wrong",
        arguments: [
            (["serve", "--port", "70000"], "--port must be 0 to 65535"),
            (["serve", "--port", "eighty"], "--port"),
            (["run", model], "prompt"),
            (["run", model, "hi", "--temperature", "-1"], "--temperature"),
            (["run", model, "hi", "--max-tokens", "0"], "--max-tokens"),
            (
                ["logits", model, "--tokens", "1,x", "--out", "o.json"],
                "numbers separated by commas"
            ),
            (["quantize", model, "o.gguf", "--type", "Q4KM"], "Did you mean Q4_K_M?"),
            (["quantize", model, "o.gguf"], "--type"),
            (["bench", model, "--streams", "0"], "--streams"),
            (["bench", model, "--prompt", "0"], "--prompt"),
            (["bench", model, "--seconds", "inf"], "--seconds must be"),
            (["pull"], "name"),
            (["pull", "a/b", "--attempts", "0"], "--attempts"),
            (["models", "remove"], "names"),
            (["frobnicate"], "frobnicate"),
        ])
    func usageErrors(arguments: [String], mention: String) throws {
        let result = try BerthProgram.run(arguments)
        #expect(result.status == 64)
        #expect(result.output.isEmpty)
        #expect(result.errors.contains(mention), "\(result.errors)")
    }

    @Test(
        "A file that cannot be used exits with 1 and names the file",
        arguments: [
            ["inspect"], ["run", "PATH", "hi"], ["tokenize", "PATH", "hi"],
            ["logits", "PATH", "--tokens", "1", "--out", "/tmp/never.json"],
            ["serve", "--model", "PATH"],
            ["chat"], ["bench"], ["quantize", "PATH", "/tmp/never.gguf", "--type", "Q8_0"],
        ])
    func badFiles(arguments: [String]) throws {
        for path in [
            "/no/such/model.gguf",
            try BerthProgram.temporaryFile("text.gguf", contents: Data("hello".utf8)),
        ] {
            var call = arguments.map { $0 == "PATH" ? path : $0 }
            if !arguments.contains("PATH") { call.append(path) }
            let result = try BerthProgram.run(call)
            #expect(result.status == 1)
            #expect(result.output.isEmpty)
            #expect(result.errors.contains(path), "\(result.errors)")
        }
    }

    @Test("The same seed gives the same answer, and --json holds text, counts and times")
    func runJSON() throws {
        let arguments = [
            "run", Self.model, "Hello!", "--seed", "7", "--temperature", "1", "--max-tokens", "24",
            "--json",
        ]
        let answers = try (0..<2).map { _ in
            let result = try BerthProgram.run(arguments)
            #expect(result.status == 0, "\(result.errors)")
            return try JSONValue(parsing: result.output)
        }
        let first = try #require(answers.first?.object)
        #expect(first["text"] == answers.last?.object?["text"])
        #expect(first["text"]?.string?.isEmpty == false)
        let generated = try #require(first["completion_tokens"]?.int)
        #expect((1...24).contains(generated))
        #expect(try #require(first["prompt_tokens"]?.int) > 0)
    }

    @Test("run prints the answer and nothing else on standard output")
    func runText() throws {
        let result = try BerthProgram.run(
            "run", Self.model, "Hello!", "--temperature", "0", "--max-tokens", "40")
        #expect(result.status == 0)
        #expect(result.output.trimmingCharacters(in: .whitespacesAndNewlines).count > 3)
        #expect(result.output.hasSuffix("\n"))
    }

    @Test("chat answers every line of its input and leaves at /bye")
    func chat() throws {
        let result = try BerthProgram.run(
            "chat", Self.model, "--temperature", "0", "--max-tokens", "30",
            input: "Hello!\n/new\nHello!\n/bye\nnever read\n")
        #expect(result.status == 0, "\(result.errors)")
        let lines = result.output.split(separator: "\n")
        #expect(lines.count >= 2)
        // After /new the conversation is the same, and so is the answer.
        #expect(lines.prefix(lines.count / 2) == lines.suffix(lines.count / 2))
    }

    @Test("tokenize --json prints the ids, adds BOS only when asked, and takes text after --")
    func tokenize() throws {
        let plain = try BerthProgram.run("tokenize", Self.model, "--json", "--", "--port 8080")
        #expect(plain.status == 0, "\(plain.errors)")
        let ids = try #require(try JSONValue(parsing: plain.output).object?["ids"]?.array)
        #expect(ids.count > 1)
        #expect(ids.allSatisfy { $0.int != nil })
        let empty = try BerthProgram.run("tokenize", Self.model, "", "--json")
        #expect(empty.output == "{\"ids\":[]}\n")
    }

    @Test("inspect shows metadata, tensors and memory, for people and as JSON")
    func inspect() throws {
        let text = try BerthProgram.run("inspect", Self.model)
        #expect(text.status == 0)
        #expect(text.output.contains("general.architecture = "))
        #expect(text.output.contains("token_embd.weight"))
        #expect(text.output.contains("KV cache"))
        let json = try JSONValue(
            parsing: try BerthProgram.run("inspect", Self.model, "--json").output)
        #expect(json.object?["runs"] == .bool(true))
        #expect(json.object?["tensors"]?.array?.isEmpty == false)
    }

    @Test("quantize refuses a model that is quantized already, and leaves no file")
    func quantizedAlready() throws {
        let path = try BerthProgram.temporaryFile("quantized.gguf")
        let result = try BerthProgram.run("quantize", Self.model, path, "--type", "q4_k_m")
        #expect(result.status == 1)
        #expect(result.errors.contains("is Q8_0 already"), "\(result.errors)")
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test("logits writes a row of the vocabulary's size for every token")
    func logits() throws {
        let path = try BerthProgram.temporaryFile("logits.json")
        let result = try BerthProgram.run(
            "logits", Self.model, "--tokens", "1,5,9", "--out", path)
        #expect(result.status == 0, "\(result.errors)")
        let json = try JSONValue(
            parsing: String(
                decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self))
        #expect(json.object?["engine"] == .string("berth"))
        #expect(json.object?["tokens"] == .array([.integer(1), .integer(5), .integer(9)]))
        let rows = try #require(json.object?["logits"]?.array)
        #expect(rows.count == 3)
        #expect(Set(rows.map { $0.array?.count ?? 0 }).count == 1)
        let outside = try BerthProgram.run(
            "logits", Self.model, "--tokens", "99999999", "--out", path)
        #expect(outside.status == 1)
        #expect(outside.errors.contains("outside the vocabulary"))
        let unwritable = try BerthProgram.run(
            "logits", Self.model, "--tokens", "1", "--out", "/no/such/folder/out.json")
        #expect(unwritable.status == 1)
        #expect(unwritable.errors.contains("/no/such/folder/out.json"))
    }

    @Test("bench --json prints a line a figure with the streams and the depth asked for")
    func bench() throws {
        let result = try BerthProgram.run(
            "bench", Self.model, "--threads", "2", "--prompt", "32", "--generate", "4", "--streams",
            "1,3", "--depth", "5", "--repetitions", "1", "--json")
        #expect(result.status == 0, "\(result.errors)")
        let lines = try result.output.split(separator: "\n").map {
            try #require(try JSONValue(parsing: String($0)).object)
        }
        #expect(
            lines.map { $0["figure"]?.string } == ["prefill_tok_s", "decode_tok_s", "decode_tok_s"])
        #expect(lines.map { $0["streams"]?.int } == [nil, 1, 3])
        #expect(lines.map { $0["depth"]?.int } == [nil, 5, 5])
        #expect(lines.allSatisfy { ($0["tok_s"]?.double ?? 0) > 0 })
    }

    @Test("doctor names the kernels and measures the memory")
    func doctor() throws {
        let result = try BerthProgram.run("doctor", "--threads", "1")
        #expect(result.status == 0)
        #expect(result.output.contains("kernels"))
        #expect(result.output.contains("GB/s"))
    }
}
