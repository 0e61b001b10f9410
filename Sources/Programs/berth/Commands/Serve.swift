import ArgumentParser
import ChatEngine
import CompletionAPI
import Foundation
import Logging
import Server

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve models over HTTP: an OpenAI-compatible API and a chat page.",
        discussion: """
            Without --model the embedded model is served. Ctrl-C or SIGTERM lets running answers finish \
            first; a second one ends at once.
            """)

    @Option(
        help: ArgumentHelp(
            "A GGUF file or a model of the store; repeat it to serve several, for chat, embeddings and reranking alike.",
            valueName: "MODEL"))
    var model: [ModelReference] = []

    @Option(help: "Address to listen on; 0.0.0.0 is every address of this machine.")
    var host = "127.0.0.1"

    @Option(help: "Port to listen on; 0 takes a free one.")
    var port = 8080

    @Option(
        help: ArgumentHelp(
            "An origin whose web pages may call this server; repeat it for several, * is every page.",
            valueName: "ORIGIN"))
    var allowOrigin: [String] = []

    @OptionGroup var engine: EngineOptions
    @OptionGroup var encoder: EncoderOptions
    @OptionGroup var weightCache: WeightCacheOptions

    func validate() throws {
        guard (0...65_535).contains(port) else {
            throw ValidationError("--port must be 0 to 65535, got \(port).")
        }
    }

    @concurrent
    func run() async throws {
        let references = model.isEmpty ? [ModelReference.embedded] : model
        if let twice = Dictionary(grouping: references, by: \.name).first(where: { $1.count > 1 }) {
            throw CommandError(
                """
                two models are named "\(twice.key)", and clients could not tell them apart; \
                rename one of the files
                """)
        }
        let encoders = try references.filter { try LoadedEncoder.isEncoder($0.open()) }
        let generators = references.filter { reference in
            !encoders.contains { $0.name == reference.name }
        }
        let backend = LocalBackend(
            models: try generators.map {
                try $0.load(engine, weightCache, besides: references.count - 1)
            },
            encoders: try encoders.map {
                try $0.loadEncoder(
                    encoder.loading(
                        engine.threads, cache: engine.cache, contextLength: engine.contextLength,
                        weightCache: weightCache.cache))
            })
        let server = BerthServer(
            configuration: ServerConfiguration(
                host: host, port: port, allowedOrigins: allowOrigin,
                fingerprint: "berth-\(Berth.version)"),
            backend: backend,
            logger: Logger(label: "berth"))
        let shownHost = host == "0.0.0.0" || host == "::" ? "127.0.0.1" : host
        for model in await backend.models() {
            StandardError.write("serving \(model.name): \(model.summary)\n")
        }
        try await server.run { port in
            let host = shownHost.contains(":") ? "[\(shownHost)]" : shownHost
            // A server whose output nobody reads still serves.
            try? StandardOutput.write(
                """
                Chat page: http://\(host):\(port)/
                API:       http://\(host):\(port)/v1

                """)
        }
        backend.shutDown()
    }
}
