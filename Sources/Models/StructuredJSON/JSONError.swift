/// Why a JSON text could not be read, or why a value in it is not what its reader needs.
package struct JSONError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// The text is not JSON (RFC 8259).
        case syntax
        /// The bytes are not UTF-8.
        case invalidUTF8
        /// The text ends in the middle of a value.
        case unexpectedEnd
        /// An object has two members of one name.
        case duplicateKey
        /// A number is too large for a double.
        case numberOutOfRange
        /// Arrays and objects are nested deeper than the limit.
        case tooDeep
        /// The text is longer than the limit.
        case tooLarge
        /// A required field is absent or null.
        case missingField
        /// A field holds another type than its reader needs.
        case wrongType
        /// A field has the right type and a value that is not allowed.
        case invalidValue
    }

    /// A place in the text that was parsed.
    package struct Location: Sendable, Equatable {
        /// Bytes before it.
        package var offset: Int
        /// From 1, counted in line feeds.
        package var line: Int
        /// From 1, counted in bytes.
        package var column: Int

        package init(offset: Int, line: Int, column: Int) {
            self.offset = offset
            self.line = line
            self.column = column
        }
    }

    package var code: Code
    /// Says what is wrong with the value at ``path``, without naming the path.
    package var reason: String
    /// The value at fault; the root when the fault is not in one value.
    package var path: JSONPath
    /// Where parsing stopped; `nil` for faults that ``JSONField`` found in a parsed value.
    package var location: Location?

    package init(code: Code, reason: String, path: JSONPath, location: Location? = nil) {
        self.code = code
        self.reason = reason
        self.path = path
        self.location = location
    }

    /// One sentence that names the field, and the place where parsing stopped.
    package var message: String {
        let field = path.components.isEmpty ? "" : "\(path) "
        guard let location else {
            return (field.isEmpty ? "the document " : field) + reason
        }
        let place = "line \(location.line), column \(location.column) (byte \(location.offset))"
        return path.components.isEmpty
            ? "\(reason) at \(place)" : "\(reason) at \(place), in \(path)"
    }

    package var description: String { message }
}
