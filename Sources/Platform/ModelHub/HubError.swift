/// Why a model could not be downloaded, stored or found.
package struct HubError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// A name that no source understands.
        case invalidName
        /// The source has no such repository, revision, tag or file; or hides it without a token.
        case notFound
        /// A token is missing, wrong, or its owner has not accepted the model's terms.
        case accessDenied
        /// Nothing in the repository fits the name, or more than one thing does.
        case noChoice
        /// The host has no address, or cannot be reached.
        case unreachable
        /// The server broke off, stalled or answered with an error, and went on doing so.
        case transferFailed
        /// The server asks to wait longer than we do.
        case rateLimited
        /// The server says something that is not its protocol, or that is unsafe to follow.
        case badAnswer
        /// The bytes are not those that the listing promises.
        case verificationFailed
        /// The disk is full, or a file cannot be written.
        case storage
        /// The store has no such model.
        case notInStore
        /// The store's own files are not as they must be.
        case damagedStore
        /// Settings of the environment or the command line that cannot be used.
        case invalidSetting
    }

    package var code: Code
    /// Says what is wrong and what to do; never holds a token or a signed address.
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
