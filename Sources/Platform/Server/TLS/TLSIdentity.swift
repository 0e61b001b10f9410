import NIOCore
import NIOSSL
import Synchronization

/// The certificate that a server shows and its key, read from files and read again when they change.
final class TLSIdentity: Sendable {
    private struct Loaded {
        var chain: [NIOSSLCertificateSource]
        var key: NIOSSLPrivateKeySource
    }

    private let files: ServerConfiguration.TLSFiles
    private let loaded: Mutex<Loaded>

    /// - Throws: ``ServerError/Code/invalidCertificate`` that names the file.
    init(_ files: ServerConfiguration.TLSFiles) throws(ServerError) {
        self.files = files
        loaded = Mutex(try Self.load(files))
    }

    /// Connections from now on get what the files hold now; where that is wrong, what was there before stays.
    ///
    /// - Throws: as ``init(_:)``.
    func reload() throws(ServerError) {
        let new = try Self.load(files)
        loaded.withLock { $0 = new }
    }

    /// Asks for the present certificate at every handshake.
    var configuration: TLSConfiguration {
        let first = loaded.withLock { $0 }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: first.chain, privateKey: first.key)
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        configuration.sslContextCallback = { [self] _, promise in
            let now = loaded.withLock { $0 }
            var change = NIOSSLContextConfigurationOverride()
            change.certificateChain = now.chain
            change.privateKey = now.key
            promise.succeed(change)
        }
        return configuration
    }

    private static func load(_ files: ServerConfiguration.TLSFiles) throws(ServerError) -> Loaded {
        let chain: [NIOSSLCertificate] = try read(
            files.certificate, "a chain of certificates in PEM"
        ) {
            try NIOSSLCertificate.fromPEMFile($0)
        }
        guard !chain.isEmpty else {
            throw ServerError(
                code: .invalidCertificate,
                message: "\(files.certificate) holds no certificate; it must be a chain in PEM")
        }
        let key = try read(files.key, "a private key in PEM, without a password") {
            try NIOSSLPrivateKey(file: $0, format: .pem)
        }
        let loaded = Loaded(chain: chain.map { .certificate($0) }, key: .privateKey(key))
        do {
            // Compares the two.
            _ = try NIOSSLContext(
                configuration: .makeServerConfiguration(
                    certificateChain: loaded.chain, privateKey: loaded.key))
        } catch {
            throw ServerError(
                code: .invalidCertificate,
                message:
                    "the key \(files.key) does not belong to the certificate \(files.certificate)")
        }
        return loaded
    }

    private static func read<Value>(
        _ path: String, _ what: String, _ body: (String) throws -> Value
    ) throws(ServerError) -> Value {
        do {
            return try body(path)
        } catch {
            throw ServerError(
                code: .invalidCertificate, message: "\(path) cannot be read as \(what): \(error)")
        }
    }
}
