/// The settings of `berth serve`.
package enum ServeSettings {
    package static let opening = """
        Settings of `berth serve --config FILE`, each with its default. An option of the command line comes before what \
        stands here.
        """

    package static let schema = SettingsSchema([
        Server.group, TLS.group, Log.group, Models.group, Residency.group, Engine.group,
        Store.group, Access.group,
        Anonymous.group,
    ])

    package static var documentedFile: String { schema.documentedFile(opening: opening) }

    package enum Server {
        package static let host = Setting(
            "server", "host", default: "127.0.0.1",
            "Address or name to listen on; 0.0.0.0 and :: are every address of this machine.")
        package static let port = Setting(
            "server", "port", default: 8080, in: 0...65_535,
            "Port to listen on; 0 takes a free one.")
        package static let allowedOrigins = Setting(
            "server", "allowed-origins", default: [String](),
            """
            Origins whose web pages may call this server, such as "https://chat.example.com"; "*" is every page. Pages of \
            this machine always may.
            """)
        package static let bodyLimit = Setting(
            "server", "body-limit-mib", default: 16, in: 1...1024,
            "Longest body of a request, in MiB; a longer one is answered 413.")
        package static let drainSeconds = Setting(
            "server", "drain-seconds", default: 30, in: 0...86_400,
            "How long running answers may go on after SIGTERM.")
        package static let idleSeconds = Setting(
            "server", "idle-seconds", default: 300, in: 1...86_400,
            "How long a connection may stay open without a request.")

        package static let readSeconds = Setting(
            "server", "read-seconds", default: 30, in: 1...86_400,
            "How long a request may take to arrive, besides a second for every KiB of it.")
        package static let writeSeconds = Setting(
            "server", "write-seconds", default: 120, in: 1...86_400,
            "How long a client may take nothing of its answer before its connection is closed.")
        package static let console = Setting(
            "server", "console", default: true, "Whether the pages for people are served.")

        static let group = SettingsSchema.Group(
            "server", "Where and how the server listens.",
            [
                host, port, allowedOrigins, bodyLimit, drainSeconds, idleSeconds, readSeconds,
                writeSeconds, console,
            ])
    }

    package enum TLS {
        package static let certificate = Setting<String?>(
            "tls", "certificate", default: nil, example: "\"/etc/berth/chain.pem\"",
            """
            The server's certificate and those that lead to one that clients know, in PEM. SIGHUP reads both files again.
            """)
        package static let key = Setting<String?>(
            "tls", "key", default: nil, example: "\"/etc/berth/key.pem\"",
            "The certificate's private key, in PEM and without a password.")

        static let group = SettingsSchema.Group(
            "tls", "HTTPS; without both files the server speaks plain HTTP.", [certificate, key])
    }

    package enum Log {
        package static let level = Setting(
            "log", "level", default: "info",
            oneOf: ["trace", "debug", "info", "notice", "warning", "error", "critical"],
            "The least that is told; every request is a line of info, faults are warnings.")
        package static let format = Setting(
            "log", "format", default: "text", oneOf: ["text", "json"],
            "One line an event, for people or for programs.")
        package static let prompts = Setting(
            "log", "prompts", default: false,
            "Whether the log has what is asked. Think of whose words they are.")

        static let group = SettingsSchema.Group(
            "log", "What is told on standard error.", [level, format, prompts])
    }

    package enum Models {
        package static let name = "models"
        package static let model = Setting<String?>(
            name, "model", default: nil, example: "\"Qwen3-0.6B-GGUF:Q8_0\"",
            "A GGUF file, a Hugging Face folder, or the name of a model that berth pull brought.")
        package static let contextLength = Setting<Int?>(
            name, "context-length", in: 1...(1 << 30), example: 8192,
            """
            Most tokens of one conversation with this model, or of one text, in place of engine.context-length.
            """)
        package static let pinned = Setting(
            name, "pinned", default: false,
            "Whether it stays in memory whatever the others need.")
        package static let idleMinutes = Setting<Double?>(
            name, "idle-minutes", over: 0, upTo: 1_048_576, example: 30,
            "Unload it when nobody has used it for so long, in place of residency.idle-minutes.")

        static let group = SettingsSchema.Group(
            name, isList: true,
            """
            The models to serve, a table each; the first is the default. Without any the embedded model is served. A model \
            on the command line takes the place of all of them.
            """, [model, contextLength, pinned, idleMinutes])
    }

    package enum Residency {
        private static let name = "residency"
        package static let memoryBudget = Setting<Double?>(
            name, "memory-budget-gib", over: 0, upTo: 1_048_576, example: 48,
            "Memory that all models together may take, KV caches included; without it, any.")
        package static let idleMinutes = Setting<Double?>(
            name, "idle-minutes", over: 0, upTo: 1_048_576, example: 30,
            "Unload a model that nobody has used for so long; without it, none.")
        package static let loadOnDemand = Setting(
            name, "load-on-demand", default: false,
            """
            Whether a model is loaded when the first request for it comes, not at the start; pinned ones are loaded at the \
            start.
            """)
        package static let modelFolders = Setting(
            name, "model-folders", default: [String](),
            """
            Folders from which administrators may load further models while the server runs; without any, the store of \
            models.
            """)

        static let group = SettingsSchema.Group(
            name, "Which models are in memory, and how long.",
            [memoryBudget, idleMinutes, loadOnDemand, modelFolders])
    }

    package enum Engine {
        package static let threads = Setting<Int?>(
            "engine", "threads", in: 1...1024, example: 8,
            "Threads that compute; without it, one for each processor.")
        package static let kernels = Setting<String?>(
            "engine", "kernels", default: nil, example: "\"avx512\"",
            "Kernels that compute; without it, the fastest that this machine can run.")
        package static let contextLength = Setting<Int?>(
            "engine", "context-length", in: 1...(1 << 30), example: 8192,
            "Most tokens of one conversation; without it, what the model was made for.")
        package static let cacheMemory = Setting<Int?>(
            "engine", "cache-memory-mib", in: 1...(1 << 24), example: 4096,
            "Memory for the KV cache in MiB; without it, by context length and memory.")
        package static let cacheType = Setting(
            "engine", "cache-type", default: "f16", oneOf: ["f16", "bf16", "q8_0"],
            "How the KV cache keeps numbers; q8_0 needs little more than half of the memory.")
        package static let draftTokens = Setting<Int?>(
            "engine", "draft-tokens", in: 0...64, example: 4,
            """
            Most tokens to guess ahead in a step, from the text itself or with a draft model; the text stays the same. Without it 0, \
            or 4 with a draft model.
            """)
        package static let draftModel = Setting<String?>(
            "engine", "draft-model", default: nil, example: "\"qwen3-0.6b\"",
            "A small model of the same vocabulary that guesses ahead.")
        package static let prefixCache = Setting<String?>(
            "engine", "prefix-cache", default: nil, example: "\"/var/cache/berth/prefixes\"",
            "A folder that keeps the beginnings of texts that were used last, for the next start.")
        package static let slowdown = Setting(
            "engine", "slowdown", default: 2.0, in: 1.01...100,
            """
            How many times as long as without prompts a step with running answers may take: less keeps their pace, more serves \
            more.
            """)
        package static let weights = Setting(
            "engine", "weights", default: "rounded", oneOf: ["rounded", "stored"],
            "How an encoder's weights are kept: rounded to 13 bits, or stored as in the file.")
        package static let pooling = Setting<String?>(
            "engine", "pooling", default: nil, example: "\"mean\"",
            "How a text's states become one vector; without it, what the model says.")
        package static let weightCache = Setting<String?>(
            "engine", "weight-cache", default: nil, example: "\"/var/cache/berth\"",
            "Folder that keeps large models' repacked weights; \"off\" keeps none.")

        static let group = SettingsSchema.Group(
            "engine", "What computes.",
            [
                threads, kernels, contextLength, cacheMemory, cacheType, draftTokens, draftModel,
                prefixCache, slowdown, weights, pooling, weightCache,
            ])
    }

    package enum Store {
        package static let path = Setting<String?>(
            "store", "path", default: nil, example: "\"/var/lib/berth/berth.sqlite\"",
            """
            The file that keeps keys and what they used. Without it: BERTH_STORE, berth.sqlite in BERTH_HOME, or \
            berth/berth.sqlite in ~/.local/share.
            """)

        static let group = SettingsSchema.Group(
            "store", "What the platform remembers.", [path])
    }

    package enum Access {
        package static let required = Setting<Bool?>(
            "access", "required", default: nil, example: "true",
            """
            Whether every request needs a key. Without it: as soon as `berth keys create` has made one, be it revoked by \
            now or not.
            """)
        package static let openMetrics = Setting(
            "access", "open-metrics", default: false,
            "Whether /metrics is read without a key where keys are needed; otherwise it needs one of an admin."
        )

        static let group = SettingsSchema.Group(
            "access", "Who may use the server.", [required, openMetrics])
    }

    /// For all requests without a key together.
    package enum Anonymous {
        private static let name = "access.anonymous"
        package static let requestsPerMinute = Setting<Int?>(
            name, "requests-per-minute", in: 1...1_000_000_000, example: 600, "Requests a minute.")
        package static let tokensPerMinute = Setting<Int?>(
            name, "tokens-per-minute", in: 1...1_000_000_000, example: 100_000,
            "Tokens a minute, of prompts and answers together.")
        package static let concurrency = Setting<Int?>(
            name, "concurrency", in: 1...1_000_000_000, example: 16, "Requests at the same time.")
        package static let priority = Setting(
            name, "priority", default: "normal", oneOf: ["batch", "normal", "interactive"],
            "How urgent they are; a request may say that it is less urgent (x-priority).")

        static let group = SettingsSchema.Group(
            name, "What requests without a key may use, all of them together.",
            [requestsPerMinute, tokensPerMinute, concurrency, priority])
    }
}
