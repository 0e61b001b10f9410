import ChatFormats
import Foundation
import StructuredJSON
import Testing

@Suite("What a template may cost")
struct TemplateCostTests {
    private static let expressions = [
        "t|upper", "t|lower", "t|title", "t|capitalize", "t|trim", "t|replace('a', 'b')",
        "t|replace('a', 'bcd')", "t.split(' ')|length", "t.split()|length", "t ~ 'x'", "t + 'x'",
        "t[1:]", "t[:100]", "t[::-1]", "t|reverse", "'zz' in t", "t == u", "t < u", "t|length",
        "t.find('zz')",
        "t.rfind('zz')", "t.count('z')", "t.startswith('ab')", "t.strip()", "t.lstrip('ab')",
        "t.rstrip('ab ')", "t|e", "t|tojson", "t|string", "t|wordcount", "t|indent",
        "t|wordwrap(40)", "t.splitlines()|length", "t|list|length", "t|first", "t|last", "t[5]",
        "t[59000]", "t|striptags", "t.isalpha()", "t.islower()", "t|int", "t|float",
        "t|truncate(50)",
        "t|center(70000)", "'%s' % t", "'%s'|format(t)", "t.title()", "t.replace('ab', '')",
        "t.removeprefix('ab')", "t.partition('zz')|length", "t.rsplit(' ', 1)|length",
        "t.endswith('zz')", "t.swapcase()", "t.casefold()", "t.zfill(70000)", "'{}'.format(t)",
        "t|urlencode", "t in [u]", "{t: 1}[t]", "[t, u]|sort|length",
        "[t, u]|unique|list|length", "t|select|list|length", "t.isdigit()", "t|forceescape",
        "t.encode is defined", "[t, t]|join(t)", "t * 2",
    ]

    @Test(
        "Each way of spending the limit on long strings ends within two seconds",
        arguments: expressions)
    func cost(expression: String) throws {
        let text = String(repeating: "ab ", count: 20_000)
        let source =
            "{% for i in range(90000) %}{% for j in range(90000) %}{% set x = \(expression) %}"
            + "{% endfor %}{% endfor %}"
        // A tenth of the usual limit, and the time of this thread, which others do not disturb.
        var start = timespec()
        var end = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start)
        let error = #expect(throws: TemplateError.self) {
            let template = try ChatTemplate(
                source: source, name: "cost", limits: TemplateLimits(steps: 300_000))
            _ = try template.render(
                context: ["t": .string(text), "u": .string(text + "x")], now: TemplateFixture.now)
        }
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end)
        let seconds =
            Double(end.tv_sec - start.tv_sec) + Double(end.tv_nsec - start.tv_nsec) / 1e9
        #expect(error?.code == .limitExceeded)
        #expect(seconds < 0.2, "\(10 * seconds) s")
    }
}
