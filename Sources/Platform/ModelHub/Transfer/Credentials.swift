/// A token, and the one origin that may see it.
package struct Credentials: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    private let token: String
    private let origin: String

    /// - Returns: `nil` without a token.
    /// - Throws: ``HubError`` for a token that cannot stand in a header.
    package init?(token: String?, for address: WebAddress) throws(HubError) {
        guard let token = token?.trimmingWhitespace, !token.isEmpty else { return nil }
        guard token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), token.utf8.count <= 4096 else {
            throw HubError(
                .invalidSetting, "the token has characters that no token has; copy it again")
        }
        self.token = token
        origin = address.origin
    }

    /// What to send there: nothing to another origin, and nothing over a wire that others can read.
    package func authorization(for address: WebAddress) -> String? {
        guard address.origin == origin, address.isSecure || address.isLoopback else { return nil }
        return "Bearer \(token)"
    }

    package var description: String { "a token for \(origin)" }
    package var debugDescription: String { description }
}

extension String {
    var trimmingWhitespace: String {
        let start = drop { $0.isWhitespace }
        return String(start.reversed().drop { $0.isWhitespace }.reversed())
    }
}
