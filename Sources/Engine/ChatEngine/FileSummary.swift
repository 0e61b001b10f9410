package import Checkpoints
package import CompletionAPI

/// What a model file holds, in a line for people.
package struct FileSummary {
    package let architecture: String
    package let parameters: Int
    /// The type that most weights have.
    package let mainType: String
    /// Bytes of all weights.
    package let bytes: Int

    package init(_ file: Checkpoint) {
        architecture = CheckpointError.printable(
            (try? file.string("general.architecture")) ?? "unknown")
        parameters = file.tensors.reduce(0) { $0 + $1.elementCount }
        let bytes = file.tensors.reduce(into: [String: Int]()) { sums, tensor in
            sums[tensor.typeName, default: 0] += tensor.byteCount
        }
        self.bytes = bytes.values.reduce(0, +)
        mainType = bytes.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? "empty"
    }

    /// For instance `qwen3, 751.6M parameters, mostly Q4_K`.
    package var line: String {
        "\(architecture), \(Self.short(parameters)) parameters, mostly \(mainType)"
    }

    /// The same for programs.
    package var file: ModelFile {
        ModelFile(
            architecture: architecture, parameters: parameters,
            parameterSize: Self.short(parameters), weightType: mainType, bytes: bytes)
    }

    private static func short(_ count: Int) -> String {
        for (size, suffix) in [(1_000_000_000, "B"), (1_000_000, "M"), (1_000, "K")]
        where count >= size {
            let tenths = count * 10 / size
            return "\(tenths / 10).\(tenths % 10)\(suffix)"
        }
        return "\(count)"
    }
}
