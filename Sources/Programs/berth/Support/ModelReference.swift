import ArgumentParser
import CDefaultModel
import ChatEngine
import Checkpoints
import Foundation

/// A model as the command line names it: a path, or the name of the embedded model.
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

    private var isEmbedded: Bool {
        argument == Self.embeddedName && !FileManager.default.fileExists(atPath: argument)
    }

    /// What clients call the model: the file's name without its extension.
    var name: String {
        guard !isEmbedded else { return Self.embeddedName }
        let file = URL(fileURLWithPath: argument).lastPathComponent
        return file.hasSuffix(".gguf") ? String(file.dropLast(5)) : file
    }

    /// Maps the file and checks its header.
    func open() throws -> Checkpoint {
        guard isEmbedded else {
            return try Checkpoint.open(path: argument)
        }
        return try unsafe Checkpoint.open(
            staticBytes: UnsafeRawBufferPointer(
                start: berth_default_model, count: berth_default_model_size),
            name: Self.embeddedName)
    }

    /// Loads the model, with a progress bar when that takes a while.
    func load(_ options: EngineOptions, besides others: Int = 0) throws -> LoadedModel {
        let file = try open()
        let bar = ProgressBar(label: "loading \(name)")
        defer { bar.finish() }
        return try LoadedModel(
            name: name, file: file, options: options.loading(models: 1 + others),
            progress: { bar.update($0) })
    }
}
