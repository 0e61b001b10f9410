import ArgumentParser
import ChatEngine
import CompletionAPI
import OrderedCollections
import StructuredJSON

struct Rerank: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Rank documents by how well they answer a query.",
        discussion: """
            Without DOCUMENT every line of standard input is a document. The best comes first, with its score and \
            its number, or with --json as an object {"index": 0, "score": 0.9, "document": "..."} a line.
            """)

    @Argument(help: "A cross-encoder: a BERT model with one label.")
    var model: ModelReference

    @Argument(help: "The query.")
    var query: String

    @Argument(help: "The documents.")
    var document: [String] = []

    @Flag(help: "Print a JSON object a line.")
    var json = false

    @Option(help: "Print the best so many.")
    var top: Int?

    @OptionGroup var encoder: EncoderOptions
    @OptionGroup var cache: CacheOptions
    @OptionGroup var threads: ThreadOptions
    @OptionGroup var weightCache: WeightCacheOptions

    func validate() throws {
        if let top, top < 1 {
            throw ValidationError("--top must be at least 1, got \(top).")
        }
    }

    @concurrent
    func run() async throws {
        let loaded = try model.loadEncoder(
            encoder.loading(threads, cache: cache, weightCache: weightCache.cache))
        guard loaded.description.task == .reranking else {
            throw CommandError(
                "\(model.name) makes vectors and ranks no documents; see berth embed")
        }
        var texts = TextSource(document)
        var documents: [String] = []
        while let more = try texts.next(upTo: 1024) {
            documents += more
        }
        let backend = LocalBackend(models: [], encoders: [loaded])
        let result = try await backend.rerank(
            RerankRequest(model: model.name, query: query, documents: documents))
        for (index, score) in result.ranking.prefix(top ?? documents.count) {
            guard json else {
                try StandardOutput.line("\(Float(score))\t\(index)\t\(documents[index])")
                continue
            }
            try StandardOutput.line(
                JSONValue.object([
                    "index": .integer(index), "score": .number(score),
                    "document": .string(documents[index]),
                ]).serialized())
        }
    }
}
