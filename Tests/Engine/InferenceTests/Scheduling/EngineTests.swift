import Architectures
import Checkpoints
import Inference
import Sampling
import Tensors
import Testing

/// Whatever the scheduler does to a request, its answer keeps its tokens.
@Suite("An answer does not depend on what happened to it on its way")
struct EngineTests {
    private static let model = "qwen3-small-Q4_K_M"

    private func engine(
        pages: Int = 64, draft: Int = 0, sequences: Int = 64, drafter: sending (any Drafter)? = nil
    ) throws -> InferenceEngine {
        let compute = Compute(threads: 2)
        let file = try Checkpoint.open(path: ParityFixtures.model(Self.model))
        let model = try ModelFamilies.load(file, on: compute)
        var options = InferenceEngine.Options(
            cacheBytes: pages * model.layout.byteCount, contextLength: 512)
        options.longestDraft = draft
        options.sequences = sequences
        return try InferenceEngine(
            model: model, compute: compute, options: options, drafter: drafter)
    }

    private func request(_ seed: Int, temperature: Float, length: Int = 150) -> GenerationRequest {
        var random = SeededNumbers(seed: seed)
        // Few different tokens, so that look-up finds something.
        let prompt = (0..<length).map { $0 < 70 ? $0 % 7 : Int.random(in: 0..<9, using: &random) }
        return GenerationRequest(
            prompt: prompt,
            sampling: SamplingParameters(temperature: temperature, topK: 3, seed: UInt64(seed)),
            maximumTokens: 60)
    }

    private func answer(_ request: GenerationRequest, by engine: InferenceEngine) async throws
        -> (tokens: [Int], summary: GenerationSummary)
    {
        var tokens: [Int] = []
        var last = GenerationSummary()
        for await event in try engine.generate(request) {
            switch event {
            case .token(let token, _, _): tokens.append(token)
            case .finished(let end, let summary):
                #expect(end == .limit)
                last = summary
            case .prompt: Issue.record("nobody asked for it")
            }
        }
        return (tokens, last)
    }

    @Test("A hit in the prefix cache gives the same tokens as a miss", arguments: [Float(0), 1])
    func hit(temperature: Float) async throws {
        let engine = try self.engine()
        let request = request(1, temperature: temperature)
        let miss = try await answer(request, by: engine)
        let hit = try await answer(request, by: engine)
        #expect(miss.tokens.count == 60 && hit.tokens == miss.tokens)
        #expect(miss.summary.cachedTokens == 0 && hit.summary.cachedTokens == 128)
    }

    @Test("So does a request that is preempted again and again", arguments: [Float(0), 1])
    func preempted(temperature: Float) async throws {
        let roomy = try engine()
        let tight = try engine(pages: 9)
        let requests = (0..<6).map { request($0, temperature: temperature) }
        var expected: [[Int]] = []
        for request in requests { expected.append(try await answer(request, by: roomy).tokens) }
        let found = try await withThrowingTaskGroup(of: (Int, [Int]).self) { group in
            for (index, request) in requests.enumerated() {
                group.addTask { (index, try await self.answer(request, by: tight).tokens) }
            }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        #expect((0..<6).map { found[$0] } == expected)
        #expect(tight.statistics.counts.preempted > 0)
        #expect(tight.statistics.cachePagesUsed == 0)
    }

    @Test("And one whose tokens are drafted, at every temperature", arguments: [Float(0), 0.7, 2])
    func drafted(temperature: Float) async throws {
        let plain = try engine()
        let drafting = try engine(draft: 6)
        for seed in 0..<4 {
            let request = request(seed, temperature: temperature)
            let expected = try await answer(request, by: plain).tokens
            #expect(try await answer(request, by: drafting).tokens == expected)
        }
        #expect(drafting.statistics.counts.drafted > 0)
    }

    /// Knows the answer.
    private final class Oracle: Drafter {
        private let text: [Int]
        /// Every so many tokens it is wrong.
        private let errs: Int

        init(_ text: [Int], errs: Int) {
            self.text = text
            self.errs = errs
        }

        func propose(_ texts: [DraftText]) -> [[Int]] {
            texts.map { asked in
                let start = asked.tokens.count
                return (start..<min(start + asked.most, text.count)).map {
                    $0 % errs == 0 ? text[$0] ^ 1 : text[$0]
                }
            }
        }

        func forget(_ id: Int) {}
    }

    @Test("Right drafts are all taken, wrong ones cost nothing but time", arguments: [5, 1000])
    func oracle(errs: Int) async throws {
        let request = request(3, temperature: 0)
        let expected = try await answer(request, by: try engine()).tokens
        let engine = try engine(draft: 6, drafter: Oracle(request.prompt + expected, errs: errs))
        #expect(try await answer(request, by: engine).tokens == expected)
        let counts = engine.statistics.counts
        #expect(counts.drafted > 20)
        #expect(errs < 1000 ? counts.accepted < counts.drafted : counts.accepted == counts.drafted)
    }

    @Test(
        "A draft model changes nothing, and is right where it is the model itself",
        arguments: [true, false])
    func draftModel(isSame: Bool) async throws {
        let compute = Compute(threads: 2)
        let file = try Checkpoint.open(
            path: ParityFixtures.model(isSame ? Self.model : "llama-small-Q4_K_M"))
        let model = try ModelFamilies.load(file, on: compute)
        let plain = try engine()
        let drafting = try engine(
            draft: 4,
            drafter: try ModelDrafter(
                model: model, compute: compute, rows: 32, cacheBytes: 16 * model.layout.byteCount))
        for seed in 0..<3 {
            let request = request(seed, temperature: 0, length: 100)
            let expected = try await answer(request, by: plain).tokens
            #expect(try await answer(request, by: drafting).tokens == expected)
        }
        let counts = drafting.statistics.counts
        #expect(counts.drafted > 0)
        if isSame { #expect(counts.accepted == counts.drafted) }
    }

    @Test("Probabilities of prompt and answer are the same, however the prompt was cut")
    func reports() async throws {
        var request = request(5, temperature: 0, length: 100)
        request.reports = GenerationRequest.Reports(top: 2, includesPrompt: true)
        request.maximumTokens = 3
        var found: [[LogProbabilities]] = []
        for sequences in [2, 64] {
            let engine = try engine(sequences: sequences)
            var reports: [LogProbabilities] = []
            for await event in try engine.generate(request) {
                switch event {
                case .prompt(let more): reports += more
                case .token(_, let report, _): reports.append(try #require(report))
                case .finished: break
                }
            }
            found.append(reports)
        }
        #expect(found[0].count == 99 + 3 && found[0] == found[1])
        #expect(found[0].prefix(99).map(\.chosen.token) == Array(request.prompt.dropFirst()))
    }

    /// Admits tokens of one parity, and puts two fixed ones after every fifth.
    private struct Parity: TokenConstraint {
        let vocabulary: Int
        var count = 0
        var owed: [Int] = []

        mutating func admitted(remaining: Int) -> TokenMask? {
            var mask = TokenMask(vocabulary: vocabulary)
            for token in stride(from: count % 2, to: vocabulary, by: 2) { mask.insert(token) }
            return mask
        }

        mutating func accept(_ token: Int) {
            count += 1
            if owed.isEmpty, count % 5 == 0 { owed = [200, 201] }
        }

        mutating func takeForced(remaining: Int) -> [Int] {
            defer { owed = [] }
            return Array(owed.prefix(remaining))
        }
    }

    @Test("A constraint is obeyed and may put tokens in, drafted or not", arguments: [0, 4])
    func constraint(draft: Int) async throws {
        var request = request(7, temperature: 1)
        request.constraint = Parity(vocabulary: 288)
        let tokens = try await answer(request, by: try engine(draft: draft)).tokens
        #expect(tokens.count == 60)
        var checker = Parity(vocabulary: 288)
        var index = 0
        while index < tokens.count {
            let forced = checker.takeForced(remaining: tokens.count - index)
            if forced.isEmpty {
                #expect(checker.admitted(remaining: 1)?.contains(tokens[index]) == true)
                checker.accept(tokens[index])
                index += 1
            } else {
                #expect(Array(tokens[index..<index + forced.count]) == forced)
                for token in forced { checker.accept(token) }
                index += forced.count
            }
        }
    }

    /// Admits nothing after three tokens, for a reason.
    private struct Broken: TokenConstraint {
        let vocabulary: Int
        var count = 0
        var failure: String? { count == 3 ? "outgrown" : nil }

        mutating func admitted(remaining: Int) -> TokenMask? {
            count == 3 ? TokenMask(vocabulary: vocabulary) : nil
        }

        mutating func accept(_ token: Int) { count += 1 }

        mutating func takeForced(remaining: Int) -> [Int] { [] }
    }

    @Test("A constraint that cannot be met any more ends its answer with the reason")
    func brokenConstraint() async throws {
        var request = request(7, temperature: 1)
        request.constraint = Broken(vocabulary: 288)
        var events: [GenerationEvent] = []
        let engine = try self.engine()
        for await event in try engine.generate(request) { events.append(event) }
        withExtendedLifetime(engine) {}
        guard case .finished(.failed("outgrown"), _) = events.last, events.count == 4 else {
            Issue.record("\(events)")
            return
        }
    }

    @Test("A reader that stops reading pauses its answer, and loses nothing")
    func slowReader() async throws {
        let engine = try engine(pages: 64)
        var long = request(1, temperature: 1, length: 10)
        long.maximumTokens = 400
        let stream = try engine.generate(long)
        var iterator = stream.makeAsyncIterator()
        _ = await iterator.next()
        // Others are served meanwhile.
        for seed in 2..<8 { _ = try await answer(request(seed, temperature: 0), by: engine) }
        try await Task.sleep(for: .milliseconds(300))
        let paused = engine.statistics.generatedTokens
        try await Task.sleep(for: .milliseconds(200))
        #expect(engine.statistics.generatedTokens == paused && paused < 6 * 60 + 400)
        var count = 1
        while case .token = await iterator.next() { count += 1 }
        #expect(count == 400)
    }

    @Test("A deadline ends an answer, and a passed one refuses it")
    func deadline() async throws {
        let engine = try self.engine()
        var late = request(1, temperature: 0)
        late.origin.deadline = InferenceEngine.now() - 1
        #expect(throws: GenerationError.tooLate) { try engine.generate(late) }
        late.origin.deadline = InferenceEngine.now() + 0.02
        late.maximumTokens = 350
        var last: GenerationEvent?
        for await event in try engine.generate(late) { last = event }
        guard case .finished(.deadline, _) = last else {
            Issue.record("\(String(describing: last))")
            return
        }
    }
}
