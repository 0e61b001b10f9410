/// Where and how a ``BerthServer`` listens.
package struct ServerConfiguration: Sendable, Equatable {
    /// Files in PEM.
    package struct TLSFiles: Sendable, Equatable {
        /// The server's certificate, and those that lead to one that clients know.
        package var certificate: String
        package var key: String

        package init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }

    /// Address or name to listen on; `0.0.0.0` and `::` are every address of this machine.
    package var host: String
    /// 0 takes a free port.
    package var port: Int
    /// Bytes; a longer request body is answered 413.
    package var bodyLimit: Int
    /// How long running answers may go on after the first request to stop.
    package var grace: Duration
    /// How long a connection may stay open without a request.
    package var idleTimeout: Duration
    /// How long a request may take to arrive, besides a second for every KiB of it.
    package var patience: Duration
    /// How long a client may take nothing of what waits to be sent to it.
    package var writePatience: Duration
    /// Certificate and key; `nil` serves plain HTTP.
    package var tls: TLSFiles?
    /// Whether the log has what is asked; answers are never in it.
    package var logsPrompts: Bool
    /// Whether the pages are served.
    package var hasConsole: Bool
    /// Origins besides this server's own whose pages may call it, such as `https://chat.example.com`.
    ///
    /// `*` allows every page. Pages on this machine (`http://localhost:3000`) are always allowed.
    /// The host of an origin listed here is also accepted as this server's own name: see
    /// ``BrowserPolicy``.
    package var allowedOrigins: [String]
    package var access: AccessConfiguration
    /// Told to clients as `system_fingerprint`; `nil` leaves the field out.
    package var fingerprint: String?

    package init(
        host: String = "127.0.0.1", port: Int = 8080, bodyLimit: Int = 16 << 20,
        grace: Duration = .seconds(30), idleTimeout: Duration = .seconds(300),
        patience: Duration = .seconds(30), writePatience: Duration = .seconds(120),
        tls: TLSFiles? = nil, logsPrompts: Bool = false,
        hasConsole: Bool = true, allowedOrigins: [String] = [],
        access: AccessConfiguration = AccessConfiguration(), fingerprint: String? = nil
    ) {
        self.host = host
        self.port = port
        self.bodyLimit = bodyLimit
        self.grace = grace
        self.idleTimeout = idleTimeout
        self.patience = patience
        self.writePatience = writePatience
        self.tls = tls
        self.logsPrompts = logsPrompts
        self.hasConsole = hasConsole
        self.allowedOrigins = allowedOrigins
        self.access = access
        self.fingerprint = fingerprint
    }
}
