import Server
import Testing

@Suite("W3C trace context")
struct TraceContextTests {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let span = "00f067aa0ba902b7"

    @Test(
        "A caller's trace goes on, with a span of ours",
        arguments: [
            ("00-\(trace)-\(span)-01", true), ("00-\(trace)-\(span)-00", false),
            // Other flags are not for us, and a later version may say more.
            ("00-\(trace)-\(span)-ff", true), ("01-\(trace)-\(span)-01-what-else", true),
        ])
    func continuing(header: String, isSampled: Bool) {
        let context = TraceContext(continuing: [header])
        #expect(context.traceID == Self.trace && context.parentID == Self.span)
        #expect(context.spanID != Self.span && context.isSampled == isSampled)
        #expect(context.header == "00-\(Self.trace)-\(context.spanID)-\(isSampled ? "01" : "00")")
    }

    @Test(
        "A malformed header is as good as none",
        arguments: [
            "", "00", "00-\(trace)-\(span)", "00-\(trace)-\(span)-01-more",
            "ff-\(trace)-\(span)-01",
            "0-\(trace)-\(span)-01", "00-\(trace.uppercased())-\(span)-01",
            "00-\(trace.dropLast())-\(span)-01", "00-\(trace)0-\(span)-01",
            "00-\(trace)-\(span.dropLast())g-01", "00-\(trace)-\(span)-1", "00-\(trace)-\(span)-0x",
            "00-00000000000000000000000000000000-\(span)-01", "00-\(trace)-0000000000000000-01",
            " 00-\(trace)-\(span)-01", "zz-\(trace)-\(span)-01",
        ])
    func malformed(header: String) {
        let context = TraceContext(continuing: [header])
        #expect(context.traceID != Self.trace && context.parentID == nil)
        #expect(!context.isSampled)
    }

    @Test("Two headers are malformed, and a trace that begins here has ids of its own")
    func beginning() {
        let header = "00-\(Self.trace)-\(Self.span)-01"
        #expect(TraceContext(continuing: [header, header]).traceID != Self.trace)
        let contexts = (0..<100).map { _ in TraceContext(continuing: []) }
        #expect(Set(contexts.map(\.traceID)).count == 100)
        // What we say, we understand.
        for context in contexts {
            #expect(TraceContext(continuing: [context.header]).parentID == context.spanID)
        }
    }
}
