import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOHTTPCompression
import NIOSSL
import Synchronization

/// HTTP as sources speak it: redirects by our own rules, a proxy where one is set, time-outs everywhere.
///
/// HTTP/1.1 only: with the small flow-control windows of HTTP/2 one large file is slower.
final class HubClient: Sendable {
    struct Settings: Sendable {
        var connectTimeout: Duration = .seconds(20)
        /// The longest silence in the middle of an answer, and before it.
        var stallTimeout: Duration = .seconds(45)
        var maximumRedirects = 10
        /// Certificates in PEM form that are trusted besides the system's.
        var certificates: String?
        var userAgent = "berth"
    }

    /// An answer that is no redirect; its body has not been read.
    struct Answer: Sendable {
        let status: Int
        let headers: HTTPHeaders
        let body: HTTPClientResponse.Body
        /// Where it came from in the end.
        let address: WebAddress
    }

    let settings: Settings
    private let proxies: ProxyRules
    /// One client for direct connections and one for each proxy.
    private let clients = Mutex<[ProxyRules.Proxy?: HTTPClient]>([:])

    init(settings: Settings, proxies: ProxyRules) {
        self.settings = settings
        self.proxies = proxies
    }

    /// Closes connections; call it once, when nothing is asked any more.
    func shutDown() async {
        let open = clients.withLock { clients in
            defer { clients = [:] }
            return Array(clients.values)
        }
        for client in open {
            do {
                try await client.shutdown()
            } catch {
                // Every answer has been read or dropped; nothing is lost with the connections.
                continue
            }
        }
    }

    /// Sends a GET and follows redirects.
    ///
    /// The token goes only to the origin it is for, and never again once a redirect has left it.
    /// - Throws: ``TryFailure``, or `CancellationError`.
    func get(
        _ url: String, credentials: Credentials?, headers: HTTPHeaders = [:]
    ) async throws -> Answer {
        guard var address = WebAddress(url) else {
            throw TryFailure.final(
                HubError(
                    .badAnswer,
                    "\(RepositoryPath.printable(address: url)) is no http or https address"))
        }
        let first = address
        var credentials = credentials
        for _ in 0...settings.maximumRedirects {
            let answer = try await send(address, credentials: credentials, headers: headers)
            guard [301, 302, 303, 307, 308].contains(answer.status) else { return answer }
            address = try next(after: answer, from: first)
            if address.origin != first.origin { credentials = nil }
            // The connection can be used again only when the answer has been read; they are short.
            _ = try await read(answer, limit: 1 << 16)
        }
        throw TryFailure.final(
            HubError(
                .badAnswer,
                "\(first.host) leads in circles: more than \(settings.maximumRedirects) redirects"))
    }

    /// The body of an answer.
    func read(_ answer: Answer, limit: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        do {
            for try await buffer in answer.body {
                guard bytes.count + buffer.readableBytes <= limit else {
                    throw TryFailure.final(
                        HubError(
                            .badAnswer,
                            "\(answer.address.host) sent more than \(limit) bytes where a short answer was due"
                        ))
                }
                bytes.append(contentsOf: buffer.readableBytesView)
            }
        } catch {
            throw failure(error, answer.address)
        }
        return bytes
    }

    private func next(after answer: Answer, from first: WebAddress) throws -> WebAddress {
        guard let location = answer.headers.first(name: "Location"), location.utf8.count <= 16_384,
            let next = answer.address.following(location)
        else {
            throw TryFailure.final(
                HubError(.badAnswer, "\(answer.address.host) redirects to nowhere"))
        }
        guard next.isSecure || !answer.address.isSecure || next.isLoopback else {
            throw TryFailure.final(
                HubError(
                    .badAnswer,
                    "\(answer.address.host) redirects to \(next.origin), which others can read and change; "
                        + "not followed"))
        }
        return next
    }

    private func send(
        _ address: WebAddress, credentials: Credentials?, headers: HTTPHeaders
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: address.full)
        request.headers = headers
        request.headers.replaceOrAdd(name: "User-Agent", value: settings.userAgent)
        request.headers.replaceOrAdd(name: "Accept-Encoding", value: "identity")
        if let authorization = credentials?.authorization(for: address) {
            request.headers.replaceOrAdd(name: "Authorization", value: authorization)
        }
        do {
            let client = try client(for: address)
            let response = try await client.execute(request, deadline: .distantFuture)
            return Answer(
                status: Int(response.status.code), headers: response.headers, body: response.body,
                address: address)
        } catch {
            throw failure(error, address)
        }
    }

    private func client(for address: WebAddress) throws -> HTTPClient {
        let proxy = proxies.proxy(for: address)
        return try clients.withLock { clients in
            if let client = clients[proxy] { return client }
            let client = HTTPClient(
                eventLoopGroupProvider: .singleton, configuration: try configuration(proxy))
            clients[proxy] = client
            return client
        }
    }

    private func configuration(_ proxy: ProxyRules.Proxy?) throws -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.httpVersion = .http1Only
        configuration.timeout = .init(
            connect: .init(settings.connectTimeout), read: .init(settings.stallTimeout))
        // Tries are counted by RetryState, which also says why.
        configuration.connectionPool.retryConnectionEstablishment = false
        // Only for servers that compress although asked not to; sizes are limited where bodies are read.
        configuration.decompression = .enabled(limit: .none)
        if let certificates = settings.certificates {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.additionalTrustRoots = [.file(certificates)]
            configuration.tlsConfiguration = tls
        }
        switch proxy?.kind {
        case .http:
            configuration.proxy = proxy.map { proxy in
                .server(
                    host: proxy.host, port: proxy.port,
                    authorization: proxy.login.map { login in
                        let user = login.prefix { $0 != ":" }
                        let password = login.dropFirst(user.count + 1)
                        return .basic(username: String(user), password: String(password))
                    })
            }
        case .socks:
            configuration.proxy = proxy.map { .socksServer(host: $0.host, port: $0.port) }
        case nil: break
        }
        return configuration
    }

    /// What went wrong with a connection, in words.
    func failure(_ error: any Error, _ address: WebAddress) -> any Error {
        if error is TryFailure || error is CancellationError { return error }
        if Task.isCancelled { return CancellationError() }
        return ConnectionTrouble(
            address: address, proxy: proxies.proxy(for: address), settings: settings
        ).failure(error)
    }
}
