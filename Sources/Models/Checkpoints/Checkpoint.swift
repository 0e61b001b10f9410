package import OrderedCollections
package import StructuredJSON
package import Tensors

/// A model as it lies on disk: metadata by the names of the GGUF specification, tensors by GGUF names.
///
/// Where the bytes of a tensor lie, in one of several mapped files, is the checkpoint's own business. Lifetime: the
/// files stay mapped as long as this object or the ``TensorBytes`` of one of its tensors live. Tensor data are not
/// read before they are used.
package final class Checkpoint: Sendable {
    /// What the files were written as.
    package enum Format: Sendable, Equatable {
        /// 2 or 3.
        case gguf(version: Int)
        /// A folder with config.json and safetensors.
        case huggingFace
    }

    /// The file as it was named.
    package let path: String
    package let format: Format
    /// In the file's order.
    package let metadata: OrderedDictionary<String, GGUFValue>
    /// In the file's order.
    package let tensors: [CheckpointTensor]
    /// Bytes of all files.
    package let fileSize: Int
    /// Where in the header each metadata value lies, by key.
    let valueRanges: [String: Range<Int>]
    /// Where metadata lie.
    let header: FileBytes
    /// Where tensor data lie.
    let parts: [FileBytes]
    private let indices: [String: Int]

    /// Opens a model and checks everything but the tensors' numbers.
    ///
    /// A part of a split GGUF, whichever it is, opens all parts; a Hugging Face folder opens its safetensors, and its
    /// metadata are those of the GGUF file that it would become, vocabulary aside.
    ///
    /// Cost: one pass over the header (15 ms for a vocabulary of 150,000 tokens); memory for keys and tensor table, as
    /// arrays stay in the file until they are asked for.
    ///
    /// - Throws: ``CheckpointError`` naming file, field and byte offset of what is wrong.
    package static func open(path: String) throws(CheckpointError) -> Checkpoint {
        if ModelFolder.isFolder(path) {
            return try Checkpoint(huggingFace: ModelFolder(path: path))
        }
        return try Checkpoint(gguf: FileBytes(path: path))
    }

    /// Opens a GGUF file that is part of the program.
    ///
    /// The bytes must never be freed; error messages call them `name`.
    @unsafe package static func open(staticBytes: UnsafeRawBufferPointer, name: String)
        throws(CheckpointError) -> Checkpoint
    {
        try Checkpoint(gguf: unsafe FileBytes(staticBytes: staticBytes, name: name))
    }

    private init(gguf file: FileBytes) throws(CheckpointError) {
        let opened = try GGUFParts(file)
        path = file.path
        format = .gguf(version: opened.header.version)
        metadata = opened.header.metadata
        valueRanges = opened.header.valueRanges
        header = opened.files[0]
        parts = opened.files
        tensors = opened.tensors
        fileSize = parts.reduce(0) { $0 + $1.count }
        indices = Dictionary(uniqueKeysWithValues: tensors.enumerated().map { ($1.name, $0) })
    }

    private convenience init(huggingFace folder: ModelFolder) throws(CheckpointError) {
        let model = try HuggingFaceModel(folder)
        try self.init(
            folder, model.metadata, tensors: model.weights.tensors, parts: model.weights.parts)
    }

    /// Metadata are written as a GGUF header in memory and read like one, so that a folder and its conversion are
    /// the same to whoever reads them.
    private init(
        _ folder: ModelFolder, _ metadata: GGUFMetadata, tensors: [CheckpointTensor],
        parts: [FileBytes]
    ) throws(CheckpointError) {
        let written = GGUFWriter.header(metadata, [], alignment: 32)
        header = FileBytes(copying: written, name: folder.path(ConfigurationMapping.fileName))
        var parser = GGUFParser(header)
        let parsed = try parser.parse()
        path = folder.path
        format = .huggingFace
        self.metadata = parsed.metadata
        valueRanges = parsed.valueRanges
        self.parts = parts
        self.tensors = tensors
        fileSize = parts.reduce(0) { $0 + $1.count }
        indices = Dictionary(uniqueKeysWithValues: tensors.enumerated().map { ($1.name, $0) })
    }

    /// The same model with the vocabulary of a folder's tokenizer.json among its metadata; a GGUF file as it is.
    ///
    /// - Throws: ``CheckpointError`` where tokenizer.json is missing or has rules that GGUF cannot name.
    package func withVocabulary() throws(CheckpointError) -> Checkpoint {
        guard format == .huggingFace else { return self }
        let folder = ModelFolder(path: path)
        let rows = tensor(named: "token_embd.weight")?.dimensions.last ?? 0
        var metadata = GGUFMetadata(copying: self)
        let vocabulary = try TokenizerMapping(
            HuggingFaceModel.modelFolder(folder), vocabulary: rows)
        for (key, value) in vocabulary.values { metadata.set(key, value) }
        return try Checkpoint(folder, metadata, tensors: tensors, parts: parts)
    }

    /// A folder's tokenizer.json, tokenizer_config.json where there is one, and the tokens that generation_config.json
    /// or config.json say end an answer; `nil` for a GGUF file.
    ///
    /// - Throws: ``CheckpointError`` where the files are missing or no JSON.
    package func tokenizerFiles() throws(CheckpointError) -> (
        tokenizer: JSONValue, configuration: JSONValue?, endTokens: [Int]
    )? {
        guard format == .huggingFace else { return nil }
        let folder = try HuggingFaceModel.modelFolder(ModelFolder(path: path))
        return (
            try TokenizerMapping.document(folder), try folder.json("tokenizer_config.json"),
            try GenerationMapping(folder).endTokens
        )
    }

    package func tensor(named name: String) -> CheckpointTensor? {
        indices[name].map { tensors[$0] }
    }

    /// The type that kernels know the tensor's elements by.
    ///
    /// - Throws: ``CheckpointError`` for a type that Berth can name but not compute with.
    package func elementType(of tensor: CheckpointTensor) throws(CheckpointError) -> ElementType {
        try tensor.elementType(in: parts)
    }

    /// All files that hold tensors.
    package var files: [String] {
        parts.map(\.path)
    }

    /// The file that holds a tensor's data, as it was named.
    package func file(of tensor: CheckpointTensor) -> String {
        parts[tensor.part].path
    }

    /// A tensor's bytes, to be kept as long as they are needed.
    ///
    /// Costs nothing for what lies in the file as it is given; memory and a pass for the others (queries' and keys'
    /// weights of a Llama folder, 16-bit norms, a folder's experts).
    package func bytes(of tensor: CheckpointTensor) -> TensorBytes {
        tensor.bytes(in: parts)
    }

    /// A tensor's bytes along its last dimension, to be kept as long as they are needed.
    ///
    /// Costs nothing where the matrices of a stack lie by themselves, as experts do in a folder; else as ``bytes(of:)``.
    package func slices(of tensor: CheckpointTensor) -> [TensorBytes] {
        let count = tensor.dimensions.last ?? 1
        if let stored = tensor.stored, stored.type == tensor.type, let pieces = stored.pieces,
            pieces.count == count
        {
            return pieces.map { piece in
                TensorBytes(
                    file: parts[piece.part],
                    range: piece.byteOffset..<piece.byteOffset + piece.byteCount)
            }
        }
        let whole = bytes(of: tensor)
        let size = whole.count / count
        return (0..<count).map { whole.slice($0 * size..<($0 + 1) * size) }
    }

    /// Lends a tensor's bytes.
    package func withBytes<Result>(of tensor: CheckpointTensor, _ body: (RawSpan) throws -> Result)
        rethrows -> Result
    {
        try bytes(of: tensor).withBytes(body)
    }

    /// A metadata value as it lies in the file: the number of its type, then the value.
    func rawMetadata(_ key: String) -> [UInt8]? {
        valueRanges[key].map { range in
            unsafe Array(header.bytes[range.lowerBound - 4..<range.upperBound])
        }
    }

    /// A reader at the start of an array's elements.
    func cursor(for array: GGUFArray) -> GGUFCursor {
        GGUFCursor(header, at: array.bytes.lowerBound)
    }
}
