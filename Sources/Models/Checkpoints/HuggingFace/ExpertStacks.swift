import OrderedCollections
import StructuredJSON

/// The matrices of single experts, each a tensor of its own in the folder, as the stacks that GGUF has: nothing is copied.
struct ExpertStacks {
    /// Experts of a layer.
    private let count: Int
    private let files: [SafeTensorsFile]
    private var stacks: OrderedDictionary<String, [Int: SafeTensorsModel.Entry]> = [:]

    /// - Throws: ``CheckpointError`` where config.json does not say how many experts there are.
    init(_ configuration: ConfigurationMapping, _ model: SafeTensorsModel) throws(CheckpointError) {
        files = model.files
        let root = configuration.root
        do throws(JSONError) {
            let field = root["num_local_experts"].ifPresent ?? root["num_experts"].ifPresent
            count = try field?.int(in: 1...Int(Int32.max)) ?? 0
        } catch {
            throw configuration.folder.error(ConfigurationMapping.fileName, error)
        }
    }

    /// Takes the matrix of one expert into the stack of a name.
    mutating func add(_ entry: SafeTensorsModel.Entry, of expert: Int, to name: String)
        throws(CheckpointError)
    {
        let (file, tensor) = (files[entry.file], entry.tensor)
        guard expert < count else {
            throw file.error(
                tensor, "is of expert \(expert); config.json says that there are \(count)")
        }
        guard tensor.shape.count == 2 else {
            throw file.error(tensor, "has shape \(tensor.shape); an expert's weights are a matrix")
        }
        if let first = stacks[name]?.values.first {
            guard (first.tensor.shape, first.tensor.dtype) == (tensor.shape, tensor.dtype) else {
                throw file.error(
                    tensor,
                    """
                    has shape \(tensor.shape) of \(tensor.dtype), \(CheckpointError.printable(first.tensor.name)) \
                    has \(first.tensor.shape) of \(first.tensor.dtype)
                    """)
            }
        }
        if let owner = stacks[name, default: [:]].updateValue(entry, forKey: expert) {
            throw file.error(
                tensor,
                "is the same as \(CheckpointError.printable(owner.tensor.name)) under another name")
        }
    }

    /// The stacks, in the order in which their first matrices came.
    func tensors() throws(CheckpointError) -> [CheckpointTensor] {
        var tensors: [CheckpointTensor] = []
        for (name, matrices) in stacks {
            let entries = matrices.sorted { $0.key < $1.key }
            guard let first = entries.first?.value else { continue }
            guard entries.count == count else {
                let missing = entries.indices.first { entries[$0].key != $0 } ?? entries.count
                throw files[first.file].error(
                    first.tensor,
                    "has no like of expert \(missing), of \(count); fetch the whole folder again",
                    code: .missingField)
            }
            tensors.append(
                try Self.tensor(
                    name, first, in: files[first.file],
                    shape: [count] + first.tensor.shape,
                    pieces: entries.map { _, entry in
                        CheckpointTensor.Piece(
                            part: entry.file, byteOffset: entry.tensor.byteOffset,
                            byteCount: entry.tensor.byteCount)
                    }))
        }
        return tensors
    }

    /// A stack of matrices, `[experts, 2 * rows, columns]`, as two: the upper halves, and the lower.
    static func halves(
        _ entry: SafeTensorsModel.Entry, as names: [String], in file: SafeTensorsFile
    )
        throws(CheckpointError) -> [CheckpointTensor]
    {
        let tensor = entry.tensor
        guard tensor.shape.count == 3, !tensor.shape.contains(0),
            tensor.shape[1].isMultiple(of: names.count)
        else {
            throw file.error(
                tensor,
                "has shape \(tensor.shape); it must be experts, twice an expert's length, and the model's width"
            )
        }
        let shape = [tensor.shape[0], tensor.shape[1] / names.count, tensor.shape[2]]
        let size = tensor.byteCount / (shape[0] * names.count)
        var tensors: [CheckpointTensor] = []
        for (half, name) in names.enumerated() {
            let pieces = (0..<shape[0]).map { expert in
                CheckpointTensor.Piece(
                    part: entry.file,
                    byteOffset: tensor.byteOffset + (expert * names.count + half) * size,
                    byteCount: size)
            }
            tensors.append(try self.tensor(name, entry, in: file, shape: shape, pieces: pieces))
        }
        return tensors
    }

    /// - `entry`: the first piece's, for the type and for errors.
    private static func tensor(
        _ name: String, _ entry: SafeTensorsModel.Entry, in file: SafeTensorsFile, shape: [Int],
        pieces: [CheckpointTensor.Piece]
    ) throws(CheckpointError) -> CheckpointTensor {
        let type = try TensorMapping.type(of: entry.tensor, in: file)
        let bytes = pieces.reduce(0) { $0 + $1.byteCount }
        return CheckpointTensor(
            name: name, dimensions: shape.reversed(), type: type, part: entry.file,
            byteOffset: pieces.first?.byteOffset ?? 0, byteCount: bytes,
            elementCount: bytes / type.blockBytes,
            stored: CheckpointTensor.Stored(type: type, heads: nil, pieces: pieces))
    }
}
