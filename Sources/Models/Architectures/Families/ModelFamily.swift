package import Checkpoints
package import Tensors

/// A model family: how a layer is composed of the shared ones.
protocol ModelFamily: SendableMetatype {
    /// The value of `general.architecture` in GGUF files.
    static var architecture: String { get }

    /// Whether feed-forward layers are mixtures of experts.
    static var hasExperts: Bool { get }

    static func makeLayer(_ index: Int, _ reader: WeightReader) throws -> DecoderLayer

    /// Whether a layer has the window whose length the file states, where the file does not say which have.
    static func isWindowed(layer: Int) -> Bool
}

extension ModelFamily {
    static var hasExperts: Bool {
        false
    }

    /// None: the configurations of most families state a window that their models do not use.
    static func isWindowed(layer: Int) -> Bool {
        false
    }
}

/// The families that Berth runs.
package enum ModelFamilies {
    private static let all: [any ModelFamily.Type] = [
        Llama.self, Qwen2.self, Qwen3.self, Qwen3MoE.self,
    ]

    package static var architectures: [String] {
        all.map { $0.architecture }
    }

    /// Loads a model: reads and checks everything, and repacks every weight (seconds for gigabytes) that `place` does
    /// not have.
    ///
    /// Throws ``ModelError`` or `CheckpointError`, saying what in the file is at fault.
    ///
    /// - `contextLength`: most positions of a text; what the model was made for when that is less, or when `nil`.
    /// - `progress`: is called with the part done, 0 to 1.
    package static func load(
        _ file: Checkpoint, on compute: Compute, contextLength: Int? = nil,
        place: any WeightPlace = WeightMemory(), progress: (Double) -> Void = { _ in }
    ) throws -> DecoderModel {
        let family = try family(of: file)
        let reader = try WeightReader(file: file, family: family, compute: compute, place: place)
        let count = reader.configuration.layers
        let layers = try (0..<count).map { index in
            progress(Double(index) / Double(count + 1))
            return try family.makeLayer(index, reader)
        }
        progress(Double(count) / Double(count + 1))
        let longest = reader.configuration.contextLength
        let model = try DecoderModel(
            reader, layers: layers, contextLength: min(contextLength ?? longest, longest))
        place.finish()
        return model
    }

    /// A file's shapes, when its family is one that Berth runs.
    package static func configuration(of file: Checkpoint) throws -> ModelConfiguration {
        try ModelConfiguration(file: file, family: family(of: file))
    }

    private static func family(of file: Checkpoint) throws -> any ModelFamily.Type {
        let architecture = try file.string("general.architecture")
        guard let family = all.first(where: { $0.architecture == architecture }) else {
            throw ModelError(
                code: .unsupportedArchitecture, file: file.path, field: "general.architecture",
                message:
                    "is \"\(CheckpointError.printable(architecture))\"; Berth runs "
                    + architectures.joined(separator: ", ")
            )
        }
        return family
    }
}
