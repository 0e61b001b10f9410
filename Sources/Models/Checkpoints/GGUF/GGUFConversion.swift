import OrderedCollections
package import Tensors

/// Writes a checkpoint as one GGUF file: a folder with its vocabulary, split files joined.
package struct GGUFConversion {
    private let checkpoint: Checkpoint
    private let metadata: GGUFMetadata
    private let type: ElementType?

    /// - `type`: of the weights; `nil` keeps each tensor's own. Vectors, norms and position tables of a folder become
    ///   float32 in any case, as in llama.cpp's converter.
    /// - Throws: ``CheckpointError`` where tokenizer.json is missing or has rules that GGUF cannot name.
    package init(_ checkpoint: Checkpoint, type: ElementType? = nil) throws(CheckpointError) {
        precondition(type.map { !$0.isQuantized } ?? true, "a type of single floats")
        self.checkpoint = checkpoint
        self.type = type
        var metadata = try GGUFMetadata(copying: checkpoint.withVocabulary())
        for key in metadata.keys where key.hasPrefix("split.") { metadata.set(key, nil) }
        if let type {
            let numbers: [ElementType: UInt32] = [.f32: 0, .f16: 1, .bf16: 32]
            metadata.set("general.file_type", .uint32(numbers[type] ?? 0))
        }
        self.metadata = metadata
    }

    /// Streams all tensors: memory for one that must be reordered, and for none otherwise.
    ///
    /// - Throws: ``CheckpointError`` for a disk that is too full, and for numbers that the type cannot hold.
    package func write(to path: String, progress: (Double) -> Void = { _ in }) throws {
        let targets = try checkpoint.tensors.map { tensor in
            try GGUFTensorDescription(
                name: tensor.name, dimensions: tensor.dimensions, type: target(tensor), file: path)
        }
        let writer = try GGUFWriter(
            path: path, metadata: metadata, tensors: targets,
            alignment: checkpoint.optionalInteger("general.alignment") ?? 32)
        let total = Double(max(1, targets.reduce(0) { $0 + $1.byteCount }))
        var done = 0
        for (tensor, target) in zip(checkpoint.tensors, targets) {
            progress(Double(done) / total)
            if tensor.type == target.type {
                try checkpoint.withBytes(of: tensor) { bytes in
                    if let element = ElementType(rawValue: tensor.type.rawValue),
                        let index = element.firstNonFinite(in: bytes)
                    {
                        throw error(
                            tensor,
                            "holds an infinite or undefined number, its number \(index)"
                                + Self.advice)
                    }
                    try writer.append(bytes)
                }
            } else {
                try convert(tensor, to: target, writer)
            }
            done += target.byteCount
        }
        try writer.finish()
    }

    private func target(_ tensor: CheckpointTensor) -> GGMLType {
        guard let type, let wanted = GGMLType(rawValue: type.rawValue),
            !TensorMapping.keepsFloat32(tensor.name, rank: tensor.dimensions.count)
        else { return tensor.type }
        return wanted
    }

    private func convert(
        _ tensor: CheckpointTensor, to target: GGUFTensorDescription, _ writer: GGUFWriter
    ) throws {
        let source = try checkpoint.elementType(of: tensor)
        let chunk = 1 << 16
        try checkpoint.withBytes(of: tensor) { bytes in
            for start in stride(from: 0, to: tensor.elementCount, by: chunk) {
                let count = min(chunk, tensor.elementCount - start)
                let first = start / source.blockElements * source.blockBytes
                let length = count / source.blockElements * source.blockBytes
                var floats = [Float](repeating: 0, count: count)
                var span = floats.mutableSpan
                dequantize(bytes.extracting(first..<first + length), as: source, into: &span)
                try writer.append(try encode(floats, tensor))
            }
        }
    }

    private func encode(_ floats: [Float], _ tensor: CheckpointTensor)
        throws(CheckpointError) -> [UInt8]
    {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(4 * floats.count)
        if let float = floats.first(where: { !$0.isFinite }) {
            throw error(tensor, "holds \(float)" + Self.advice)
        }
        switch type {
        case .f16:
            for float in floats {
                let half = Float16(float)
                guard half.isFinite else {
                    throw error(
                        tensor, "holds \(float), which float16 cannot; write bf16 or f32")
                }
                bytes.append(integer: half.bitPattern)
            }
        case .bf16:
            for float in floats { bytes.append(integer: Self.bfloat16(float)) }
        default:
            for float in floats { bytes.append(integer: float.bitPattern) }
        }
        return bytes
    }

    private static let advice =
        ": the file is damaged, or training went wrong; fetch it again"

    private func error(_ tensor: CheckpointTensor, _ message: String) -> CheckpointError {
        CheckpointError(
            code: .unsupported, file: checkpoint.file(of: tensor), field: "tensor \(tensor.name)",
            byteOffset: tensor.byteOffset, message: message)
    }

    /// Rounds a finite number to the nearest, ties to even.
    private static func bfloat16(_ float: Float) -> UInt16 {
        let bits = float.bitPattern
        return UInt16((bits + 0x7FFF + (bits >> 16 & 1)) >> 16)
    }
}
