import HTTPTypes
import Hummingbird

extension Request {
    /// Whether a proxy says that it passes the request on for another machine: then it only looks local.
    var isForwarded: Bool {
        [HTTPField.Name.forwarded, .forwardedFor, .realIP].contains { headers[$0] != nil }
    }
}
