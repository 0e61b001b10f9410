import StructuredJSON

/// A Hugging Face folder read as the GGUF file that it would become, without its vocabulary.
///
/// The tokenizer is not looked at: whoever runs the folder reads tokenizer.json itself.
struct HuggingFaceModel {
    let metadata: GGUFMetadata
    let weights: TensorMapping

    init(_ folder: ModelFolder) throws(CheckpointError) {
        let modelFolder = try Self.modelFolder(folder)
        let configuration = try ConfigurationMapping(modelFolder)
        let model = try SafeTensorsModel(modelFolder)
        weights = try TensorMapping(configuration, model, modelFolder)
        var metadata = configuration.metadata
        metadata.set("general.name", .string(folder.name))
        let additions = try SentenceTransformers(folder, architecture: configuration.prefix)
        for (key, value) in additions.values { metadata.set(key, value) }
        for (key, value) in try GenerationMapping(modelFolder).values { metadata.set(key, value) }
        for (key, value) in try ChatTemplates(modelFolder).values { metadata.set(key, value) }
        metadata.set("general.file_type", Self.fileType(weights.tensors))
        metadata.set("general.quantization_version", .uint32(2))
        self.metadata = metadata
    }

    /// Where config.json and the weights lie: old sentence-transformers put them one folder deeper.
    static func modelFolder(_ folder: ModelFolder) throws(CheckpointError) -> ModelFolder {
        guard !folder.has(ConfigurationMapping.fileName) else { return folder }
        let inner = try SentenceTransformers(folder, architecture: nil).modelFolder
        return inner.isEmpty ? folder : ModelFolder(path: folder.path(inner))
    }

    /// llama.cpp's `llama_ftype`, by the type that most weights have.
    static func fileType(_ tensors: [CheckpointTensor]) -> GGUFTypedValue {
        var bytes: [String: Int] = [:]
        for tensor in tensors { bytes[tensor.typeName, default: 0] += tensor.byteCount }
        switch bytes.max(by: { ($0.value, $0.key) < ($1.value, $1.key) })?.key {
        case "F16": return .uint32(1)
        case "BF16": return .uint32(32)
        default: return .uint32(0)
        }
    }
}
