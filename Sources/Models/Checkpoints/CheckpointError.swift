/// Why a model file cannot be read, in words for the person who brought it.
package struct CheckpointError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable {
        /// The file cannot be opened or mapped.
        case unreadable
        /// The file is not of the format that it was opened as.
        case notThisFormat
        /// The format's version, byte order or layout is one that Berth does not read.
        case unsupported
        /// The file ends before what it announces.
        case truncated
        /// A field holds what the format does not allow.
        case invalidField
        /// A metadata key or tensor that is needed is not there.
        case missingField
        /// A metadata value has another type than is needed.
        case wrongType
    }

    package let code: Code
    /// The file, as it was named.
    package let file: String
    /// The header field, metadata key or tensor at fault.
    package let field: String
    /// Where in the file the fault lies, in bytes from its start; `nil` for what is missing.
    package let byteOffset: Int?
    /// What is wrong and what to do.
    package let message: String

    package var description: String {
        let place = byteOffset.map { " (at byte \($0))" } ?? ""
        return "\(file): \(field)\(place): \(message)"
    }
}
