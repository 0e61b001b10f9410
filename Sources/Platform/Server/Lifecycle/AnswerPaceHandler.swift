import NIOCore

/// Closes connections whose clients take nothing of their answers: see ``AnswerPace``.
///
/// That ends the answer too, as if the client had left. It works at the socket, behind encryption, where the bytes that wait are
/// counted; this handler only puts the one that does.
final class AnswerPaceHandler: ChannelOutboundHandler, RemovableChannelHandler {
    typealias OutboundIn = NIOAny

    private let patience: Duration
    private let whenStalled: @Sendable () -> Void

    init(patience: Duration, whenStalled: @escaping @Sendable () -> Void) {
        self.patience = patience
        self.whenStalled = whenStalled
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let watch = SocketWatch(patience: patience, whenStalled: whenStalled)
        do {
            try context.pipeline.syncOperations.addHandler(watch, position: .first)
        } catch {
            // The connection has gone already.
            context.fireErrorCaught(error)
        }
    }

    private final class SocketWatch: ChannelOutboundHandler {
        typealias OutboundIn = IOData

        private var pace: AnswerPace
        private let whenStalled: @Sendable () -> Void
        private var written = 0
        private var isScheduled = false

        init(patience: Duration, whenStalled: @escaping @Sendable () -> Void) {
            pace = AnswerPace(patience: patience)
            self.whenStalled = whenStalled
        }

        func write(
            context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?
        ) {
            written += unwrapOutboundIn(data).readableBytes
            context.write(data, promise: promise)
            if !isScheduled { look(context) }
        }

        /// One timer at a time, and none while nothing waits.
        private func look(_ context: ChannelHandlerContext) {
            let waiting: Int
            do {
                waiting = try context.channel.syncOptions?.getOption(.bufferedWritableBytes) ?? 0
            } catch {
                // The connection has gone already.
                return
            }
            if pace.isStalled(sent: written - waiting, waiting: waiting, now: .now) {
                whenStalled()
                return context.close(promise: nil)
            }
            guard let interval = pace.interval else { return }
            isScheduled = true
            context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(interval)) { [self] in
                isScheduled = false
                if context.channel.isActive { look(context) }
            }
        }
    }
}

@available(*, unavailable)
extension AnswerPaceHandler: Sendable {}
