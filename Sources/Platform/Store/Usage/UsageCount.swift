/// What one key used of one model on one day.
package struct UsageCount: Sendable, Equatable {
    /// A key's id; empty for requests without a key.
    package var key: String
    /// Whole days since 1970-01-01, UTC.
    package var day: Int
    package var model: String
    package var requests: Int
    package var promptTokens: Int
    package var completionTokens: Int
    /// Of the prompts' tokens, those that were in the cache already.
    package var cachedTokens: Int

    package init(
        key: String, day: Int, model: String, requests: Int = 0, promptTokens: Int = 0,
        completionTokens: Int = 0, cachedTokens: Int = 0
    ) {
        self.key = key
        self.day = day
        self.model = model
        self.requests = requests
        self.promptTokens = promptTokens
        self.completionTokens = completionTokens
        self.cachedTokens = cachedTokens
    }

    /// The day of a time in seconds since 1970.
    package static func day(of time: Int) -> Int {
        // Rounded down, also before 1970.
        time >= 0 ? time / 86_400 : (time + 1) / 86_400 - 1
    }
}
