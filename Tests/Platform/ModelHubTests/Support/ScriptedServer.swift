import NIOCore
import NIOPosix
import Synchronization

/// One request as it came over the wire.
struct WireRequest: Sendable {
    let method: String
    let target: String
    let headers: [(name: String, value: String)]

    /// Without the query.
    var path: String { String(target.prefix { $0 != "?" }) }

    func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// Where a `Range: bytes=N-` begins.
    var rangeStart: Int? {
        guard let range = header("Range"), range.hasPrefix("bytes=") else { return nil }
        return Int(range.dropFirst(6).prefix { $0 != "-" })
    }
}

/// What a server does with a request, byte for byte.
struct WireReply: Sendable {
    enum Step: Sendable {
        case send([UInt8])
        case pause(Duration)
    }

    var steps: [Step]
    /// Whether the connection ends with the reply; otherwise the next request is awaited.
    var closes = false

    static func bytes(_ head: String, _ body: [UInt8] = [], closes: Bool = false) -> WireReply {
        WireReply(steps: [.send(Array(head.utf8) + body)], closes: closes)
    }

    /// A whole answer with a length.
    static func answer(
        _ status: Int, _ body: [UInt8] = [], headers: [String] = []
    ) -> WireReply {
        let fields = ["Content-Length: \(body.count)"] + headers
        return bytes(
            "HTTP/1.1 \(status) Whatever\r\n\(fields.joined(separator: "\r\n"))\r\n\r\n", body)
    }

    static func json(_ text: String, headers: [String] = []) -> WireReply {
        answer(200, Array(text.utf8), headers: ["Content-Type: application/json"] + headers)
    }

    static func redirect(_ location: String, status: Int = 302) -> WireReply {
        answer(status, headers: ["Location: \(location)"])
    }
}

/// A server on a free port of this machine that does exactly what a test tells it.
struct ScriptedServer: Sendable {
    let port: Int
    private let log: RequestLog

    var url: String { "http://127.0.0.1:\(port)" }
    var requests: [WireRequest] { log.requests.withLock { $0 } }

    /// Runs as long as the body does.
    ///
    /// The script gets a request and how many of the same target came before it.
    static func run(
        _ script: @escaping @Sendable (WireRequest, Int) -> WireReply,
        _ body: (ScriptedServer) async throws -> Void
    ) async throws {
        let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .bind(host: "127.0.0.1", port: 0) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel)
                }
            }
        let log = RequestLog()
        let serving = Task {
            try await withThrowingDiscardingTaskGroup { group in
                try await listener.executeThenClose { connections in
                    for try await connection in connections {
                        group.addTask { await serve(connection, log, script) }
                    }
                }
            }
        }
        defer { serving.cancel() }
        let port = listener.channel.localAddress?.port ?? 0
        try await body(ScriptedServer(port: port, log: log))
    }

    /// A port where nobody listens.
    static func closedPort() async throws -> Int {
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = channel.localAddress?.port ?? 0
        try await channel.close()
        return port
    }

    private static func serve(
        _ connection: NIOAsyncChannel<ByteBuffer, ByteBuffer>, _ log: RequestLog,
        _ script: @Sendable (WireRequest, Int) -> WireReply
    ) async {
        do {
            try await connection.executeThenClose { inbound, outbound in
                var bytes: [UInt8] = []
                for try await buffer in inbound {
                    bytes += Array(buffer.readableBytesView)
                    while let request = request(&bytes) {
                        let reply = script(request, log.record(request))
                        for step in reply.steps {
                            switch step {
                            case .send(let bytes):
                                try await outbound.write(ByteBuffer(bytes: bytes))
                            case .pause(let time): try await Task.sleep(for: time)
                            }
                        }
                        if reply.closes { return }
                    }
                }
            }
        } catch {
            // The client left, or the test is over.
            return
        }
    }

    /// Takes a request without a body off the front.
    private static func request(_ bytes: inout [UInt8]) -> WireRequest? {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let text = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
        bytes.removeSubrange(..<end.upperBound)
        let lines = text.split(separator: "\r\n")
        let words = lines[0].split(separator: " ")
        let headers = lines.dropFirst().map { line in
            let name = line.prefix { $0 != ":" }
            let value = line.dropFirst(name.count + 1).drop { $0 == " " }
            return (name: String(name), value: String(value))
        }
        return WireRequest(
            method: String(words[0]), target: String(words[1]), headers: headers)
    }
}

private final class RequestLog: Sendable {
    let requests = Mutex<[WireRequest]>([])

    /// - Returns: how many of the same target came before.
    func record(_ request: WireRequest) -> Int {
        requests.withLock { requests in
            defer { requests.append(request) }
            return requests.count { $0.target == request.target }
        }
    }
}
