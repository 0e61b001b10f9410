import CompletionAPI
import Logging
import NIOCore
import NIOPosix
import ScriptedBackend
import Server
import Store
import StructuredJSON
import Synchronization
import Testing

/// A real server on a free port of this machine, for one test.
struct TestServer: Sendable {
    let port: Int
    private let stopRequests: AsyncStream<Void>.Continuation

    /// Asks it to stop, as one signal does.
    func requestStop() {
        stopRequests.yield()
    }

    /// A new connection; the caller closes it, or the server does.
    func connect() async throws -> TestConnection {
        let bytes = ReceivedBytes()
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelInitializer { channel in
                channel.pipeline.addHandler(CollectingHandler(bytes))
            }
            .connect(host: "127.0.0.1", port: port).get()
        return TestConnection(channel: channel, received: bytes)
    }

    /// One request on a connection of its own; returns the whole answer.
    func answer(
        _ method: String, _ path: String, _ body: String = "", headers: [String] = []
    ) async throws -> TestAnswer {
        let connection = try await connect()
        try await connection.send(method, path, body, headers: ["Connection: close"] + headers)
        try await connection.waitUntilClosed()
        return try TestAnswer(connection.received.text)
    }

    /// Runs a server as long as the body does; then it stops, and must stop in peace.
    static func run(
        _ backend: any ModelBackend,
        configuration: ServerConfiguration = ServerConfiguration(),
        store: (any PlatformStore)? = nil,
        logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
        _ body: (TestServer) async throws -> Void
    ) async throws {
        var configuration = configuration
        configuration.port = 0
        let (stops, stopFeed) = AsyncStream<Void>.makeStream()
        let (ports, portFeed) = AsyncStream<Int>.makeStream()
        let server = BerthServer(
            configuration: configuration, backend: backend, store: store, logger: logger)
        let running = Task {
            defer { portFeed.finish() }
            try await server.run(stopRequests: stops) { portFeed.yield($0) }
        }
        var first = ports.makeAsyncIterator()
        guard let port = await first.next() else { return try await running.value }
        let test = TestServer(port: port, stopRequests: stopFeed)
        do {
            try await body(test)
        } catch {
            running.cancel()
            throw error
        }
        test.requestStop()
        test.requestStop()
        try await running.value
    }
}

/// A client's end of a connection, in bytes.
struct TestConnection: Sendable {
    fileprivate let channel: any Channel
    let received: ReceivedBytes

    func send(_ text: String) async throws {
        try await channel.writeAndFlush(ByteBuffer(string: text))
    }

    func send(
        _ method: String, _ path: String, _ body: String = "", headers: [String] = []
    ) async throws {
        let fields = ["Host: localhost", "Content-Length: \(body.utf8.count)"] + headers
        try await send(
            "\(method) \(path) HTTP/1.1\r\n\(fields.joined(separator: "\r\n"))\r\n\r\n\(body)")
    }

    /// Leaves what comes from now on where it is.
    func stopReading() async throws {
        try await channel.setOption(.autoRead, value: false).get()
    }

    func close() async throws {
        try await channel.close()
    }

    /// Fails where that text does not arrive in time.
    func wait(for text: String) async throws {
        try await eventually("\"\(text)\" arrives") { received.text.contains(text) }
    }

    func waitUntilClosed() async throws {
        try await eventually("the server closes the connection") { received.isComplete }
    }
}

/// A status and a body.
struct TestAnswer {
    let status: Int
    let head: String
    let body: String

    init(_ text: String) throws {
        let end = try #require(text.firstRange(of: "\r\n\r\n"))
        head = String(text[..<end.lowerBound])
        body = String(text[end.upperBound...])
        status = try #require(head.split(separator: " ").dropFirst().first.flatMap { Int($0) })
    }

    /// The value of a header; names are told apart by their letters only.
    func header(_ name: String) -> String? {
        for line in head.split(separator: "\r\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2, parts[0].lowercased() == name {
                return String(parts[1].drop { $0 == " " })
            }
        }
        return nil
    }

    /// The body of a stream, whose chunks are put together.
    var streamed: String {
        var text = ""
        var rest = body[...]
        while let end = rest.firstRange(of: "\r\n"),
            let size = Int(rest[..<end.lowerBound], radix: 16), size > 0
        {
            let bytes = rest[end.upperBound...].utf8
            let stop = bytes.index(bytes.startIndex, offsetBy: size)
            text += String(decoding: bytes[..<stop], as: UTF8.self)
            rest = rest[bytes.index(stop, offsetBy: 2)...]
        }
        return text
    }

    var json: JSONValue {
        get throws { try JSONValue(parsing: body) }
    }
}

/// What has arrived on a connection.
final class ReceivedBytes: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        var isComplete = false
    }

    private let state = Mutex(State())

    var text: String { state.withLock { String(decoding: $0.bytes, as: UTF8.self) } }
    var isComplete: Bool { state.withLock(\.isComplete) }

    func append(_ bytes: some Sequence<UInt8>) {
        state.withLock { $0.bytes += bytes }
    }

    func complete() {
        state.withLock { $0.isComplete = true }
    }
}

private final class CollectingHandler: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    private let received: ReceivedBytes

    init(_ received: ReceivedBytes) {
        self.received = received
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received.append(unwrapInboundIn(data).readableBytesView)
    }

    func channelInactive(context: ChannelHandlerContext) {
        received.complete()
    }
}

/// Waits for something that another task brings about; fails after ten seconds.
func eventually(
    _ what: String, _ condition: () async throws -> Bool,
    sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    let deadline = ContinuousClock.now + .seconds(10)
    while try await !condition() {
        if ContinuousClock.now > deadline {
            Issue.record("waited in vain until \(what)", sourceLocation: sourceLocation)
            throw CancellationError()
        }
        try await Task.sleep(for: .milliseconds(2))
    }
}
