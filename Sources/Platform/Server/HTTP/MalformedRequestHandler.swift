import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import StructuredJSON

/// Answers bytes that are not HTTP as every other error is answered, and closes the connection.
///
/// Only between requests: where a body breaks off inside, whoever reads it gets the parser's error and answers.
final class MalformedRequestHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// Requests whose answer has not ended.
    private var unanswered = 0
    /// Whether a request has begun whose body has not ended.
    private var isInBody = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            unanswered += 1
            isInBody = true
        case .body: break
        case .end: isInBody = false
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) { unanswered -= 1 }
        context.write(data, promise: promise)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard unanswered == 0, !isInBody, let error = error as? HTTPParserError,
            error != .invalidEOFState
        else { return context.fireErrorCaught(error) }
        let answer = APIError(error)
        let body = ByteBuffer(string: answer.body.serialized())
        var head = HTTPResponse(status: answer.status, headerFields: answer.headers)
        head.headerFields[.contentType] = "application/json"
        head.headerFields[.contentLength] = "\(body.readableBytes)"
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(body)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).assumeIsolated().whenComplete { _ in
            context.close(promise: nil)
        }
    }
}

@available(*, unavailable)
extension MalformedRequestHandler: Sendable {}
