import Architectures
import ArgumentParser
import ChatEngine
import CompletionAPI
import Foundation
import OrderedCollections
import StructuredJSON

struct Embed: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Turn texts into vectors.",
        discussion: """
            Without TEXT every line of standard input is a text. A vector is a line of numbers, or with --json an \
            object {"index": 0, "embedding": [...]} a line. A TEXT that begins with a dash goes after "--".
            """)

    @Argument(help: "A model for embeddings: BERT, or a decoder that pools its states.")
    var model: ModelReference

    @Argument(help: "The texts.")
    var text: [String] = []

    @Flag(help: "Print a JSON object a line.")
    var json = false

    @Flag(help: "The texts are token ids, separated by commas; nothing is added to them.")
    var tokenIds = false

    @Option(help: "Put the model's prompt of this name before every text.")
    var prompt: String?

    @Option(help: "Keep the first so many numbers of every vector.")
    var dimensions: Int?

    @Flag(inversion: .prefixedNo, help: "Give vectors the length 1 (default: what the model says).")
    var normalize: Bool?

    @Flag(help: "Cut texts that are longer than the model reads; otherwise they are an error.")
    var truncate = false

    @OptionGroup var encoder: EncoderOptions
    @OptionGroup var cache: CacheOptions
    @OptionGroup var threads: ThreadOptions
    @OptionGroup var weightCache: WeightCacheOptions

    func validate() throws {
        if let dimensions, dimensions < 1 {
            throw ValidationError("--dimensions must be at least 1, got \(dimensions).")
        }
        for text in text where tokenIds {
            _ = try Self.ids(text)
        }
    }

    @concurrent
    func run() async throws {
        let loaded = try model.loadEncoder(
            encoder.loading(threads, cache: cache, weightCache: weightCache.cache))
        guard loaded.description.task == .embedding else {
            throw CommandError(
                "\(model.name) ranks documents and makes no vectors; see berth rerank")
        }
        if let pooling = loaded.assumedPooling {
            StandardError.write(
                "note: \(model.name) does not say how a text's states become one vector; \(pooling.name) is taken, "
                    + "--pooling chooses another\n")
        }
        let backend = LocalBackend(models: [], encoders: [loaded])
        // Texts of a few steps at once: the first vectors come soon, and a long list needs little memory.
        var index = 0
        var texts = TextSource(text)
        while let chunk = try texts.next(upTo: 256) {
            let inputs = try chunk.map { text -> EmbeddingRequest.Input in
                tokenIds ? .tokens(try Self.ids(text)) : .text(text)
            }
            let request = EmbeddingRequest(
                model: model.name, inputs: inputs, dimensions: dimensions, prompt: prompt,
                truncates: truncate, normalizes: normalize)
            let result: EmbeddingResult
            do {
                result = try await backend.embed(request)
            } catch let error as CompletionError where error.code == .contextLengthExceeded {
                throw CommandError("\(error.message): --truncate")
            }
            for vector in result.vectors {
                try StandardOutput.line(json ? Self.object(index, vector) : Self.line(vector))
                index += 1
            }
        }
    }

    private static func line(_ vector: [Float]) -> String {
        vector.map { "\($0)" }.joined(separator: " ")
    }

    private static func object(_ index: Int, _ vector: [Float]) -> String {
        JSONValue.object([
            "index": .integer(index), "embedding": .array(vector.map { .number(Double($0)) }),
        ]).serialized()
    }

    private static func ids(_ text: String) throws -> [Int] {
        try text.split(separator: ",", omittingEmptySubsequences: false).map { word in
            guard let id = Int(word), id >= 0 else {
                throw ValidationError(
                    "--token-ids takes numbers separated by commas, such as 101,7592,102; got \"\(word)\"."
                )
            }
            return id
        }
    }
}

/// The texts of a command: its arguments, or the lines of standard input.
struct TextSource {
    private var arguments: ArraySlice<String>
    private let readsInput: Bool

    init(_ arguments: [String]) {
        self.arguments = arguments[...]
        readsInput = arguments.isEmpty
    }

    /// The next texts; `nil` when there are no more.
    mutating func next(upTo count: Int) throws -> [String]? {
        var texts: [String] = []
        while texts.count < count, let text = readsInput ? readLine() : arguments.popFirst() {
            texts.append(text)
        }
        if readsInput, texts.count < count { try Self.checkEnd() }
        return texts.isEmpty ? nil : texts
    }

    /// `readLine` tells an input that cannot be read, such as a folder, from one that has ended by nothing.
    private static func checkEnd() throws {
        var byte: UInt8 = 0
        guard isatty(STDIN_FILENO) == 0, unsafe read(STDIN_FILENO, &byte, 1) < 0 else { return }
        let reason = unsafe String(cString: strerror(errno))
        throw CommandError("cannot read texts from standard input: \(reason)")
    }
}
