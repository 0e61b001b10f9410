import Tensors

/// A tensor's entry in a checkpoint's table.
package struct CheckpointTensor: Sendable, Equatable {
    package let name: String
    /// Lengths of one to four dimensions, the contiguous one first.
    package let dimensions: [Int]
    package let type: GGMLType
    /// Which of the checkpoint's files holds the data.
    let part: Int
    /// Where the data begin, in bytes from the start of their file.
    package let byteOffset: Int
    package let byteCount: Int
    package let elementCount: Int
    /// How the data lie in the file, where that is not how they are given.
    var stored: Stored?

    /// Data that are changed whenever they are asked for.
    struct Stored: Sendable, Equatable {
        /// Their type in the file; one element a block.
        let type: GGMLType
        /// Heads whose rows lie as the two halves of the rotary pairs, where GGUF wants the pairs' rows side by side.
        let heads: Int?
        /// Where the data lie in equal pieces, one after another, when they are not one run.
        var pieces: [Piece]?
    }

    /// A run of bytes in one of the checkpoint's files.
    struct Piece: Sendable, Equatable {
        let part: Int
        let byteOffset: Int
        let byteCount: Int
    }

    package var typeName: String {
        type.name
    }

    /// The same tensor in another of the checkpoint's files.
    func inPart(_ part: Int) -> CheckpointTensor {
        CheckpointTensor(
            name: name, dimensions: dimensions, type: type, part: part, byteOffset: byteOffset,
            byteCount: byteCount, elementCount: elementCount, stored: stored)
    }
}

extension CheckpointTensor {
    /// The type that kernels know the elements by.
    ///
    /// - Throws: ``CheckpointError`` for a type that Berth can name but not compute with.
    func elementType(in parts: [FileBytes]) throws(CheckpointError) -> ElementType {
        guard let type = ElementType(rawValue: type.rawValue) else {
            let known = ElementType.allCases.map(\.name).joined(separator: ", ")
            throw CheckpointError(
                code: .unsupported, file: parts[part].path, field: "tensor \(name)",
                byteOffset: byteOffset,
                message: "has type \(typeName), which Berth cannot run yet; it runs \(known)"
            )
        }
        return type
    }

    /// Where the data lie, or memory that they were changed into.
    func bytes(in parts: [FileBytes]) -> TensorBytes {
        guard let stored else {
            return TensorBytes(file: parts[part], range: byteOffset..<byteOffset + byteCount)
        }
        return TensorBytes(file: stored.changed(self, in: parts), range: 0..<byteCount)
    }
}

/// A tensor's bytes; they are there as long as this value or a copy lives.
package struct TensorBytes: Sendable {
    let file: FileBytes
    let range: Range<Int>

    package var count: Int {
        range.count
    }

    /// Lends the bytes.
    package func withBytes<Result>(_ body: (RawSpan) throws -> Result) rethrows -> Result {
        try unsafe body(unsafeBytes.bytes)
    }

    /// A part of the bytes.
    func slice(_ part: Range<Int>) -> TensorBytes {
        TensorBytes(
            file: file,
            range: range.lowerBound + part.lowerBound..<range.lowerBound + part.upperBound)
    }

    /// The bytes, which must not be used after this value and all its copies are gone.
    @unsafe package var unsafeBytes: UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(rebasing: file.bytes[range])
    }

    /// Whether they lie in a file of somebody else's, which may be shortened while it is mapped.
    package var areMapped: Bool { file.isMapped }

    /// Says that the bytes are not needed for now: what lies in a file is no longer this process's memory, and comes
    /// back when it is read.
    package func release() {
        file.release(range)
    }
}
