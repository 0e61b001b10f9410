import ModelHub
import Testing

@Suite("Choosing files of a repository")
struct FileChoiceTests {
    private static func choose(
        _ name: String, _ paths: [String], size: Int = 1000, memory: Int = 1 << 40
    ) throws -> ModelFiles {
        let listing = try paths.map {
            RemoteFile(path: try RepositoryPath($0), size: size, sha256: nil)
        }
        return try FileChoice(
            name: try ModelName(parsing: name), listing: listing, memory: memory
        ).choose()
    }

    private static let usual = [
        "README.md", "qwen-Q2_K.gguf", "qwen-Q4_K_M.gguf", "qwen-Q4_K_S.gguf", "qwen-Q8_0.gguf",
        "qwen-UD-Q4_K_XL.gguf", "qwen-BF16.gguf", "mmproj-qwen-F16.gguf", "qwen.imatrix.gguf",
    ]

    @Test(
        "A quantization picks its file, in any case",
        arguments: [
            ("a/b", "qwen-Q4_K_M.gguf"), ("a/b:q8_0", "qwen-Q8_0.gguf"),
            ("a/b:Q4_K_S", "qwen-Q4_K_S.gguf"), ("a/b:q4_k_xl", "qwen-UD-Q4_K_XL.gguf"),
            ("a/b:UD-Q4_K_XL", "qwen-UD-Q4_K_XL.gguf"), ("a/b:bf16", "qwen-BF16.gguf"),
            ("a/b:qwen-Q2_K.gguf", "qwen-Q2_K.gguf"), ("a/b:qwen-q2_k", "qwen-Q2_K.gguf"),
        ])
    func byQuantization(name: String, file: String) throws {
        let found = try Self.choose(name, Self.usual)
        #expect(found.files.map(\.path.text) == [file])
    }

    @Test(
        "The label is found where publishers put it",
        arguments: [
            ("model.Q4_K_M.gguf", "Q4_K_M"), ("ggml-model-q4_0.gguf", "Q4_0"),
            ("MODEL_Q5_K_S.gguf", "Q5_K_S"), ("llama.fp16.gguf", "F16"),
            ("m-IQ4_XS.gguf", "IQ4_XS"),
            ("m-UD-IQ2_XXS.gguf", "UD-IQ2_XXS"), ("gpt-oss-20b-mxfp4.gguf", "MXFP4"),
            ("Q8_0/m-00001-of-00002.gguf", "Q8_0"), ("m-Q4_K_M-00001-of-00002.gguf", "Q4_K_M"),
            ("m-TQ1_0.gguf", "TQ1_0"), ("Qwen3-4B-Q6_K_L.gguf", "Q6_K_L"),
            ("m-Q4_0_4_8.gguf", "Q4_0_4_8"), ("qwen3-0.6b.gguf", nil), ("Q4.gguf", "Q4"),
            ("q-learning.gguf", nil), ("m-F16-imat-Q3_K_M.gguf", "Q3_K_M"),
        ] as [(String, String?)])
    func labels(path: String, label: String?) throws {
        #expect(QuantizationLabel.label(in: try RepositoryPath(path)) == label)
    }

    @Test("All parts of a split file are taken in order, and an incomplete one is not there")
    func split() throws {
        let parts = (1...3).map { "x-Q8_0-0000\($0)-of-00003.gguf" }
        let found = try Self.choose("a/b:Q8_0", parts.reversed() + ["x-Q4_0.gguf"])
        #expect(found.files.map(\.path.text) == parts)
        let error = #expect(throws: HubError.self) {
            try Self.choose("a/b:Q8_0", Array(parts.dropLast()) + ["x-Q4_0.gguf"])
        }
        #expect(error?.message.contains(":Q4_0") == true)
    }

    @Test("What does not fit the memory gives way to the next in the order, unless it is asked for")
    func memory() throws {
        let files = [("x-Q4_K_M.gguf", 900), ("x-Q3_K_M.gguf", 500), ("x-Q2_K.gguf", 300)]
        func choose(_ name: String, memory: Int) throws -> String {
            let listing = try files.map {
                RemoteFile(path: try RepositoryPath($0.0), size: $0.1, sha256: nil)
            }
            return try FileChoice(
                name: try ModelName(parsing: name), listing: listing, memory: memory
            ).choose().tag
        }
        #expect(try choose("a/b", memory: 2000) == "Q4_K_M")
        #expect(try choose("a/b", memory: 1000) == "Q3_K_M")
        #expect(try choose("a/b", memory: 400) == "Q2_K")
        #expect(try choose("a/b", memory: 10) == "Q4_K_M")
        #expect(try choose("a/b:Q4_K_M", memory: 10) == "Q4_K_M")
    }

    @Test("Nothing that fits lists what there is, nearest first")
    func noMatch() {
        let error = #expect(throws: HubError.self) { try Self.choose("a/b:Q4_K", Self.usual) }
        #expect(error?.code == .noChoice)
        #expect(
            error?.message.contains("there is :Q4_K_M, :Q4_K_S") == true, "\(error?.message ?? "")")
        #expect(error?.message.contains("mmproj") == false)
    }

    @Test("Two models of one quantization must be named by file, and then have names of their own")
    func ambiguous() throws {
        let paths = ["small-Q4_K_M.gguf", "large-Q4_K_M.gguf"]
        for name in ["a/b", "a/b:Q4_K_M"] {
            let error = #expect(throws: HubError.self) { try Self.choose(name, paths) }
            #expect(error?.message.contains("hf.co/a/b:small-Q4_K_M.gguf") == true)
        }
        #expect(try Self.choose("a/b:small-Q4_K_M.gguf", paths).tag == "small-Q4_K_M")
    }

    @Test("A repository without GGUF files gives its folder: configuration, tokenizer, weights")
    func safetensors() throws {
        let paths = [
            ".gitattributes", "README.md", "config.json", "generation_config.json", "merges.txt",
            "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors",
            "model.safetensors.index.json", "tokenizer.json", "tokenizer_config.json", "vocab.json",
            "consolidated.safetensors", "pytorch_model.bin", "onnx/model.onnx",
            "original/params.json", "1_Pooling/config.json",
        ]
        let found = try Self.choose("a/b", paths)
        #expect(found.kind == .safetensors)
        #expect(
            found.files.map(\.path.text) == [
                "1_Pooling/config.json", "config.json", "generation_config.json", "merges.txt",
                "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors",
                "model.safetensors.index.json", "tokenizer.json", "tokenizer_config.json",
                "vocab.json",
            ])
        let both = paths + ["x-Q4_K_M.gguf"]
        #expect(try Self.choose("a/b", both).kind == .gguf)
        #expect(try Self.choose("a/b:safetensors", both).kind == .safetensors)
        let error = #expect(throws: HubError.self) { try Self.choose("a/b", ["README.md"]) }
        #expect(error?.message.contains("neither") == true)
    }
}
