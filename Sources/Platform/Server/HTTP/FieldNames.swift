import HTTPTypes

extension HTTPField.Name {
    /// Not standard, but where OpenAI's clients look for it.
    static let requestID = Self(valid: "x-request-id")
    /// nginx collects an answer before it passes it on, unless this says `no`.
    static let accelBuffering = Self(valid: "x-accel-buffering")

    private init(valid name: String) {
        guard let value = Self(name) else { preconditionFailure("\(name) is no field name") }
        self = value
    }
}
