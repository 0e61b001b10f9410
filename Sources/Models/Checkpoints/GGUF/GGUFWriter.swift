import OrderedCollections

/// A tensor that will be written.
package struct GGUFTensorDescription: Sendable, Equatable {
    package let name: String
    /// Lengths of one to four dimensions, the contiguous one first.
    package let dimensions: [Int]
    package let type: GGMLType
    package let byteCount: Int

    /// - Throws: ``CheckpointError`` for a shape that GGUF cannot hold; `file` is the one to name in it.
    package init(name: String, dimensions: [Int], type: GGMLType, file: String)
        throws(CheckpointError)
    {
        func fail(_ message: String) -> CheckpointError {
            CheckpointError(
                code: .invalidField, file: file, field: "tensor \(name)", byteOffset: nil,
                message: message)
        }
        guard (1...4).contains(dimensions.count), dimensions.allSatisfy({ $0 > 0 }) else {
            throw fail("has shape \(dimensions); GGUF holds one to four dimensions, none empty")
        }
        guard dimensions[0].isMultiple(of: type.blockElements) else {
            throw fail(
                """
                has rows of \(dimensions[0]) elements; \(type.name) needs a multiple of \
                \(type.blockElements): choose another type
                """)
        }
        var bytes = dimensions[0] / type.blockElements
        for factor in dimensions.dropFirst() + [type.blockBytes] {
            let (product, isTooLarge) = bytes.multipliedReportingOverflow(by: factor)
            guard !isTooLarge else { throw fail("is larger than any file can be") }
            bytes = product
        }
        self.name = name
        self.dimensions = dimensions
        self.type = type
        byteCount = bytes
    }
}

/// Writes a GGUF file (version 3): metadata and table at once, tensor data piece by piece in the table's order.
///
/// The file appears under its name only when ``finish()`` has put all of it on the disk; an object that goes earlier
/// leaves nothing behind. Memory: the header's.
///
/// Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
package final class GGUFWriter {
    private let output: OutputFile
    private let tensors: [GGUFTensorDescription]
    private let alignment: Int
    /// Index of the tensor whose bytes come next.
    private var current = 0
    /// Bytes of the current tensor that are still to come.
    private var missing = 0

    /// Writes the header.
    ///
    /// - `alignment`: tensors begin at multiples of it; a power of two of at least 8. Another one than 32 is
    ///   noted as `general.alignment`.
    /// - Throws: ``CheckpointError`` when the file cannot be made or the disk has no room for all of it.
    package init(
        path: String, metadata: GGUFMetadata, tensors: [GGUFTensorDescription], alignment: Int = 32
    ) throws(CheckpointError) {
        precondition(alignment >= 8 && alignment & (alignment - 1) == 0, "no power of two")
        precondition(Set(tensors.map(\.name)).count == tensors.count, "two tensors of one name")
        var metadata = metadata
        metadata.set("general.alignment", alignment == 32 ? nil : .uint32(UInt32(alignment)))
        let header = Self.header(metadata, tensors, alignment: alignment)
        let data = tensors.reduce(0) { $0 + Self.padded($1.byteCount, to: alignment) }
        output = try OutputFile(path: path, byteCount: header.count + data)
        self.tensors = tensors
        self.alignment = alignment
        missing = tensors.first?.byteCount ?? 0
        try output.write(header)
    }

    /// Appends to the data of the tensor that comes next; pieces may be of any size but must not go past its end.
    package func append(_ bytes: RawSpan) throws(CheckpointError) {
        precondition(
            current < tensors.count && bytes.byteCount <= missing,
            "more bytes than the tensor has")
        try output.write(bytes)
        missing -= bytes.byteCount
        guard missing == 0 else { return }
        let count = tensors[current].byteCount
        let padding = [UInt8](repeating: 0, count: Self.padded(count, to: alignment) - count)
        try output.write(padding)
        current += 1
        missing = current < tensors.count ? tensors[current].byteCount : 0
    }

    /// As with a span.
    package func append(_ bytes: [UInt8]) throws(CheckpointError) {
        try append(unsafe bytes.span.bytes)
    }

    /// Puts the file on the disk and gives it its name.
    package func finish() throws(CheckpointError) {
        precondition(current == tensors.count, "tensor data are missing")
        try output.close()
    }

    /// Everything before the first tensor's data.
    static func header(
        _ metadata: GGUFMetadata, _ tensors: [GGUFTensorDescription], alignment: Int
    ) -> [UInt8] {
        var bytes = Array("GGUF".utf8)
        bytes.append(integer: UInt32(3))
        bytes.append(integer: UInt64(tensors.count))
        bytes.append(integer: UInt64(metadata.entries.count))
        for (key, value) in metadata.entries {
            bytes.append(text: key)
            bytes.append(contentsOf: value)
        }
        var offset = 0
        for tensor in tensors {
            bytes.append(text: tensor.name)
            bytes.append(integer: UInt32(tensor.dimensions.count))
            for length in tensor.dimensions { bytes.append(integer: UInt64(length)) }
            bytes.append(integer: tensor.type.rawValue)
            bytes.append(integer: UInt64(offset))
            offset += padded(tensor.byteCount, to: alignment)
        }
        let padding = padded(bytes.count, to: alignment) - bytes.count
        bytes.append(contentsOf: repeatElement(0, count: padding))
        return bytes
    }

    private static func padded(_ count: Int, to alignment: Int) -> Int {
        (count + alignment - 1) / alignment * alignment
    }
}
