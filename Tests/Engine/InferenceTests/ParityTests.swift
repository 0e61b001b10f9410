import Architectures
import Checkpoints
import Inference
import KVCaching
import Tensors
import Testing

@Suite("Logits beside transformers and llama.cpp")
struct ParityTests {
    static let files = [
        "llama-narrow-F32", "qwen2-narrow-F32", "qwen3-narrow-F32", "qwen2-narrow-F16",
        "qwen3-narrow-BF16", "llama-small-Q8_0", "qwen2-small-Q4_0", "qwen3-small-Q6_K",
        "llama-small-Q4_K_M", "qwen2-small-Q4_K_M", "qwen3-small-Q4_K_M", "llama-mini-Q2_K",
        "qwen2-mini-Q3_K_M", "qwen3-mini-Q5_K_M", "llama-mini-IQ4_XS", "llama-flat-Q4_1",
        "qwen2-flat-Q5_0", "qwen3-flat-Q5_1", "qwen2-flat-IQ4_NL", "qwen3-flat-MXFP4",
        "llama-flat-Q4_K_M", "qwen3-flat-Q5_K_M", "qwen3moe-narrow-F32", "qwen3moe-narrow-BF16",
        "qwen3moe-small-Q4_K_M", "qwen3moe-mini-Q5_K_M", "qwen3moe-flat-MXFP4",
    ]

    /// Logits of every token, computed in steps of at most so many rows.
    static func logits(
        _ name: String, tokens: [Int], step: Int, threads: Int = 2, contextLength: Int? = nil,
        elements: KVElement = .f16
    ) throws -> [[Float]] {
        let file = try Checkpoint.open(path: ParityFixtures.model(name))
        return try logits(
            of: file, tokens: tokens, step: step, threads: threads, contextLength: contextLength,
            elements: elements)
    }

    static func logits(
        of file: Checkpoint, tokens: [Int], step: Int, threads: Int = 2, contextLength: Int? = nil,
        elements: KVElement = .f16, place: any WeightPlace = WeightMemory()
    ) throws -> [[Float]] {
        let compute = Compute(threads: threads)
        let model = try ModelFamilies.load(
            file, on: compute, contextLength: contextLength, place: place)
        let pages = (tokens.count + model.layout.positions - 1) / model.layout.positions
        let runner = try ModelRunner(
            model: model, compute: compute, rows: step, outputRows: step, elements: elements,
            cacheBytes: pages * model.layout.byteCount)
        var sequence = SequencePages()
        let hasRoom = sequence.grow(to: tokens.count, from: runner.pool)
        try #require(hasRoom)
        var rows: [[Float]] = []
        for start in stride(from: 0, to: tokens.count, by: step) {
            let chunk = Array(tokens[start..<min(start + step, tokens.count)])
            runner.run([
                ModelRunner.Span(tokens: chunk, start: start, pages: sequence.pages, output: .all)
            ])
            for row in chunk.indices {
                rows.append(
                    runner.workspace.logits.withRow(row) { row in row.indices.map { row[$0] } })
            }
        }
        return rows
    }

    @Test("Every fixture is tested")
    func everyFixture() throws {
        #expect(Set(try ParityFixtures.load().files.map(\.name)) == Set(Self.files))
    }

    @Test(
        "Float32 weights agree to an absolute error, quantized ones stray no further than llama.cpp",
        arguments: files)
    func agrees(name: String) throws {
        let fixtures = try ParityFixtures.load()
        let file = try #require(fixtures.files.first { $0.name == name })
        let reference = try fixtures.reference(file)
        let ours = try Self.logits(name, tokens: fixtures.tokens, step: 128)
        let rows = file.rows.map { ours[$0] }
        if file.quantization == "F32" {
            #expect(largestError(reference, rows) <= fixtures.float32Tolerance)
        } else {
            let mean =
                zip(reference, rows).reduce(0) { $0 + divergence(from: $1.0, to: $1.1) }
                / Double(rows.count)
            let peer = try #require(file.llamaCppDivergence)
            #expect(mean <= max(1.1 * peer, 2e-5))
        }
    }

    @Test(
        "With other caches, logits stray no further than llama.cpp's with the same",
        arguments: KVElement.allCases.filter { $0 != .f16 })
    func caches(elements: KVElement) throws {
        let fixtures = try ParityFixtures.load("caches")
        let files = fixtures.files.filter { $0.cache == elements.rawValue }
        #expect(files.count >= 7)
        for file in files {
            let reference = try fixtures.reference(file)
            let ours = try Self.logits(
                file.name, tokens: fixtures.tokens, step: 128, elements: elements)
            let mean =
                zip(reference, file.rows).reduce(0) { $0 + divergence(from: $1.0, to: ours[$1.1]) }
                / Double(file.rows.count)
            let peer = try #require(file.llamaCppDivergence)
            #expect(mean <= max(1.1 * peer, 2e-5), "\(file.name)")
        }
    }

    static let longFiles = [
        "llama-slim+linear", "llama-slim+llama3", "llama-slim+yarn", "qwen2-slim+yarnfine",
        "qwen3-slim+yarn", "llama-slim+longrope", "llama-slim+window", "qwen2-slim+upperwindow",
    ]

    @Test(
        "Past 2,000 positions, stretched rotary embeddings and sliding windows are transformers'",
        arguments: longFiles)
    func agreesOnLongTexts(name: String) throws {
        let fixtures = try ParityFixtures.load("long")
        #expect(Set(fixtures.files.map(\.name)) == Set(Self.longFiles))
        for file in fixtures.files where file.name == name {
            let tokens = fixtures.tokens.prefix(file.contextLength ?? fixtures.tokens.count)
            let ours = try Self.logits(
                name, tokens: Array(tokens), step: 300, contextLength: file.contextLength)
            let rows = file.rows.map { ours[$0] }
            #expect(try largestError(fixtures.reference(file), rows) <= fixtures.float32Tolerance)
        }
    }

    private func largestError(_ reference: [[Float]], _ rows: [[Float]]) -> Float {
        // NaN is larger than anything.
        zip(reference, rows).flatMap { zip($0, $1).map { abs($0 - $1) } }
            .reduce(0) { $1 <= $0 ? $0 : $1 }
    }

    @Test(
        "How a prompt is cut into steps, and how many threads share the work, changes no bit",
        arguments: [
            "llama-narrow-F32", "qwen2-small-Q4_0", "qwen3-small-Q4_K_M", "qwen2-mini-Q3_K_M",
            "llama-flat-Q4_K_M", "qwen3moe-mini-Q5_K_M",
        ], [1, 7, 150])
    func stepsChangeNothing(name: String, step: Int) throws {
        let tokens = Array(try ParityFixtures.load().tokens.prefix(150))
        let whole = try Self.logits(name, tokens: tokens, step: 64)
        #expect(try Self.logits(name, tokens: tokens, step: step, threads: 1) == whole)
    }
}
