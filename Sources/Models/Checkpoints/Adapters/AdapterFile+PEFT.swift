extension AdapterFile {
    private static let weights = "adapter_model.safetensors"

    /// Reads a folder of the PEFT library.
    init(peft folder: ModelFolder, _ base: Base) throws(CheckpointError) {
        let configuration = try PEFTConfiguration(folder)
        guard folder.has(Self.weights) else {
            let pickled = "adapter_model.bin"
            throw folder.has(pickled)
                ? folder.error(
                    .unsupported, pickled, "file",
                    """
                    holds pickled Python objects, which Berth does not read; save the adapter with \
                    safe_serialization=True, as \(Self.weights)
                    """)
                : folder.error(
                    .missingField, Self.weights, "file",
                    "is missing; save or fetch the whole folder again")
        }
        guard let architecture = TransformersArchitecture.decoder(named: base.architecture) else {
            throw folder.error(
                .unsupported, PEFTConfiguration.fileName, "peft_type",
                "is for a model of architecture \"\(base.architecture)\", whose tensors Berth cannot map"
            )
        }
        let file = try SafeTensorsFile(folder.open(Self.weights))
        var assembly = Assembly()
        var modules: [String: String] = [:]
        for tensor in file.tensors {
            let (module, half) = try Self.place(of: tensor, in: file)
            let name = try Self.name(of: module, tensor, in: file, architecture)
            modules[name] = module
            let heads: Int? =
                if architecture.reordersRotaryRows, half == .b {
                    name.contains(".attn_q.")
                        ? base.heads : name.contains(".attn_k.") ? base.kvHeads : nil
                } else {
                    nil
                }
            let mapped = try Self.map(tensor, as: name, heads: heads, in: file)
            guard assembly.add(mapped, as: half, of: name) else {
                throw file.error(tensor, "is there under two names; the file is damaged")
            }
        }
        guard !assembly.names.isEmpty else {
            throw folder.error(
                .missingField, Self.weights, "tensors", "are none; the adapter is empty")
        }
        var pairs: [Pair] = []
        for name in assembly.names {
            let (a, b) = try assembly.pair(name, file: file.bytes.path)
            let module = modules[name] ?? name
            let rank = configuration.rank(of: module)
            guard rank == a.dimensions[1] else {
                throw folder.error(
                    .invalidField, Self.weights, module,
                    """
                    has factors of rank \(a.dimensions[1]), but \(PEFTConfiguration.fileName) says \(rank); the files \
                    are of different adapters
                    """)
            }
            pairs.append(
                Pair(name: name, a: a, b: b, scale: configuration.scale(of: module, rank: rank)))
        }
        self.init(path: folder.path, pairs: pairs, parts: [file.bytes])
    }

    /// The module that a tensor is a factor of, without what PEFT puts in front: `model.layers.0.self_attn.q_proj`.
    private static func place(of tensor: SafeTensor, in file: SafeTensorsFile)
        throws(CheckpointError) -> (module: String, half: Assembly.Half)
    {
        var name = tensor.name[...]
        let wrapper = "base_model.model."
        if name.hasPrefix(wrapper) { name = name.dropFirst(wrapper.count) }
        // State dictionaries that were not saved by PEFT itself keep the adapter's name.
        for (ending, half) in [
            (".lora_A.weight", Assembly.Half.a), (".lora_B.weight", .b),
            (".lora_A.default.weight", .a), (".lora_B.default.weight", .b),
        ] where name.hasSuffix(ending) {
            return (String(name.dropLast(ending.count)), half)
        }
        let known = [
            ("lora_magnitude_vector", "belongs to DoRA, which Berth does not run"),
            ("lora_embedding_", "adapts the token embedding, which Berth does not run"),
            ("modules_to_save", "replaces a whole module, which Berth does not run"),
            (".bias", "is a trained bias, which Berth does not run"),
        ].first { tensor.name.contains($0.0) }
        throw file.error(
            tensor,
            """
            \(known?.1 ?? "is neither a lora_A nor a lora_B, which is all that Berth runs"); without it the answers \
            would be wrong
            """, code: .unsupported)
    }

    /// GGUF's name of a module's weight.
    private static func name(
        of module: String, _ tensor: SafeTensor, in file: SafeTensorsFile,
        _ architecture: TransformersArchitecture
    ) throws(CheckpointError) -> String {
        for prefix in architecture.prefixes where module.hasPrefix(prefix) {
            let (pattern, numbers) = TensorMapping.pattern(
                of: "\(module.dropFirst(prefix.count)).weight")
            guard let name = architecture.tensors[pattern], numbers.count <= 1 else { continue }
            return numbers.first.map { name.replacing("*", with: "\($0)") } ?? name
        }
        throw file.error(
            tensor,
            """
            changes a module that Berth's \(architecture.name) models do not have: the adapter was made for another \
            kind of model
            """)
    }

    private static func map(
        _ tensor: SafeTensor, as name: String, heads: Int?, in file: SafeTensorsFile
    ) throws(CheckpointError) -> CheckpointTensor {
        let type = try TensorMapping.type(of: tensor, in: file)
        guard tensor.shape.count == 2, !tensor.shape.contains(0) else {
            throw file.error(
                tensor,
                "has shape \(tensor.shape); a factor has two dimensions, of which the rank is at least 1"
            )
        }
        // Rows that make no heads are those of another model, as whoever compares shapes will say.
        let halves = heads.flatMap { tensor.shape[0].isMultiple(of: 2 * $0) ? $0 : nil }
        return CheckpointTensor(
            name: tensor.name, dimensions: tensor.shape.reversed(), type: type, part: 0,
            byteOffset: tensor.byteOffset, byteCount: tensor.byteCount,
            elementCount: tensor.shape.reduce(1, *),
            stored: halves.map { CheckpointTensor.Stored(type: type, heads: $0) })
    }
}
