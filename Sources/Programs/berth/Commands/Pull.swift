import ArgumentParser
import Foundation
import ModelHub

struct Pull: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Download a model and keep it in the store.",
        discussion: """
            NAME is one of
              ORG/REPO[:QUANT][@REVISION]    a repository of Hugging Face
              modelscope.cn/ORG/REPO[...]    the same of ModelScope
              ollama:NAME[:TAG]              a model of Ollama's registry
              https://HOST/PATH/FILE.gguf    a file, or the first of a split one

            QUANT is a quantization such as Q4_K_M, the name of a file, or safetensors. Without it Q4_K_M is \
            taken where there is one, else what comes next in Documentation/MODELS.md; a repository \
            without GGUF files gives its safetensors folder.

            A download that breaks off, or that Ctrl-C stops, goes on where it was when it is run again. Every file \
            is compared with the SHA-256 that its source states.

            HF_ENDPOINT, MODELSCOPE_ENDPOINT and OLLAMA_REGISTRY name mirrors, such as https://hf-mirror.com; \
            HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY name proxies; BERTH_HOME says where the store is.
            """)

    @Argument(help: "What to download.")
    var name: String

    @Option(
        help: ArgumentHelp(
            "Token for private or gated models; HF_TOKEN or MODELSCOPE_API_TOKEN keep it out of sight.",
            valueName: "TOKEN"))
    var token: String?

    @Option(help: ArgumentHelp("Ask this address instead of the source's own.", valueName: "URL"))
    var endpoint: String?

    @Option(help: ArgumentHelp("Proxy for every request.", valueName: "URL"))
    var proxy: String?

    @Option(help: "Tries in a row that bring nothing before giving up.")
    var attempts = 6

    func validate() throws {
        guard (1...1000).contains(attempts) else {
            throw ValidationError("--attempts must be 1 to 1000, got \(attempts).")
        }
    }

    @concurrent
    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let name = try ModelName(parsing: name)
        var settings = try HubSettings(
            environment: environment, endpoint: endpoint, token: token, proxy: proxy)
        settings.userAgent = "berth/\(Berth.version)"
        settings.retries.attempts = attempts
        let puller = ModelPuller(store: ModelStore(environment: environment), settings: settings)

        let bar = TransferBar()
        let pull = Task {
            try await puller.pull(name) { event in
                switch event {
                case .chosen(let name, let files, let bytes, let fresh):
                    bar.say(Self.choice(name, files, bytes, fresh))
                case .progress(let done, let total):
                    bar.update(done: done, total: total)
                case .notice(let text):
                    bar.say(text)
                }
            }
        }
        let interruption = Interruption { _ in pull.cancel() }
        defer { interruption.end() }
        do {
            let entry = try await pull.value
            bar.finish()
            try StandardOutput.line(entry.model.name)
            StandardError.write("ready; try: berth chat \(entry.model.shortName)\n")
        } catch is CancellationError {
            bar.say("stopped; what was downloaded is kept, run this again to go on")
            throw ExitCode(130)
        } catch {
            bar.finish()
            throw error
        }
    }

    private static func choice(_ name: String, _ files: Int, _ bytes: Int, _ fresh: Int) -> String {
        let what = files == 1 ? "one file" : "\(files) files"
        if bytes == 0 { return "\(name): \(what)" }
        let size = "\(what), \(ByteCount.text(bytes))"
        if fresh == bytes { return "\(name): \(size)" }
        return
            "\(name): \(size), \(fresh == 0 ? "all here" : "\(ByteCount.text(fresh)) to download")"
    }
}
