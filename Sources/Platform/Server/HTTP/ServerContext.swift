import CompletionAPI
import Hummingbird
import Logging
import NIOCore

/// What travels with a request through middlewares and routes.
struct ServerContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// What is known about the request for log and metrics.
    var record: RequestRecord?
    /// Who calls; anonymous before ``AccessMiddleware`` has asked, and where nobody is asked.
    var caller = Caller(anonymous: AccessConfiguration(), isAdmin: false)
    /// Who calls and how urgent it is, as the engine wants to know it; ``GovernedBackend`` tells it.
    var origin = RequestOrigin()
    /// Told to the client and named in the log.
    let requestID: String
    private let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
        // Hummingbird keeps its id in the logger's metadata, and a log handler need not keep any.
        requestID =
            source.logger[metadataKey: "hb.request.id"]?.description ?? "\(RequestID())"
    }

    /// Whether the request comes from this machine.
    var isLocal: Bool {
        switch channel.remoteAddress {
        case .v4(let address): HostName(address.host).isLoopback
        case .v6(let address): HostName(address.host).isLoopback
        case .unixDomainSocket: true
        case nil: false
        }
    }

    /// Whose requests these are: what one tenant keeps, another does not see.
    var tenant: String { caller.tenant }

    /// Tells when this request's client leaves; `nil` where the connection has already ended.
    func departure() async -> ClientDeparture? {
        let pipeline = channel.pipeline
        let departure = channel.eventLoop.submit {
            try pipeline.syncOperations.handler(type: ClientDepartureHandler.self).departure
        }
        do {
            return try await departure.get()
        } catch {
            // The handler is gone because the connection is.
            return nil
        }
    }
}
