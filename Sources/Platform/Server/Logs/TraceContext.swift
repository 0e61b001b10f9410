/// Where a request stands in a trace, as the W3C Trace Context has it (https://www.w3.org/TR/trace-context/).
///
/// `tracestate` is for services that a request goes on to, and Berth asks none, so it is not kept.
package struct TraceContext: Sendable, Equatable {
    /// 32 hexadecimal digits.
    package let traceID: String
    /// 16 hexadecimal digits: this server's part of the trace.
    package let spanID: String
    /// The caller's part; `nil` where the trace begins here.
    package let parentID: String?
    /// Whether the caller records the trace.
    package let isSampled: Bool

    /// Continues the caller's trace, or begins one where the header is absent or malformed.
    ///
    /// `headers` are the values of every `traceparent`; more than one is malformed.
    package init(continuing headers: [String]) {
        let parent = headers.count == 1 ? Self.parse(headers[0]) : nil
        traceID = parent?.trace ?? Self.randomDigits(32)
        spanID = Self.randomDigits(16)
        parentID = parent?.span
        isSampled = parent?.isSampled ?? false
    }

    /// What `traceparent` says of this server's part.
    package var header: String {
        "00-\(traceID)-\(spanID)-\(isSampled ? "01" : "00")"
    }

    private static func parse(_ text: String) -> (trace: String, span: String, isSampled: Bool)? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        // Versions to come may add parts; the first has four.
        guard parts.count >= 4, let version = number(parts[0], digits: 2), version != 0xFF,
            version != 0 || parts.count == 4,
            isIdentifier(parts[1], digits: 32), isIdentifier(parts[2], digits: 16),
            let flags = number(parts[3], digits: 2)
        else { return nil }
        return (String(parts[1]), String(parts[2]), flags & 1 == 1)
    }

    /// Lower case only, as the specification wants it.
    private static func isHexadecimal(_ text: Substring, digits: Int) -> Bool {
        text.utf8.count == digits
            && text.utf8.allSatisfy { 48...57 ~= $0 || 97...102 ~= $0 }
    }

    private static func number(_ text: Substring, digits: Int) -> Int? {
        isHexadecimal(text, digits: digits) ? Int(text, radix: 16) : nil
    }

    private static func isIdentifier(_ text: Substring, digits: Int) -> Bool {
        isHexadecimal(text, digits: digits) && !text.utf8.allSatisfy { $0 == 48 }
    }

    private static func randomDigits(_ count: Int) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var bytes = (0..<count).map { _ in digits[Int.random(in: 0..<16)] }
        // All zeros would be no identifier.
        if bytes.allSatisfy({ $0 == 48 }) { bytes[0] = 49 }
        return String(decoding: bytes, as: UTF8.self)
    }
}
