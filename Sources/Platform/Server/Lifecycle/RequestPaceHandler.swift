import NIOCore
import NIOHTTPTypes

/// Closes connections whose requests do not arrive in time: see ``RequestPace``.
///
/// Two handlers: one at the socket counts bytes, this one behind the decoder knows where requests end.
final class RequestPaceHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private var pace: RequestPace
    private let whenLate: @Sendable () -> Void
    private var isScheduled = false

    init(patience: Duration, whenLate: @escaping @Sendable () -> Void) {
        pace = RequestPace(patience: patience)
        self.whenLate = whenLate
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let counter = ByteCounter { [self] bytes in received(bytes, context) }
        do {
            try context.pipeline.syncOperations.addHandler(counter, position: .first)
        } catch {
            // The connection has gone already.
            context.fireErrorCaught(error)
        }
    }

    private func received(_ bytes: Int, _ context: ChannelHandlerContext) {
        pace.received(bytes, now: .now)
        schedule(context)
    }

    /// One timer at a time: it looks where the deadline has moved to when it fires.
    private func schedule(_ context: ChannelHandlerContext) {
        guard !isScheduled, let deadline = pace.deadline else { return }
        isScheduled = true
        let wait = max(deadline - .now, .zero) + .milliseconds(1)
        context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(wait)) { [self] in
            isScheduled = false
            guard context.channel.isActive, let deadline = pace.deadline else { return }
            guard deadline <= .now else { return schedule(context) }
            whenLate()
            context.close(promise: nil)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        // Its bytes may have come with the end of the request before it.
        case .head: received(0, context)
        case .body: break
        case .end: pace.complete()
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) {
            pace.answered(now: .now)
            schedule(context)
        }
        context.write(data, promise: promise)
    }

    /// Counts what arrives from the socket, encrypted or not.
    private final class ByteCounter: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let received: (Int) -> Void

        init(_ received: @escaping (Int) -> Void) {
            self.received = received
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            received(unwrapInboundIn(data).readableBytes)
            context.fireChannelRead(data)
        }
    }
}

@available(*, unavailable)
extension RequestPaceHandler: Sendable {}
