import ChatEngine
import Checkpoints
import CompletionAPI
import Foundation
import ModelHub

/// The models of a server, and where more of them may come from.
struct ServedModels: Sendable {
    private let references: [ModelReference]
    /// What is said of single models, by name.
    private let own: [String: ServeConfiguration.Model]
    private let model: LoadedModel.Options
    private let encoder: LoadedEncoder.Options
    private let budget: Int?
    private let idleLimit: Duration?
    private let pinned: Set<String>
    private let loadsOnDemand: Bool
    private let folders: AllowedFolders

    /// - Throws: ``CommandError`` where names clash or a pinned model is not among the others.
    init(_ configuration: ServeConfiguration) throws {
        let (engine, residency) = (configuration.engine, configuration.residency)
        references = configuration.models.map(\.reference)
        if let twice = Dictionary(grouping: references, by: \.name).first(where: { $1.count > 1 }) {
            throw CommandError(
                """
                two models are named "\(twice.key)", and clients could not tell them apart; \
                rename one of the files
                """)
        }
        own = Dictionary(
            uniqueKeysWithValues: configuration.models.map { ($0.reference.name, $0) })
        budget = residency.budget
        idleLimit = residency.idleLimit
        pinned =
            residency.pin.isEmpty
            ? Set(configuration.models.filter(\.isPinned).map(\.reference.name))
            : Set(residency.pin)
        loadsOnDemand = residency.loadOnDemand
        folders = AllowedFolders(residency.modelFolder)
        let weightCache = configuration.weightCache.cache
        model = engine.loading(
            models: references.count, memory: residency.budget, weightCache: weightCache)
        encoder = configuration.encoder.loading(
            engine.threads, cache: engine.cache, contextLength: engine.contextLength,
            weightCache: weightCache)
        if let stray = pinned.subtracting(references.map(\.name)).min() {
            throw CommandError(
                """
                --pin \(stray) names none of the models; they are called \
                \(references.map(\.name).joined(separator: ", "))
                """)
        }
    }

    /// Reads all headers, and loads what is not to wait for a request.
    func backend() throws -> LocalBackend {
        let sources = try references.map { try source($0) }
        let first = sources.filter { !loadsOnDemand || $0.isPinned }
        let needed = first.reduce(0) { $0 + $1.memory.total }
        if let budget, needed > budget {
            throw CommandError(
                """
                the models need \(memoryText(needed)) together (\(Self.list(first))), and --memory-budget allows \
                \(memoryText(budget)); raise it, give less --cache-memory or --context-length, or load models when they are \
                asked for with --load-on-demand
                """)
        }
        var loaded: [String: LoadedEngine] = [:]
        for source in first { loaded[source.name] = try source.load() }
        return LocalBackend(
            sources: sources, loaded: loaded, budget: budget, find: { try find($0) },
            allowsAdapter: { [folders] in folders.allow($0) })
    }

    private static func list(_ sources: [ModelSource]) -> String {
        sources.map { "\($0.name) \(memoryText($0.memory.total))" }.joined(separator: ", ")
    }

    private func source(_ reference: ModelReference) throws -> ModelSource {
        let own = own[reference.name]
        var (model, encoder) = (model, encoder)
        model.contextLength = own?.contextLength ?? model.contextLength
        encoder.contextLength = own?.contextLength ?? encoder.contextLength
        var source = try ModelSource(
            name: reference.name, file: reference.open(), model: model, encoder: encoder
        ) { [model, encoder] in
            try reference.load(model, encoder)
        }
        source.isPinned = pinned.contains(source.name)
        source.idleLimit = own?.idleMinutes.map(ResidencyOptions.idleLimit(minutes:)) ?? idleLimit
        return source
    }

    /// A model that an administrator wants to have loaded: a name of the store, or a path in a folder that is allowed.
    private func find(_ name: String) throws -> ModelSource? {
        let reference = ModelReference(argument: name)
        do {
            let path = try reference.path()
            guard folders.allow(path) else {
                throw CompletionError(
                    code: .invalidRequest,
                    message: """
                        \(name) lies in none of the folders that models may be loaded from; whoever runs the server can \
                        allow its folder with --model-folder
                        """, field: "model")
            }
            return try source(reference)
        } catch let error as CompletionError {
            throw error
        } catch {
            throw CompletionError(code: .modelNotFound, message: "\(error)", field: "model")
        }
    }
}

/// The folders from which an administrator may load files: an API key is no key to all files of the machine.
struct AllowedFolders: Sendable {
    private let folders: [String]

    /// - `folders`: none is the store of models.
    init(_ folders: [String]) {
        let store = ModelStore(environment: ProcessInfo.processInfo.environment).folder
        self.folders = folders.isEmpty ? [store] : folders
    }

    /// Whether a file lies in one of them, wherever links lead.
    func allow(_ path: String) -> Bool {
        let file = Self.real(path)
        return folders.contains { file.starts(with: Self.real($0)) }
    }

    /// The parts of a path without links and without `..`.
    private static func real(_ path: String) -> [String] {
        URL(filePath: path).resolvingSymlinksInPath().standardizedFileURL.pathComponents
    }
}
