import NIOCore
import Synchronization

/// The client closed its connection before it had its answer.
struct ClientLeft: Error {}

/// Whether the client of one connection has left, and who wants to know.
///
/// Belongs to a connection, not to a request: connections are kept alive and reused.
final class ClientDeparture: Sendable {
    private struct State {
        var hasHappened = false
        var listeners: [ObjectIdentifier: AnswerHandle] = [:]
    }

    private let state = Mutex(State())

    /// Ends that answer when the client leaves, or now if it has left.
    func end(_ answer: AnswerHandle) {
        let isLate = state.withLock { state in
            if !state.hasHappened {
                state.listeners[ObjectIdentifier(answer)] = answer
            }
            return state.hasHappened
        }
        if isLate {
            answer.end(ClientLeft())
        }
    }

    /// The answer is complete.
    func forget(_ answer: AnswerHandle) {
        state.withLock { state in
            _ = state.listeners.removeValue(forKey: ObjectIdentifier(answer))
        }
    }

    func happen() {
        let answers = state.withLock { state in
            state.hasHappened = true
            defer { state.listeners = [:] }
            return Array(state.listeners.values)
        }
        for answer in answers {
            answer.end(ClientLeft())
        }
    }
}

/// Watches a connection for its end.
///
/// A client that closes its socket sends the same packet as one that only stops sending, so a
/// half-closed connection counts as left. Requests that are answered at once do not notice; only
/// completions end. Reading the request body concurrently would tell the same, but it would cost the
/// connection after every answer.
final class ClientDepartureHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    let departure = ClientDeparture()

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent {
            departure.happen()
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        departure.happen()
        context.fireChannelInactive()
    }
}

@available(*, unavailable)
extension ClientDepartureHandler: Sendable {}
