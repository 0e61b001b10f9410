/// Why the platform's store could not do what it was asked.
package struct StoreError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// The file cannot be opened, made or written.
        case unavailable
        /// The file is no database, or is damaged.
        case damaged
        /// A later version of Berth has written the file.
        case tooNew
        /// Another program holds the file for longer than we wait.
        case busy
        /// A name that another key has.
        case nameTaken
        /// No key is meant, or more than one.
        case unknownKey
        /// A value that the store does not take.
        case invalidValue
    }

    package var code: Code
    /// Says what is wrong and what to do; never holds a secret.
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
