import ArgumentParser
import CDefaultModel
import ChatEngine
import Checkpoints
import Foundation
import ModelHub
import Tokenizers

/// A model as the command line names it: a path, a model of the store, or the name of the embedded model.
///
/// A path that is there wins over a name of the store.
struct ModelReference: ExpressibleByArgument, Sendable {
    static let embeddedName = "berth-harbour"
    static let embedded = ModelReference(argument: embeddedName)

    let argument: String

    init(argument: String) {
        self.argument = argument
    }

    /// What help shows as the default.
    var defaultValueDescription: String {
        argument
    }

    private var isPath: Bool { FileManager.default.fileExists(atPath: argument) }

    private var isEmbedded: Bool { argument == Self.embeddedName && !isPath }

    /// - Throws: ``HubError`` where neither a file nor a model of the store has that name.
    private func stored() throws(HubError) -> ModelStore.Entry {
        try ModelStore(environment: ProcessInfo.processInfo.environment).find(argument)
    }

    /// The file or folder that holds the model.
    ///
    /// - Throws: ``CommandError`` with the nearest names, and what would bring the model here.
    func path() throws -> String {
        if isPath { return argument }
        // What is no UTF-8 on the command line reaches us so, and names no file any more.
        guard !argument.unicodeScalars.contains("\u{FFFD}") else {
            throw CommandError(
                "the name \(argument) is not written in UTF-8; rename the file, or make a link with another name"
            )
        }
        do {
            return try stored().path
        } catch {
            let isFile = argument.hasPrefix("/") || argument.hasPrefix(".")
            let hint =
                (try? ModelName(parsing: argument)).map { "; to download it: berth pull \($0)" }
                ?? ""
            throw CommandError(
                isFile
                    ? "there is no file \(argument)"
                    : "there is no file \(argument), and \(error)\(hint)")
        }
    }

    /// What clients call the model: the file's name without its extension, or the last part of its name in the store.
    var name: String {
        guard !isEmbedded else { return Self.embeddedName }
        if !isPath, let stored = try? stored() { return stored.model.shortName }
        let file = URL(fileURLWithPath: argument).lastPathComponent
        return file.hasSuffix(".gguf") ? String(file.dropLast(5)) : file
    }

    /// Maps the file and checks its header.
    func open() throws -> Checkpoint {
        guard isEmbedded else {
            return try Checkpoint.open(path: try path())
        }
        return try unsafe Checkpoint.open(
            staticBytes: UnsafeRawBufferPointer(
                start: berth_default_model, count: berth_default_model_size),
            name: Self.embeddedName)
    }

    /// Loads the model, with a progress bar when that takes a while.
    func load(_ options: EngineOptions, _ weights: WeightCacheOptions) throws -> LoadedModel {
        try load(open(), options.loading(weightCache: weights.cache))
    }

    /// As it is: to generate, to embed or to rank.
    func load(
        _ model: LoadedModel.Options, _ encoder: LoadedEncoder.Options
    ) throws -> LoadedEngine {
        let file = try open()
        return try LoadedEncoder.isEncoder(file)
            ? .encoder(load(file, encoder)) : .generator(load(file, model))
    }

    private func load(_ file: Checkpoint, _ options: LoadedModel.Options) throws -> LoadedModel {
        let bar = ProgressBar(label: "loading \(name)")
        defer { bar.finish() }
        let loaded = try LoadedModel(
            name: name, file: file, options: options, progress: { bar.update($0) })
        bar.finish()
        say(loaded.tokenizer.notices)
        return loaded
    }

    /// Tells what was passed over in the model's files.
    func say(_ notices: [String]) {
        for notice in notices { StandardError.write("note: \(name): \(notice)\n") }
    }
}
