import Checkpoints

/// Why a file cannot become a model, in words for the person who brought the file.
package struct ModelError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable {
        /// No family of that name is built in.
        case unsupportedArchitecture
        /// The family is known, this variant of it is not.
        case unsupportedFeature
        /// A number in the metadata makes no sense (zero heads, odd rotary dimensions).
        case invalidConfiguration
        case missingTensor
        case wrongShape
        /// A weight is infinite or not a number.
        case invalidWeight
    }

    package let code: Code
    /// The file at fault.
    package let file: String
    /// The metadata key or tensor at fault.
    package let field: String
    /// What is wrong and what to do.
    package let message: String

    package init(code: Code, file: String, field: String, message: String) {
        self.code = code
        self.file = file
        self.field = CheckpointError.printable(field)
        self.message = message
    }

    package var description: String {
        "\(file): \(field): \(message)"
    }
}
