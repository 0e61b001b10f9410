import OrderedCollections
package import Tensors

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Writes a model of floats as a GGUF file of quantized tensors.
///
/// Metadata are copied, but for the two keys that say how the file was quantized; a folder's vocabulary joins them. Memory: the header and slices of some
/// megabytes, whatever the model's size.
package struct CheckpointQuantizer: Sendable {
    /// A tensor and what becomes of it.
    package struct Step: Sendable {
        package let tensor: CheckpointTensor
        /// `nil`: its bytes are copied.
        package let target: ElementType?
    }

    package let source: Checkpoint
    package let recipe: QuantizationRecipe
    /// In the source's order.
    package let steps: [Step]

    /// Decides what becomes of each tensor.
    ///
    /// - Throws: ``CheckpointError`` when a tensor is quantized already, or metadata are missing.
    package init(_ source: Checkpoint, recipe: QuantizationRecipe) throws(CheckpointError) {
        self.source = source
        self.recipe = recipe
        let architecture = try source.string("general.architecture")
        let heads = Self.number("\(architecture).attention.head_count", of: source) ?? 1
        let kvHeads = Self.number("\(architecture).attention.head_count_kv", of: source) ?? heads
        let model = QuantizationRecipe.Model(
            layers: try source.integer("\(architecture).block_count"),
            experts: Self.number("\(architecture).expert_count", of: source) ?? 0,
            sharing: heads / max(1, kvHeads),
            isTied: source.tensor(named: "output.weight") == nil)
        var steps: [Step] = []
        for tensor in source.tensors {
            guard tensor.type.blockElements == 1 else {
                throw Self.error(
                    source, tensor,
                    "is \(tensor.typeName) already; quantize the model's F32, F16 or BF16 file")
            }
            let target = recipe.type(
                name: tensor.name, dimensions: tensor.dimensions, in: model)
            let type = ElementType(rawValue: tensor.type.rawValue)
            // 16 bits stay what they are, and numbers that are no floats too.
            let isKept = type == nil || (target == .f16 && type != .f32)
            steps.append(Step(tensor: tensor, target: isKept ? nil : target))
        }
        self.steps = steps
    }

    /// One number for all layers, where the model has one.
    private static func number(_ key: String, of source: Checkpoint) -> Int? {
        guard case .integer(let number) = source.metadata[key] else { return nil }
        return number
    }

    /// Elements of one call to the quantizer: whole blocks of every type.
    private static let slice = 1 << 22

    /// Writes the file; it appears under its name when it is whole.
    ///
    /// - `progress`: told the fraction done, 0 to 1.
    /// - Throws: ``CheckpointError`` when the file cannot be written, is the source, or a weight is not finite or beyond its new type.
    package func write(
        to path: String, on compute: Compute, progress: (Double) -> Void = { _ in }
    ) throws(CheckpointError) {
        try refuseSource(as: path)
        var metadata = GGUFMetadata(copying: try source.withVocabulary())
        metadata.set("general.file_type", .uint32(recipe.fileType))
        metadata.set("general.quantization_version", .uint32(2))
        for key in ["split.no", "split.count", "split.tensors.count"] {
            metadata.set(key, nil)
        }
        var tensors: [GGUFTensorDescription] = []
        for step in steps {
            tensors.append(
                try GGUFTensorDescription(
                    name: step.tensor.name, dimensions: step.tensor.dimensions,
                    type: step.target.flatMap { GGMLType(rawValue: $0.rawValue) }
                        ?? step.tensor.type,
                    file: path))
        }
        let writer = try GGUFWriter(path: path, metadata: metadata, tensors: tensors)
        let total = Double(steps.reduce(0) { $0 + $1.tensor.elementCount })
        var done = 0
        for step in steps {
            try write(step, with: writer, on: compute) { elements in
                progress(Double(done + elements) / total)
            }
            done += step.tensor.elementCount
        }
        try writer.finish()
    }

    private func write(
        _ step: Step, with writer: GGUFWriter, on compute: Compute, progress: (Int) -> Void
    ) throws(CheckpointError) {
        let tensor = step.tensor
        let bytes = source.bytes(of: tensor)
        guard let target = step.target else {
            let kept = ElementType(rawValue: tensor.type.rawValue)
            if let kept,
                let index = bytes.withBytes({ compute.firstNonFinite($0, as: kept) })
            {
                throw Self.error(
                    source, tensor, Self.fault(tensor, index, kept),
                    at: tensor.byteOffset + index * kept.blockBytes)
            }
            try writer.append(unsafe bytes.unsafeBytes.bytes)
            progress(tensor.elementCount)
            return
        }
        let type = try source.elementType(of: tensor)
        for start in stride(from: 0, to: tensor.elementCount, by: Self.slice) {
            let count = min(Self.slice, tensor.elementCount - start)
            let size = type.blockBytes
            let part = unsafe UnsafeRawBufferPointer(
                rebasing: bytes.unsafeBytes[start * size..<(start + count) * size])
            var output = [UInt8](repeating: 0, count: target.byteCount(elements: count) ?? 0)
            var span = output.mutableSpan
            var raw = unsafe span.mutableBytes
            if let index = unsafe compute.encode(
                part.bytes, as: type, to: target, upTo: target.largestMagnitude, into: &raw)
            {
                throw Self.error(
                    source, tensor, Self.fault(tensor, start + index, target),
                    at: tensor.byteOffset + (start + index) * size)
            }
            try writer.append(output)
            progress(start + count)
        }
    }

    /// What is wrong with a number that a type cannot hold.
    private static func fault(_ tensor: CheckpointTensor, _ index: Int, _ target: ElementType)
        -> String
    {
        let (row, column) = index.quotientAndRemainder(dividingBy: tensor.dimensions[0])
        return """
            holds a number in row \(row), column \(column) that is infinite, undefined or above the \
            \(target.largestMagnitude) that \(target.name) can hold: if the file is damaged, fetch it again; \
            else keep it in BF16 or F32
            """
    }

    /// The source's bytes are read while the file is written, and afterwards they would be gone.
    private func refuseSource(as path: String) throws(CheckpointError) {
        guard let target = Self.identity(path) else { return }
        let files = [source.path] + source.tensors.map { source.file(of: $0) }
        guard Set(files).contains(where: { Self.identity($0).map { $0 == target } ?? false }) else {
            return
        }
        throw CheckpointError(
            code: .unwritable, file: path, field: "file", byteOffset: nil,
            message: "is the model that is read; choose another name for the result")
    }

    /// Device and number of a file, the same under all of its names.
    private static func identity(_ path: String) -> [UInt64]? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        return [
            UInt64(truncatingIfNeeded: status.st_dev), UInt64(truncatingIfNeeded: status.st_ino),
        ]
    }

    private static func error(
        _ source: Checkpoint, _ tensor: CheckpointTensor, _ message: String, at place: Int? = nil
    ) -> CheckpointError {
        CheckpointError(
            code: .unsupported, file: source.file(of: tensor), field: "tensor \(tensor.name)",
            byteOffset: place ?? tensor.byteOffset, message: message)
    }
}
