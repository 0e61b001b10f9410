import ArgumentParser
import Checkpoints
import Foundation
import ModelHub
import StructuredJSON

struct Models: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show, check and remove the models of the store.",
        discussion: """
            The store is the folder models in BERTH_HOME, or in ~/.local/share/berth. NAME is any ending \
            of a model's full name that begins after a slash, such as Qwen3-0.6B-GGUF:Q4_K_M; without \
            the part behind the colon where that leaves one model.
            """,
        subcommands: [
            Cache.self, List.self, Prune.self, Remove.self, Show.self, Verify.self,
        ],
        defaultSubcommand: List.self)

    static let store = ModelStore(environment: ProcessInfo.processInfo.environment)
}

extension Models {
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the models: name, size, quantization, date and source.")

        @Flag(help: "Print a JSON array with everything that the manifests say.")
        var json = false

        @OptionGroup var weightCache: WeightCacheOptions

        func run() throws {
            let (entries, damaged) = Models.store.list()
            for problem in damaged { StandardError.write("\(problem)\n") }
            let cache = weightCache.cache
            let packed = entries.map { entry in
                cache?.entries(ofModelsIn: entry.filesFolder).reduce(0) { $0 + $1.byteCount } ?? 0
            }
            if json {
                let array = JSONValue.array(
                    zip(entries, packed).map { entry, packed in
                        var json = entry.json.object ?? [:]
                        json["packed_bytes"] = .integer(packed)
                        return .object(json)
                    })
                return try StandardOutput.line(array.serialized(.pretty))
            }
            guard !entries.isEmpty else {
                StandardError.write("no models in \(Models.store.folder); try: berth pull --help\n")
                return
            }
            let rows = zip(entries, packed).map { entry, packed in
                let model = entry.model
                return [
                    model.name, ByteCount.text(model.size),
                    packed == 0 ? "-" : ByteCount.text(packed),
                    model.quantization ?? model.kind.rawValue,
                    String(model.date.ISO8601Format().prefix(10)), model.source,
                ]
            }
            try Models.write(
                table: [["NAME", "SIZE", "PACKED", "TYPE", "PULLED", "SOURCE"]] + rows)
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show where a model came from and which files it has.")

        @Argument(help: "A model of the store.")
        var name: String

        @Flag(help: "Print the manifest as JSON.")
        var json = false

        func run() throws {
            let entry = try Models.store.find(name)
            if json { return try StandardOutput.line(entry.json.serialized(.pretty)) }
            let model = entry.model
            try Models.write(table: [
                ["name", model.name], ["source", model.source],
                ["revision", model.revision ?? "not told"],
                ["type", model.quantization ?? model.kind.rawValue],
                ["pulled", model.date.ISO8601Format()], ["size", ByteCount.text(model.size)],
                ["path", entry.path],
            ])
            try StandardOutput.line("")
            try Models.write(
                table: model.files.map { file in
                    [file.path.text, ByteCount.text(file.size), "sha256:\(file.sha256)"]
                })
        }
    }

    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Remove models and their packed weights; files that others share stay until the last one goes."
        )

        @Argument(help: "Models of the store.")
        var names: [String]

        @Flag(name: .shortAndLong, help: "Do not ask.")
        var yes = false

        @OptionGroup var weightCache: WeightCacheOptions

        func run() throws {
            let cache = weightCache.cache
            var entries: [ModelStore.Entry] = []
            var damaged: [String] = []
            for name in names {
                do {
                    entries.append(try Models.store.find(name))
                } catch {
                    guard error.code == .notInStore,
                        let manifest = Models.store.damagedManifest(name)
                    else { throw error }
                    damaged.append(manifest)
                }
            }
            for manifest in damaged {
                guard try yes || Models.confirm("remove \(manifest), which is damaged? [y/N] ")
                else {
                    StandardError.write("kept\n")
                    continue
                }
                try Models.store.remove(damagedManifest: manifest)
                try StandardOutput.line("removed \(manifest); berth models prune frees its content")
            }
            for entry in entries {
                let question =
                    "remove \(entry.model.name), \(ByteCount.text(entry.model.size))? [y/N] "
                guard try yes || Models.confirm(question) else {
                    StandardError.write("kept\n")
                    continue
                }
                // While the files are there, their packed copies can be told by their place.
                let packed =
                    try cache.map { try $0.remove($0.entries(ofModelsIn: entry.filesFolder)) } ?? 0
                let freed = try Models.store.remove(entry) + packed
                try StandardOutput.line(
                    "removed \(entry.model.name), \(ByteCount.text(freed)) freed")
            }
        }
    }

    struct Prune: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Remove unfinished downloads, content that no model uses, and packed weights of models that are gone."
        )

        @Flag(name: .shortAndLong, help: "Do not ask.")
        var yes = false

        @OptionGroup var weightCache: WeightCacheOptions

        func run() throws {
            let leftovers = Models.store.leftovers()
            let cache = weightCache.cache
            let packed = cache?.entries().filter { !$0.isUsable } ?? []
            guard !leftovers.isEmpty || !packed.isEmpty else {
                return try StandardOutput.line("nothing to remove")
            }
            let size = ByteCount.text(
                leftovers.reduce(0) { $0 + $1.size } + packed.reduce(0) { $0 + $1.byteCount })
            guard try yes || Models.confirm("remove \(size) that no model needs? [y/N] ")
            else {
                return StandardError.write("kept\n")
            }
            let freed =
                try Models.store.removeLeftovers() + (cache.map { try $0.remove(packed) } ?? 0)
            try StandardOutput.line("\(ByteCount.text(freed)) freed")
        }
    }

    /// Asks on the terminal; without one there is nobody to ask.
    static func confirm(_ question: String) throws -> Bool {
        guard isatty(STDIN_FILENO) == 1 else {
            throw CommandError("nobody is there to ask; say --yes to go on without")
        }
        StandardError.write(question)
        return ["y", "yes"].contains(readLine()?.lowercased() ?? "")
    }

    /// Writes rows with columns of equal width.
    static func write(table rows: [[String]]) throws {
        var widths: [Int] = []
        for row in rows {
            for (column, cell) in row.enumerated() {
                if column == widths.count { widths.append(0) }
                widths[column] = max(widths[column], cell.count)
            }
        }
        for row in rows {
            let cells = row.enumerated().map { column, cell in
                column == row.count - 1
                    ? cell : cell + String(repeating: " ", count: widths[column] - cell.count)
            }
            try StandardOutput.line(cells.joined(separator: "  "))
        }
    }
}

extension ModelStore.Entry {
    /// The manifest and where the model lies.
    fileprivate var json: JSONValue {
        var json = model.json.object ?? [:]
        json["path"] = .string(path)
        return .object(json)
    }
}
