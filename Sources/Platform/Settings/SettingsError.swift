/// What is wrong with a file of settings, and where.
package struct SettingsError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable {
        case unreadable
        /// The text is no TOML.
        case syntax
        case unknownKey
        case wrongType
        case invalidValue
    }

    package var code: Code
    /// Says what is wrong and what to do.
    package var message: String
    /// The full name of the setting, such as `models.context-length`.
    package var key: String?
    /// Counted from 1.
    package var line: Int?
    package var file: String?

    package init(
        _ code: Code, _ message: String, key: String? = nil, line: Int? = nil, file: String? = nil
    ) {
        self.code = code
        self.message = message
        self.key = key
        self.line = line
        self.file = file
    }

    /// `FILE:LINE: MESSAGE`, as compilers say it.
    package var description: String {
        let place = [file, line.map(String.init)].compactMap(\.self).joined(separator: ":")
        return (place.isEmpty ? "" : place + ": ") + message
    }
}
