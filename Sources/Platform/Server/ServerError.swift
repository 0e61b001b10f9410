import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Why the server could not start.
package struct ServerError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// Another program listens on that port.
        case addressInUse
        /// This user may not listen on that port.
        case permissionDenied
        /// The host is none of this machine's addresses, or its name has none.
        case addressNotAvailable
        /// Anything else that the system reported.
        case cannotListen
        /// Certificate or key cannot be read, or do not belong together.
        case invalidCertificate
        /// Every request is to need a key, and nothing can hold keys.
        case missingStore
    }

    package var code: Code
    /// Says what is wrong and what to do.
    package var message: String

    package init(code: Code, message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }

    /// What the system reported when the listening socket was made.
    init(_ cause: any Error, host: String, port: Int) {
        let place = "\(host):\(port)"
        switch (cause as? IOError)?.errnoCode {
        case EADDRINUSE:
            self.init(
                code: .addressInUse,
                message: "port \(port) on \(host) is in use; stop the other program or choose "
                    + "another port (0 takes a free one)")
        case EACCES, EPERM:
            self.init(
                code: .permissionDenied,
                message: "listening on \(place) is not permitted; choose a port above 1023")
        case EADDRNOTAVAIL:
            self.init(
                code: .addressNotAvailable,
                message: "\(host) is not an address of this machine; 127.0.0.1 serves this "
                    + "machine only, 0.0.0.0 every address")
        case .some:
            self.init(code: .cannotListen, message: "cannot listen on \(place): \(cause)")
        case nil where cause is SocketAddressError || cause is SocketAddressError.UnknownHost:
            self.init(
                code: .addressNotAvailable,
                message: "the host name \(host) has no address; check its spelling")
        case nil:
            self.init(code: .cannotListen, message: "cannot listen on \(place): \(cause)")
        }
    }
}
