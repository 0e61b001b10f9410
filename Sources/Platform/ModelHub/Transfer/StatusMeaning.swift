import Foundation
import NIOHTTP1

/// What a status that is no success means for a pull.
struct StatusMeaning {
    let status: Int
    let headers: HTTPHeaders
    /// Who answered.
    let address: WebAddress
    /// Who was asked first; another host is a content server that signed links lead to.
    let origin: WebAddress
    /// What is pulled, as the person named it.
    let name: ModelName
    let hasToken: Bool

    var failure: TryFailure {
        switch status {
        case 408, 425, 429, 500...599:
            return .busy(
                status: status,
                retryAfter: RetryAfter.parse(
                    retryAfter: headers.first(name: "Retry-After"),
                    rateLimit: headers.first(name: "RateLimit"), now: Date()))
        case 400..<500 where address.origin != origin.origin:
            // A signed link that has run out; asking the origin again brings a new one.
            return .connection("\(address.host) answered with status \(status)")
        case 401, 403:
            return .final(HubError(.accessDenied, denied))
        case 404, 410:
            return .final(HubError(.notFound, missing))
        default:
            return .final(
                HubError(
                    .badAnswer,
                    "\(address.host) answered with status \(status), which no pull expects"))
        }
    }

    private var tokenSetting: String {
        switch name.source {
        case .huggingFace: "HF_TOKEN or --token"
        case .modelScope: "MODELSCOPE_API_TOKEN or --token"
        case .ollama, .address: "--token"
        }
    }

    private var denied: String {
        if headers.first(name: "X-Error-Code") == "GatedRepo" {
            let page = "\(origin.origin)/\(name.repository)"
            return hasToken
                ? "\(name) is gated: accept its terms at \(page), then run this again"
                : "\(name) is gated: accept its terms at \(page) and give a token (\(tokenSetting))"
        }
        return hasToken
            ? "\(address.host) does not let this token read \(name); check the name and the token's rights"
            : "\(address.host) has no public \(name); check the name, or give a token if it is "
                + "private (\(tokenSetting))"
    }

    private var missing: String {
        switch headers.first(name: "X-Error-Code") {
        case "RevisionNotFound":
            "\(name) has no revision \(name.revision ?? "main")"
        case "EntryNotFound":
            "\(address.host) no longer has a file of \(name); the repository is being changed, try again"
        default:
            "\(address.host) has no \(name)"
                + (hasToken ? "" : "; if it is private, give a token (\(tokenSetting))")
        }
    }
}
