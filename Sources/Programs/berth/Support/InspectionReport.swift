import Architectures
import ChatEngine
import Checkpoints
import OrderedCollections
import StructuredJSON
import Tensors

/// Everything `berth inspect` shows of a file.
struct InspectionReport {
    private let file: Checkpoint
    private let weights: Int
    /// Present when Berth can run the file.
    private let cacheBytesPerToken: Int?
    private let contextLength: Int?
    private let experts: ExpertConfiguration?
    private let obstacle: String?

    init(_ file: Checkpoint) {
        self.file = file
        weights = file.tensors.reduce(0) { $0 + $1.byteCount }
        var needs: (cacheBytesPerToken: Int?, contextLength: Int?, experts: ExpertConfiguration?)
        do {
            for tensor in file.tensors { _ = try file.elementType(of: tensor) }
            needs = try Self.needs(of: file)
            obstacle = nil
        } catch {
            obstacle = "\(error)"
        }
        (cacheBytesPerToken, contextLength, experts) = needs
    }

    private static func needs(of file: Checkpoint) throws -> (Int?, Int?, ExpertConfiguration?) {
        let architecture = try file.string("general.architecture")
        guard !EncoderModel.architectures.contains(architecture) else {
            // An encoder reads a text in one step and keeps nothing.
            return (nil, try EncoderConfiguration(file: file).contextLength, nil)
        }
        let configuration = try ModelFamilies.configuration(of: file)
        return (
            configuration.layout.byteCount / configuration.layout.positions,
            configuration.contextLength, configuration.experts
        )
    }

    /// Weights that a token meets: of the experts only those that it goes to.
    private func activeParameters(_ experts: ExpertConfiguration) -> Int {
        file.tensors.reduce(0) { sum, tensor in
            let isOfExperts = tensor.dimensions.count == 3 && tensor.name.contains("_exps.")
            return sum
                + (isOfExperts
                    ? tensor.elementCount / experts.count * experts.used : tensor.elementCount)
        }
    }

    var text: String {
        var lines = [
            "\(file.path)", "\(Self.format(file.format)), \(Self.size(file.fileSize))",
            FileSummary(file).line, "", "Metadata",
        ]
        for (key, value) in file.metadata {
            lines.append("  \(CheckpointError.printable(key)) = \(Self.short(value))")
        }
        lines += ["", "Tensors (\(file.tensors.count))"]
        for tensor in file.tensors {
            let shape = tensor.dimensions.map(String.init).joined(separator: " x ")
            lines.append(
                "  \(CheckpointError.printable(tensor.name))  \(tensor.typeName)  \(shape)  \(Self.size(tensor.byteCount))"
            )
        }
        if let experts {
            let parameters = activeParameters(experts) / 1_000_000
            lines += [
                "", "Experts",
                "  a layer has         \(experts.count), a token goes to \(experts.used)",
                "  parameters          \(parameters)M of \(file.tensors.reduce(0) { $0 + $1.elementCount } / 1_000_000)M meet a token",
            ]
        }
        lines += ["", "Memory", "  weights             \(Self.size(weights))"]
        if let cacheBytesPerToken, let contextLength {
            lines += [
                "  KV cache            \(Self.size(cacheBytesPerToken)) a token",
                "  at \(contextLength) tokens    \(Self.size(weights + cacheBytesPerToken * contextLength)) in all",
            ]
        }
        if let obstacle {
            lines += ["", "Berth cannot run this file: \(obstacle)"]
        }
        return lines.joined(separator: "\n")
    }

    private static func format(_ format: Checkpoint.Format) -> String {
        switch format {
        case .gguf(let version): "GGUF version \(version)"
        case .huggingFace: "Hugging Face folder"
        }
    }

    /// A value on one line: the beginning of long texts, the size of arrays.
    private static func short(_ value: GGUFValue) -> String {
        switch value {
        case .integer(let integer): return "\(integer)"
        case .unsigned(let unsigned): return "\(unsigned)"
        case .float(let float): return "\(Float(float))"
        case .bool(let bool): return "\(bool)"
        case .string(let string):
            let line = string.prefix(100).debugDescription
            return string.count > 100 ? "\(line)... (\(string.count) characters)" : line
        case .array(let array): return "\(array.count) x \(array.elementType)"
        }
    }

    /// - Throws: `CheckpointError` when an array cannot be decoded.
    func json() throws -> JSONValue {
        var metadata = JSONObject()
        for key in file.metadata.keys {
            metadata[key] = try file.json(key)
        }
        let tensors = file.tensors.map { tensor in
            JSONValue.object([
                "name": .string(tensor.name), "type": .string(tensor.typeName),
                "dimensions": .array(tensor.dimensions.map { .integer($0) }),
                "byte_offset": .integer(tensor.byteOffset),
                "byte_count": .integer(tensor.byteCount),
            ])
        }
        var memory: JSONObject = ["weights_bytes": .integer(weights)]
        if let cacheBytesPerToken, let contextLength {
            memory["cache_bytes_per_token"] = .integer(cacheBytesPerToken)
            memory["total_bytes_at_full_context"] = .integer(
                weights + cacheBytesPerToken * contextLength)
        }
        return .object([
            "path": .string(file.path), "format": .string(Self.format(file.format)),
            "file_bytes": .integer(file.fileSize), "runs": .bool(obstacle == nil),
            "obstacle": obstacle.map { .string($0) } ?? .null, "memory": .object(memory),
            "experts": experts.map { experts in
                .object([
                    "count": .integer(experts.count), "used": .integer(experts.used),
                    "active_parameters": .integer(activeParameters(experts)),
                ])
            } ?? .null,
            "metadata": .object(metadata), "tensors": .array(tensors),
        ])
    }

    private static func size(_ bytes: Int) -> String {
        for (unit, suffix) in [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")]
        where bytes >= unit {
            let hundredths = bytes / unit * 100 + bytes % unit * 100 / unit
            let fraction = "\(hundredths % 100)"
            return "\(hundredths / 100).\(fraction.count == 1 ? "0" : "")\(fraction) \(suffix)"
        }
        return "\(bytes) B"
    }
}
