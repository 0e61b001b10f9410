package import OrderedCollections
package import Tensors

/// A GGUF model file (versions 2 and 3), mapped into memory, its header read and checked.
///
/// Lifetime: the bytes stay mapped as long as this object lives. Tensor data are not read before they are used.
package final class GGUFFile: Sendable {
    /// The file as it was named.
    package let path: String
    /// 2 or 3.
    package let version: Int
    /// In the file's order.
    package let metadata: OrderedDictionary<String, GGUFValue>
    /// In the file's order.
    package let tensors: [GGUFTensor]
    /// Where in the file each metadata value lies, by key.
    let valueOffsets: [String: Int]
    private let indices: [String: Int]
    private let mapped: MappedFile

    /// Opens a file and checks its header.
    ///
    /// Cost: one pass over the header (15 ms for a vocabulary of 150,000 tokens); memory for keys and tensor table, as
    /// arrays stay in the file until they are asked for.
    ///
    /// - Throws: ``CheckpointError`` naming field and byte offset of what is wrong.
    package static func open(path: String) throws(CheckpointError) -> GGUFFile {
        try GGUFFile(MappedFile(path: path))
    }

    /// Opens a file that is part of the program.
    ///
    /// The bytes must never be freed; error messages call them `name`.
    @unsafe package static func open(staticBytes: UnsafeRawBufferPointer, name: String)
        throws(CheckpointError) -> GGUFFile
    {
        try GGUFFile(unsafe MappedFile(staticBytes: staticBytes, name: name))
    }

    private init(_ mapped: MappedFile) throws(CheckpointError) {
        var parser = GGUFParser(mapped)
        let header = try parser.parse()
        self.mapped = mapped
        path = mapped.path
        version = header.version
        metadata = header.metadata
        valueOffsets = header.valueOffsets
        tensors = header.tensors
        indices = Dictionary(
            uniqueKeysWithValues: header.tensors.enumerated().map { ($1.name, $0) })
    }

    /// Bytes of the whole file.
    package var fileSize: Int {
        mapped.count
    }

    package func tensor(named name: String) -> GGUFTensor? {
        indices[name].map { tensors[$0] }
    }

    /// The type that kernels know the tensor's elements by.
    ///
    /// - Throws: ``CheckpointError`` for a type that Berth can name but not compute with.
    package func elementType(of tensor: GGUFTensor) throws(CheckpointError) -> ElementType {
        guard let type = ElementType(rawValue: tensor.type.rawValue) else {
            let known = ElementType.allCases.map(\.name).joined(separator: ", ")
            throw CheckpointError(
                code: .unsupported, file: path, field: "tensor \(tensor.name)",
                byteOffset: tensor.byteOffset,
                message: "has type \(tensor.typeName), which Berth cannot run yet; it runs \(known)"
            )
        }
        return type
    }

    /// Lends a tensor's bytes.
    package func withBytes<Result>(of tensor: GGUFTensor, _ body: (RawSpan) throws -> Result)
        rethrows
        -> Result
    {
        try unsafe body(unsafeBytes(of: tensor).bytes)
    }

    /// A tensor's bytes; they must not be used after this object is gone.
    @unsafe package func unsafeBytes(of tensor: GGUFTensor) -> UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(
            rebasing: mapped.bytes[tensor.byteOffset..<tensor.byteOffset + tensor.byteCount])
    }

    /// A reader at the start of an array's elements.
    func cursor(for array: GGUFArray) -> GGUFCursor {
        GGUFCursor(mapped, at: array.bytes.lowerBound)
    }
}
