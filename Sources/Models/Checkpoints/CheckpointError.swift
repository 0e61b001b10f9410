/// Why a model file cannot be read or written, in words for the person who brought it.
///
/// Field and message are safe to print whatever the file holds: names taken from it are cut to a length for people,
/// and their control characters escaped.
package struct CheckpointError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable {
        /// The file cannot be opened or mapped.
        case unreadable
        /// The file cannot be made, or its disk is full.
        case unwritable
        /// Another process is writing the file.
        case busy
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

    init(code: Code, file: String, field: String, byteOffset: Int?, message: String) {
        self.code = code
        self.file = file
        self.field = Self.printable(field)
        self.byteOffset = byteOffset
        self.message = message
    }

    package var description: String {
        let place = byteOffset.map { " (at byte \($0))" } ?? ""
        return "\(file): \(field)\(place): \(message)"
    }

    /// Text out of a file as an error may show it: a damaged name can be megabytes long and drive a terminal.
    package static func printable(_ text: String) -> String {
        var printable = ""
        for scalar in text.unicodeScalars.prefix(120) {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator:
                printable += scalar.escaped(asASCII: true)
            default: printable.unicodeScalars.append(scalar)
            }
        }
        return text.unicodeScalars.dropFirst(120).isEmpty ? printable : printable + "..."
    }
}
