import StructuredJSON

/// A folder's weights under GGUF names and in GGUF's order of rows.
///
/// Nothing is copied: a tensor that must be changed remembers how, see ``CheckpointTensor/Stored``.
struct TensorMapping {
    let tensors: [CheckpointTensor]
    /// The weight files, and one in memory where a tensor was made.
    let parts: [FileBytes]

    private let configuration: ConfigurationMapping
    private let model: SafeTensorsModel

    init(_ configuration: ConfigurationMapping, _ model: SafeTensorsModel, _ folder: ModelFolder)
        throws(CheckpointError)
    {
        self.configuration = configuration
        self.model = model
        var parts = model.files.map(\.bytes)
        var tensors: [CheckpointTensor] = []
        if let factors = configuration.rotaryFactors {
            let (tensor, bytes) = Self.rotaryFactors(
                factors, part: parts.count, file: folder.path(ConfigurationMapping.fileName))
            tensors.append(tensor)
            parts.append(bytes)
        }
        let options = try Options(configuration, folder)
        var owners: [String: String] = [:]
        var stacks = try ExpertStacks(configuration, model)
        for entry in model.entries {
            let file = model.files[entry.file]
            guard let role = try Self.role(of: entry.tensor, in: file, configuration.architecture)
            else { continue }
            // What the embedding is tied to is the embedding.
            if role.names == ["output.weight"], options.isTied == true { continue }
            if let expert = role.expert {
                try stacks.add(entry, of: expert, to: role.names[0])
                continue
            }
            for name in role.names {
                if let owner = owners.updateValue(entry.tensor.name, forKey: name) {
                    throw file.error(
                        entry.tensor,
                        "is the same as \(CheckpointError.printable(owner)) under another name")
                }
            }
            if role.names.count > 1 {
                tensors += try ExpertStacks.halves(entry, as: role.names, in: file)
            } else {
                tensors.append(
                    try Self.map(
                        entry, to: role.names[0], in: file, options, configuration.architecture))
            }
        }
        for stack in try stacks.tensors() {
            if let owner = owners.updateValue(stack.name, forKey: stack.name) {
                throw folder.error(
                    .invalidField, ConfigurationMapping.fileName,
                    CheckpointError.printable(owner),
                    "is there both for single experts and for all; the folder is damaged")
            }
            tensors.append(stack)
        }
        if !configuration.architecture.isEncoder, owners["output.weight"] == nil,
            options.isTied == false
        {
            throw folder.error(
                .missingField, ConfigurationMapping.fileName, "tie_word_embeddings",
                "is false, but the weights have no lm_head.weight; fetch the whole folder again")
        }
        self.tensors = tensors
        self.parts = parts
    }

    /// What config.json says of single tensors.
    private struct Options {
        let heads: Int
        let kvHeads: Int
        let isTied: Bool?
        let skippedPositions: Int

        init(_ configuration: ConfigurationMapping, _ folder: ModelFolder) throws(CheckpointError) {
            let root = configuration.root
            do throws(JSONError) {
                heads = try root["num_attention_heads"].int(in: 1...1 << 20)
                kvHeads = try root["num_key_value_heads"].ifPresent?.int(in: 1...1 << 20) ?? heads
                isTied = try root["tie_word_embeddings"].ifPresent?.bool()
                skippedPositions = try configuration.skippedPositions()
            } catch {
                throw folder.error(ConfigurationMapping.fileName, error)
            }
        }
    }

    /// What a tensor is in GGUF.
    private struct Role {
        /// One name, or those of its two halves.
        let names: [String]
        /// Whose matrix it is, of a stack.
        var expert: Int?
    }

    /// `nil` for what no computation needs.
    private static func role(
        of tensor: SafeTensor, in file: SafeTensorsFile, _ architecture: TransformersArchitecture
    ) throws(CheckpointError) -> Role? {
        for prefix in architecture.prefixes where tensor.name.hasPrefix(prefix) {
            let (pattern, numbers) = pattern(of: String(tensor.name.dropFirst(prefix.count)))
            func named(_ name: String) -> String {
                numbers.first.map { name.replacing("*", with: "\($0)") } ?? name
            }
            if let name = architecture.tensors[pattern] {
                return Role(
                    names: [named(name)], expert: numbers.count > 1 ? numbers[1] : nil)
            }
            if let halves = architecture.halves[pattern] {
                return Role(names: halves.map(named))
            }
            if architecture.ignored.contains(pattern) { return nil }
        }
        throw file.error(
            tensor,
            """
            is a tensor that Berth's \(architecture.name) models do not use; without it the answers would be wrong
            """, code: .unsupported)
    }

    /// `layers.12.mlp.up_proj.weight` as `layers.*.mlp.up_proj.weight` and 12.
    static func pattern(of name: String) -> (pattern: String, numbers: [Int]) {
        var words = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        var numbers: [Int] = []
        for index in words.indices where words[index].utf8.count < 6 {
            guard let number = Int(words[index]), "\(number)" == words[index], number >= 0 else {
                continue
            }
            words[index] = "*"
            numbers.append(number)
        }
        return (words.joined(separator: "."), numbers)
    }

    private static func map(
        _ entry: SafeTensorsModel.Entry, to name: String, in file: SafeTensorsFile,
        _ options: Options, _ architecture: TransformersArchitecture
    ) throws(CheckpointError) -> CheckpointTensor {
        let tensor = entry.tensor
        let type = try type(of: tensor, in: file)
        var shape = tensor.shape
        guard (1...4).contains(shape.count), !shape.contains(0) else {
            throw file.error(
                tensor, "has shape \(shape); a model's tensors have one to four dimensions")
        }
        var offset = tensor.byteOffset
        if name == "position_embd.weight", options.skippedPositions > 0 {
            guard shape[0] > options.skippedPositions else {
                throw file.error(
                    tensor, "has \(shape[0]) positions, no more than pad_token_id takes away")
            }
            offset += options.skippedPositions * (tensor.byteCount / shape[0])
            shape[0] -= options.skippedPositions
        }
        var heads: Int?
        if architecture.reordersRotaryRows {
            if name.contains(".attn_q.") { heads = options.heads }
            if name.contains(".attn_k.") { heads = options.kvHeads }
        }
        if let heads, !shape[0].isMultiple(of: 2 * heads) {
            throw file.error(
                tensor, "has \(shape[0]) rows, no even number for each of \(heads) heads")
        }
        let presented = keepsFloat32(name, rank: shape.count) ? GGMLType.float32 : type
        let count = shape.reduce(1, *)
        return CheckpointTensor(
            name: name, dimensions: shape.reversed(), type: presented, part: entry.file,
            byteOffset: offset, byteCount: count * presented.blockBytes, elementCount: count,
            stored: heads == nil && presented == type
                ? nil : CheckpointTensor.Stored(type: type, heads: heads))
    }

    static func type(of tensor: SafeTensor, in file: SafeTensorsFile) throws(CheckpointError)
        -> GGMLType
    {
        guard let type = GGMLType(named: tensor.dtype), type.blockElements == 1, type.isFloat else {
            throw file.error(
                tensor, "has dtype \(tensor.dtype); Berth runs F32, F16 and BF16",
                code: .unsupported)
        }
        return type
    }

    /// What convert_hf_to_gguf leaves in float32 whatever the other weights are: small, and read as it is.
    static func keepsFloat32(_ name: String, rank: Int) -> Bool {
        rank <= 1 || !name.hasSuffix(".weight") || name.hasSuffix("_norm.weight")
            || name.hasSuffix(".ffn_gate_inp.weight") || name == "position_embd.weight"
            || name == "token_types.weight"
    }

    private static func rotaryFactors(_ factors: [Float], part: Int, file: String) -> (
        CheckpointTensor, FileBytes
    ) {
        var bytes: [UInt8] = []
        for factor in factors { bytes.append(integer: factor.bitPattern) }
        let tensor = CheckpointTensor(
            name: "rope_freqs.weight", dimensions: [factors.count], type: .float32, part: part,
            byteOffset: 0, byteCount: bytes.count, elementCount: factors.count)
        return (tensor, FileBytes(copying: bytes, name: file))
    }
}
