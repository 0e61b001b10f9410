import HTTPTypes

extension HTTPField.Name {
    /// Not standard, but where OpenAI's clients look for it.
    static let requestID = Self(valid: "x-request-id")
    /// nginx collects an answer before it passes it on, unless this says `no`.
    static let accelBuffering = Self(valid: "x-accel-buffering")

    /// Where Anthropic's clients put a key.
    static let apiKey = Self(valid: "x-api-key")
    /// Where a request stands in a trace.
    static let traceParent = Self(valid: "traceparent")
    /// How urgent a request is.
    static let priorityOfRequest = Self(valid: "x-priority")
    /// Milliseconds until an answer is of no use any more.
    static let requestTimeout = Self(valid: "x-request-timeout-ms")

    /// What proxies tell of whoever asked them (RFC 7239, and the names before it).
    static let forwarded = Self(valid: "forwarded")
    static let forwardedFor = Self(valid: "x-forwarded-for")
    static let realIP = Self(valid: "x-real-ip")
    /// Every client of Anthropic's sends it.
    static let anthropicVersion = Self(valid: "anthropic-version")

    init(valid name: String) {
        guard let value = Self(name) else { preconditionFailure("\(name) is no field name") }
        self = value
    }
}
