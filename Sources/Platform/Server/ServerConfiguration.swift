/// Where and how a ``BerthServer`` listens.
package struct ServerConfiguration: Sendable, Equatable {
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
        allowedOrigins: [String] = [],
        access: AccessConfiguration = AccessConfiguration(), fingerprint: String? = nil
    ) {
        self.host = host
        self.port = port
        self.bodyLimit = bodyLimit
        self.grace = grace
        self.idleTimeout = idleTimeout
        self.allowedOrigins = allowedOrigins
        self.access = access
        self.fingerprint = fingerprint
    }
}
