import Foundation
import StructuredJSON
import Testing

@Suite("Commands take Hugging Face folders")
struct FolderCommandTests {
    /// What transformers saved for the parity tests.
    private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Engine/InferenceTests/Fixtures/Transformers")

    private static func folder(_ name: String) -> String {
        fixtures.appending(path: name).path
    }

    @Test(
        "Tokens are those of transformers, from the folder and from its conversion",
        arguments: ["llama-sharded", "mistral-BF16", "qwen2-F16", "qwen3-BF16", "bert-sentences"])
    func tokens(name: String) throws {
        let list = try JSONValue(
            parsing: Data(contentsOf: Self.fixtures.appending(path: "expected.json")))
        let expected = try #require(list.array?.first { $0["name"]?.string == name })
        let converted = try Self.convert(name)
        for entry in expected["texts"]?.array?.prefix(5) ?? [] {
            let text = try #require(entry["text"]?.string)
            for model in [Self.folder(name), converted] {
                let result = try BerthProgram.run(
                    "tokenize", model, "--json", "--add-special", "--", text)
                #expect(result.status == 0, "\(result.errors)")
                #expect(try JSONValue(parsing: result.output)["ids"] == entry["ids"], "\(text)")
            }
        }
    }

    @Test("An answer from a folder is the one from its conversion")
    func answers() throws {
        let converted = try Self.convert("qwen3-BF16")
        let answers = try [Self.folder("qwen3-BF16"), converted].map { model in
            let result = try BerthProgram.run(
                "run", model, "berth 12", "--temperature", "0", "--max-tokens", "8")
            #expect(result.status == 0, "\(result.errors)")
            return result.output
        }
        #expect(answers[0] == answers[1])
    }

    @Test("Inspecting a folder shows its metadata and tensors")
    func inspection() throws {
        let result = try BerthProgram.run("inspect", Self.folder("llama-sharded"))
        #expect(result.status == 0)
        for part in ["Hugging Face folder", "llama.block_count = 2", "rope_freqs.weight"] {
            #expect(result.output.contains(part), "\(part)")
        }
        #expect(!result.output.contains("cannot run"), "\(result.output)")
    }

    @Test("Inspecting a mixture shows its experts, and how many parameters a token meets")
    func experts() throws {
        let result = try BerthProgram.run("inspect", Self.folder("qwen3moe-BF16"), "--json")
        let report = try JSONField(JSONValue(parsing: result.output))
        #expect(try report["experts"]["count"].int(in: 0...9) == 5)
        #expect(try report["experts"]["used"].int(in: 0...9) == 2)
        // In two layers three of five experts are left out, each of three matrices of 24 x 32.
        let all = try report["tensors"].array().reduce(0) { sum, tensor in
            sum + (try tensor["dimensions"].array().reduce(1) { $0 * (try $1.int(in: 1...400)) })
        }
        let active = try report["experts"]["active_parameters"].int(in: 0...1 << 20)
        #expect(all - active == 2 * 3 * 3 * 24 * 32)
        #expect(report["obstacle"].ifPresent == nil)
    }

    @Test("A conversion does not write over its source, nor to a folder, and refuses other types")
    func refusals() throws {
        let converted = try Self.convert("qwen2-F16")
        for (arguments, status, words) in [
            (["convert", converted, converted], 1, "names the model itself"),
            (["convert", Self.folder("qwen2-F16"), NSTemporaryDirectory()], 1, "is a folder"),
            (["convert", Self.folder("qwen2-F16"), "o.gguf", "--type", "q8"], 64, "--type"),
            (["convert", NSTemporaryDirectory(), "o.gguf"], 1, "config.json"),
        ] {
            let result = try BerthProgram.run(arguments)
            #expect(result.status == Int32(status), "\(result.errors)")
            #expect(result.errors.contains(words), "\(result.errors)")
        }
    }

    private static func convert(_ name: String) throws -> String {
        let path = try BerthProgram.temporaryFile("\(name).gguf")
        let result = try BerthProgram.run("convert", folder(name), path)
        #expect(result.status == 0, "\(result.errors)")
        return path
    }
}
