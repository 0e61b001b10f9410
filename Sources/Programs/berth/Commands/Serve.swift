import ArgumentParser
import ChatEngine
import CompletionAPI
import Foundation
import Server
import Settings

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve models over HTTP: an OpenAI-compatible API and a chat page.",
        discussion: """
            Without --model and --config the embedded model is served. Ctrl-C or SIGTERM lets running answers finish \
            first; a second one ends at once.
            """)

    @Option(
        help: ArgumentHelp(
            "A GGUF file or a model of the store; repeat it to serve several, for chat, embeddings and reranking alike.",
            valueName: "MODEL"))
    var model: [ModelReference] = []

    @Option(
        help: ArgumentHelp(
            "A file of settings (TOML); what the command line says comes before it.",
            valueName: "FILE"))
    var config: String?

    @Flag(help: "Print a file with every setting, its meaning and its default, and end.")
    var printConfig = false

    @Option(
        help:
            "Address to listen on; 0.0.0.0 is every address of this machine (default: 127.0.0.1).")
    var host: String?

    @Option(help: "Port to listen on; 0 takes a free one (default: 8080).")
    var port: Int?

    @Option(
        help: ArgumentHelp(
            "The file that keeps keys and what they used (default: as for berth keys).",
            valueName: "FILE"))
    var store: String?

    @Option(
        help: ArgumentHelp(
            "An origin whose web pages may call this server; repeat it for several, * is every page.",
            valueName: "ORIGIN"))
    var allowOrigin: [String] = []

    @Option(
        help: ArgumentHelp(
            """
            A LoRA adapter, a GGUF file or a folder as PEFT saves it, that requests choose by NAME; repeat it for several. \
            With several models, say which it changes: NAME=PATH@MODEL.
            """, valueName: "NAME=PATH"))
    var adapter: [AdapterReference] = []

    @OptionGroup var engine: EngineOptions
    @OptionGroup var encoder: EncoderOptions
    @OptionGroup var weightCache: WeightCacheOptions
    @OptionGroup var residency: ResidencyOptions

    func validate() throws {
        if let port, !(0...65_535).contains(port) {
            throw ValidationError("--port must be 0 to 65535, got \(port).")
        }
    }

    @concurrent
    func run() async throws {
        guard !printConfig else { return try StandardOutput.write(ServeSettings.documentedFile) }
        let configuration = try ServeConfiguration(self)
        let store = try configuration.openStore()
        let backend = try ServedModels(configuration).backend()
        for adapter in adapter { try await adapter.add(to: backend) }
        let server = BerthServer(
            configuration: configuration.server, backend: backend, store: store,
            logger: configuration.logger)
        ProcessStatistics.raiseFileLimit()
        let host = configuration.server.host
        let scheme = configuration.server.tls == nil ? "http" : "https"
        let shownHost = host == "0.0.0.0" || host == "::" ? "127.0.0.1" : host
        for model in await backend.models() {
            let note = model.residency.state == .ready ? "" : "; loaded when it is asked for"
            StandardError.write("serving \(model.name): \(model.summary)\(note)\n")
        }
        try await server.run { port in
            let host = shownHost.contains(":") ? "[\(shownHost)]" : shownHost
            // A server whose output nobody reads still serves.
            try? StandardOutput.write(
                """
                Chat page: \(scheme)://\(host):\(port)/
                API:       \(scheme)://\(host):\(port)/v1

                """)
        }
        await backend.stop()
    }
}
