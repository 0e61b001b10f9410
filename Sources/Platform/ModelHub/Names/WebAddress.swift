/// The parts of an `http` or `https` address that decide where a request goes.
package struct WebAddress: Sendable, Hashable, CustomStringConvertible {
    package let isSecure: Bool
    /// In lower case; an IPv6 address without brackets.
    package let host: String
    package let port: Int
    /// Begins with a slash; without query and fragment.
    package let path: String
    /// With the question mark; may hold a signature.
    package let query: String
    package let hasUserInformation: Bool

    /// - Returns: `nil` for another scheme, no host, or characters that no address holds.
    package init?(_ text: String) {
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }),
            let mark = text.firstRange(of: "://")
        else { return nil }
        switch text[..<mark.lowerBound].lowercased() {
        case "http": isSecure = false
        case "https": isSecure = true
        default: return nil
        }
        let rest = text[mark.upperBound...].prefix { $0 != "#" }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        var place = authority[...]
        hasUserInformation = authority.contains("@")
        if let at = authority.lastIndex(of: "@") {
            place = authority[authority.index(after: at)...]
        }
        guard let (host, port) = Self.hostAndPort(place) else { return nil }
        self.host = host.lowercased()
        self.port = port ?? (isSecure ? 443 : 80)
        let target = rest[authority.endIndex...]
        let path = target.prefix { $0 != "?" }
        self.path = path.isEmpty ? "/" : String(path)
        query = String(target[path.endIndex...])
    }

    private static func hostAndPort(_ place: Substring) -> (String, Int?)? {
        let host: Substring
        var rest: Substring
        if place.hasPrefix("[") {
            guard let end = place.firstIndex(of: "]") else { return nil }
            host = place[place.index(after: place.startIndex)..<end]
            rest = place[place.index(after: end)...]
        } else {
            host = place.prefix { $0 != ":" }
            rest = place[host.endIndex...]
        }
        guard !host.isEmpty, host.utf8.count <= 253 else { return nil }
        guard !rest.isEmpty else { return (String(host), nil) }
        guard rest.removeFirst() == ":", let port = Int(rest), (1...65_535).contains(port) else {
            return nil
        }
        return (String(host), port)
    }

    /// Scheme, host and port: who is spoken to.
    package var origin: String {
        let shown = host.contains(":") ? "[\(host)]" : host
        let standard = isSecure ? 443 : 80
        return (isSecure ? "https://" : "http://") + shown + (port == standard ? "" : ":\(port)")
    }

    /// Everything that a request needs.
    package var full: String { origin + path + query }

    /// Without the query, so that it can be shown.
    package var description: String { origin + path }

    /// This machine, which no wire leads to.
    package var isLoopback: Bool {
        if host == "localhost" || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127"
            && parts.allSatisfy { part in UInt8(part) != nil }
    }

    /// Where a `Location` header leads from here; relative forms included (RFC 3986, section 5).
    package func following(_ location: String) -> WebAddress? {
        if location.hasPrefix("//") {
            return WebAddress((isSecure ? "https:" : "http:") + location)
        }
        if location.hasPrefix("/") { return WebAddress(origin + location) }
        // Behind a question mark another address may stand: where a sign-in leads back to.
        if location.prefix(while: { $0 != "?" }).contains("://") { return WebAddress(location) }
        let folder = path.lastIndex(of: "/").map { path[...$0] } ?? "/"
        return WebAddress(origin + folder + location)
    }
}
