/// What is wrong with a tokenizer's definition, and what to do about it.
package struct TokenizerError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// A field is missing or empty that this kind of tokenizer needs.
        case missing
        /// Two fields that belong together have different lengths.
        case countMismatch
        /// A value is outside its range, or written in a way that cannot be read.
        case invalidValue
        /// The same token stands twice.
        case duplicateToken
        /// The file is sound, but this kind of tokenizer is not built yet.
        case unsupported
    }

    package var code: Code
    /// The metadata field at fault, for instance `tokenizer.ggml.merges`.
    package var field: String
    /// Position in the field, where it is a list.
    package var index: Int?
    /// Says what is wrong and what to do.
    package var message: String

    init(_ code: Code, _ field: String, at index: Int? = nil, _ message: String) {
        self.code = code
        self.field = field
        self.index = index
        self.message = message
    }

    package var description: String {
        let place = index.map { "\(field)[\($0)]" } ?? field
        return "tokenizer: \(place): \(message)"
    }
}
