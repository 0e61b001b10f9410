import HTTPTypes

/// Which web pages may call this server.
///
/// Every page that somebody opens can send requests to `127.0.0.1`, so a server without accounts has
/// to look at who asks:
/// - **Origin.** Browsers name the page's origin. Allowed are this server's own pages, pages served
///   from this machine, desktop applications' web views, and the origins of the configuration;
///   others get 403 before any work. Programs send no origin and are not concerned.
/// - **Host.** A page can point its own name at 127.0.0.1 (DNS rebinding) and then is of the same
///   origin. So a server that listens on loopback only answers to `localhost`, to IP addresses and
///   to the names in the configuration.
///
/// `*` in the configuration switches both checks off.
package struct BrowserPolicy: Sendable, Equatable {
    package enum Verdict: Sendable, Equatable {
        /// Go on; the page of that origin may read the answer.
        case allowed(origin: String?)
        case refused(APIError)
    }

    private let allowsAll: Bool
    private let origins: Set<String>
    private let hosts: Set<String>
    private let isLoopbackOnly: Bool

    /// - Parameters:
    ///   - boundHost: what the server listens on.
    ///   - allowedOrigins: see ``ServerConfiguration/allowedOrigins``.
    package init(boundHost: String, allowedOrigins: [String]) {
        allowsAll = allowedOrigins.contains("*")
        origins = Set(allowedOrigins.map { $0.lowercased() })
        hosts = Set(origins.compactMap { Origin($0)?.host })
        isLoopbackOnly = HostName(boundHost).isLoopback
    }

    /// Whether a request may go on.
    ///
    /// - Parameters:
    ///   - origin: the request's `Origin`.
    ///   - authority: the request's `Host`, with its port.
    /// - Returns: the origin to name in the answer, or the answer that refuses.
    package func judge(origin: String?, authority: String?) -> Verdict {
        guard !allowsAll else { return .allowed(origin: origin) }
        if isLoopbackOnly, let authority {
            let host = HostName(authority: authority)
            guard host.isAddress || host.isLoopback || hosts.contains(host.text) else {
                return .refused(
                    Self.forbidden(
                        "this server does not answer to the name \(host.text); "
                            + "allow the origin of that name if it is yours"))
            }
        }
        guard let origin else { return .allowed(origin: nil) }
        guard isAllowed(origin.lowercased(), authority: authority?.lowercased()) else {
            return .refused(
                Self.forbidden(
                    "pages of \(origin) may not call this server; allow that origin if it is yours")
            )
        }
        return .allowed(origin: origin)
    }

    private func isAllowed(_ text: String, authority: String?) -> Bool {
        if origins.contains(text) { return true }
        guard let origin = Origin(text) else { return false }
        if Self.applicationSchemes.contains(origin.scheme) { return true }
        guard ["http", "https"].contains(origin.scheme) else { return false }
        return origin.authority == authority || HostName(origin.host).isLoopback
    }

    /// Web views of desktop applications: no website can have these.
    private static let applicationSchemes: Set = ["app", "tauri", "vscode-webview", "vscode-file"]

    private static func forbidden(_ message: String) -> APIError {
        APIError(
            status: .forbidden, kind: .invalidRequest, message: message, code: "origin_not_allowed")
    }
}

/// `scheme://authority`, as browsers send it.
private struct Origin {
    var scheme: String
    var authority: String
    var host: String { HostName(authority: authority).text }

    init?(_ text: String) {
        guard let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://") else {
            return nil
        }
        scheme = String(text[..<colon])
        authority = String(text[text.index(colon, offsetBy: 3)...])
    }
}

/// A host as text, without port and brackets, in lower case.
struct HostName: Equatable {
    var text: String

    init(_ text: String) {
        self.text = text.lowercased()
    }

    /// Takes the port off: `localhost:8080`, `[::1]:8080`.
    init(authority: String) {
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
            self.init(String(authority[authority.index(after: authority.startIndex)..<end]))
        } else {
            self.init(authority.split(separator: ":").first.map(String.init) ?? "")
        }
    }

    /// An IPv4 address, or anything that only an IPv6 address can be.
    var isAddress: Bool {
        if text.contains(":") { return true }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { !$0.hasPrefix("+") && UInt8($0) != nil }
    }

    var isLoopback: Bool {
        text == "localhost" || text.hasSuffix(".localhost") || text == "::1"
            || (text.hasPrefix("127.") && isAddress)
    }
}
