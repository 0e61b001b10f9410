/// Through which proxy a request goes.
package struct ProxyRules: Sendable, Equatable {
    package struct Proxy: Sendable, Hashable {
        package enum Kind: Sendable {
            case http
            case socks
        }

        package var kind: Kind
        package var host: String
        package var port: Int
        /// `user:password`; never shown.
        package var login: String?

        /// Reads `[http://][USER:PASSWORD@]HOST[:PORT]`, or `socks5://…`; `setting` is named in errors.
        package init(parsing text: String, setting: String) throws(HubError) {
            var rest = text[...]
            kind = .http
            if let mark = text.firstRange(of: "://") {
                switch text[..<mark.lowerBound].lowercased() {
                case "http": break
                case "socks5", "socks5h": kind = .socks
                case let scheme:
                    throw HubError(
                        .invalidSetting,
                        "\(setting) names a proxy of the kind \(RepositoryPath.printable(scheme)); "
                            + "http and socks5 are understood")
                }
                rest = text[mark.upperBound...]
            }
            if let at = rest.lastIndex(of: "@") {
                login = PercentCoding.decode(String(rest[..<at]))
                rest = rest[rest.index(after: at)...]
            }
            guard let address = WebAddress("http://\(rest)") else {
                throw HubError(
                    .invalidSetting, "\(setting) is no address of a proxy; write http://HOST:PORT")
            }
            host = address.host
            let hasPort = !rest.hasSuffix("]") && rest.contains(":")
            port = hasPort ? address.port : kind == .socks ? 1080 : 80
        }
    }

    private var secure: Proxy?
    private var plain: Proxy?
    private var exceptions: [String] = []

    /// Takes `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, in either case, from the environment.
    ///
    /// `HTTP_PROXY` in capitals counts too: this is no CGI program. `option` is what the command line says, for
    /// every request.
    package init(environment: [String: String], option: String?) throws(HubError) {
        if let option {
            let proxy = try Proxy(parsing: option, setting: "--proxy")
            (secure, plain) = (proxy, proxy)
        } else {
            secure = try Self.proxy("HTTPS_PROXY", environment)
            plain = try Self.proxy("HTTP_PROXY", environment)
            let all = try Self.proxy("ALL_PROXY", environment)
            (secure, plain) = (secure ?? all, plain ?? all)
        }
        exceptions = (environment["no_proxy"] ?? environment["NO_PROXY"] ?? "")
            .split { $0 == "," || $0 == " " }.map { $0.lowercased() }
    }

    private static func proxy(
        _ name: String, _ environment: [String: String]
    ) throws(HubError) -> Proxy? {
        guard let text = environment[name.lowercased()] ?? environment[name], !text.isEmpty else {
            return nil
        }
        return try Proxy(parsing: text, setting: name)
    }

    /// - Returns: `nil` for a direct connection.
    package func proxy(for address: WebAddress) -> Proxy? {
        for exception in exceptions {
            if exception == "*" { return nil }
            let parts = exception.split(separator: ":")
            let isPort = parts.count == 2 && Int(parts[1]) != nil
            if isPort, Int(parts[1]) != address.port { continue }
            var domain = isPort ? parts[0] : exception[...]
            if domain.hasPrefix("*.") { domain = domain.dropFirst() }
            let bare = domain.hasPrefix(".") ? domain.dropFirst() : domain
            if address.host == bare || address.host.hasSuffix("." + bare) { return nil }
        }
        return address.isSecure ? secure : plain
    }
}
