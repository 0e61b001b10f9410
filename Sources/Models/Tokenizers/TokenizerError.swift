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
        /// The file may be sound, but this kind of tokenizer is not built.
        case unsupportedModel
        /// The same of its split rule.
        case unsupportedPreTokenizer
    }

    package var code: Code
    /// The file that the definition came from, where that is known.
    package var file: String?
    /// The metadata field at fault, for instance `tokenizer.ggml.merges`.
    package var field: String
    /// Position in the field, where it is a list.
    package var index: Int?
    /// Says what is wrong and what to do.
    package var message: String

    package init(code: Code, field: String, index: Int? = nil, message: String) {
        self.code = code
        self.field = field
        self.index = index
        self.message = message
    }

    package var description: String {
        let place = index.map { "\(field)[\($0)]" } ?? field
        return "\(file ?? "tokenizer"): \(place): \(message)"
    }
}
