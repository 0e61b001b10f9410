import AsyncHTTPClient
import NIOCore
import NIOPosix
import NIOSSL

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Puts what libraries report about a connection into words, and says whether another try may help.
struct ConnectionTrouble {
    let address: WebAddress
    let proxy: ProxyRules.Proxy?
    let settings: HubClient.Settings

    func failure(_ error: any Error) -> TryFailure {
        if let error = error as? HTTPClientError { return failure(error) }
        if let error = error as? IOError { return .connection(words(error.errnoCode)) }
        if error is SocketAddressError || error is SocketAddressError.UnknownHost {
            return unknownHost
        }
        if let error = error as? NIOConnectionError { return failure(error) }
        if error is NIOSSLExtraError || error is NIOSSLError || error is BoringSSLError {
            return failure(ofTLS: error)
        }
        return .connection("the connection to \(address.host) broke off")
    }

    private func failure(_ error: HTTPClientError) -> TryFailure {
        switch error {
        case .readTimeout:
            return .connection(
                "\(address.host) sent nothing for \(settings.stallTimeout.components.seconds) seconds"
            )
        case .connectTimeout, .tlsHandshakeTimeout:
            return .connection(
                "\(address.host) did not answer within \(settings.connectTimeout.components.seconds) seconds"
            )
        case .proxyAuthenticationRequired:
            return .final(
                HubError(
                    .accessDenied,
                    "the proxy \(proxyName) wants a user and a password: write http://USER:PASSWORD@HOST:PORT"
                ))
        case .invalidProxyResponse, .httpProxyHandshakeTimeout, .socksHandshakeTimeout:
            return .connection("the proxy \(proxyName) does not connect to \(address.host)")
        default:
            return .connection("\(address.host) broke off the connection")
        }
    }

    private func failure(_ error: NIOConnectionError) -> TryFailure {
        let refusals = error.connectionErrors.compactMap { ($0.error as? IOError)?.errnoCode }
        if let code = refusals.last { return .connection(words(code)) }
        return error.connectionErrors.isEmpty
            ? unknownHost
            : .connection(
                "\(error.host) did not answer within \(settings.connectTimeout.components.seconds) seconds"
            )
    }

    private func failure(ofTLS error: any Error) -> TryFailure {
        let text = "\(error)"
        if let extra = error as? NIOSSLExtraError, extra == .failedToValidateHostname {
            return .final(
                HubError(
                    .unreachable, "the certificate of \(address.host) is that of another host"))
        }
        if text.contains("CERTIFICATE_VERIFY_FAILED") {
            return .final(
                HubError(
                    .unreachable,
                    "the certificate of \(address.host) is not trusted here; if a proxy of your company "
                        + "signs it, name its certificate with SSL_CERT_FILE"))
        }
        return .connection("no secure connection to \(address.host) could be made")
    }

    private var proxyName: String { proxy.map { "\($0.host):\($0.port)" } ?? "" }

    private var unknownHost: TryFailure {
        let host = proxy?.host ?? address.host
        return .unknownHost(
            "\(host) has no address: check its spelling and this machine's network (offline? a proxy needed?)"
        )
    }

    private func words(_ code: CInt) -> String {
        let host = proxy.map { "the proxy \($0.host):\($0.port)" } ?? address.host
        return switch code {
        case ECONNREFUSED: "\(host) refuses the connection"
        case ENETUNREACH, EHOSTUNREACH:
            "there is no way to \(host) from this machine: is it offline?"
        case ETIMEDOUT: "\(host) does not answer"
        default: "\(host) broke off the connection"
        }
    }
}
