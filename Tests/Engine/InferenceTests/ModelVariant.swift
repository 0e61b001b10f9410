import Checkpoints
import Foundation
import Tensors
import Testing

/// A parity fixture with other metadata and other float32 vectors.
enum ModelVariant {
    /// - `metadata`: what to set, or with `nil` to remove.
    /// - `vectors`: tensors to add or to replace.
    static func open(
        _ name: String, metadata changes: [String: GGUFTypedValue?] = [:],
        vectors: [String: [Float]] = [:]
    ) throws -> Checkpoint {
        let original = try Checkpoint.open(path: ParityFixtures.model(name))
        let path = FileManager.default.temporaryDirectory
            .appending(path: "berth-\(UUID().uuidString).gguf").path
        // The mapping outlives the name.
        defer { try? FileManager.default.removeItem(atPath: path) }
        var metadata = GGUFMetadata(copying: original)
        for (key, value) in changes {
            metadata.set(key, value)
        }
        let kept = original.tensors.filter { vectors[$0.name] == nil }
        let float32 = try #require(GGMLType(rawValue: ElementType.f32.rawValue))
        let added = vectors.sorted { $0.key < $1.key }
        let writer = try GGUFWriter(
            path: path, metadata: metadata,
            tensors: kept.map {
                try GGUFTensorDescription(
                    name: $0.name, dimensions: $0.dimensions, type: $0.type, file: path)
            }
                + added.map {
                    try GGUFTensorDescription(
                        name: $0.key, dimensions: [$0.value.count], type: float32, file: path)
                })
        for tensor in kept {
            try original.withBytes(of: tensor) { try writer.append($0) }
        }
        for (_, values) in added {
            try writer.append(
                values.flatMap { value in
                    (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
                })
        }
        try writer.finish()
        return try Checkpoint.open(path: path)
    }
}
