/// A tensor's entry in a GGUF file's table.
package struct GGUFTensor: Sendable, Equatable {
    package let name: String
    /// Lengths of one to four dimensions, the contiguous one first.
    package let dimensions: [Int]
    package let type: GGMLType
    /// Where the data begin, in bytes from the start of the file.
    package let byteOffset: Int
    package let byteCount: Int
    package let elementCount: Int

    package var typeName: String {
        type.name
    }
}
