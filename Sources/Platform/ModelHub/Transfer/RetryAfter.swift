package import Foundation

/// How long a server asks to wait.
package enum RetryAfter {
    /// From `Retry-After`: seconds, or a date (RFC 9110, section 10.2.3); else from the `t` of `RateLimit`.
    ///
    /// Nothing sensible is `nil`; a date in the past is zero.
    package static func parse(retryAfter: String?, rateLimit: String?, now: Date) -> Duration? {
        if let retryAfter {
            if let seconds = Int(retryAfter.trimmingCharacters(in: .whitespaces)) {
                return (0...86_400 * 365).contains(seconds) ? .seconds(seconds) : nil
            }
            if let date = date(retryAfter) {
                return .seconds(max(0, Int(date.timeIntervalSince(now).rounded(.up))))
            }
        }
        // "api";r=0;t=55
        for part in rateLimit?.split(separator: ";") ?? [] {
            let part = part.trimmingCharacters(in: .whitespaces)
            if part.hasPrefix("t="), let seconds = Int(part.dropFirst(2)), seconds >= 0 {
                return .seconds(min(seconds, 86_400))
            }
        }
        return nil
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT`.
    private static func date(_ text: String) -> Date? {
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(identifier: "GMT")
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss zzz"
        return format.date(from: text)
    }
}
