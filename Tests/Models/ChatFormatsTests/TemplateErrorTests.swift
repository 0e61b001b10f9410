import ChatFormats
import StructuredJSON
import Testing

@Suite("Errors and limits of templates")
struct TemplateErrorTests {
    private func failure(
        _ source: String, limits: TemplateLimits = .standard, context: JSONValue = [:]
    ) -> TemplateError? {
        do throws(TemplateError) {
            let template = try ChatTemplate(source: source, name: "test", limits: limits)
            _ = try template.render(context: context.object ?? [:])
            return nil
        } catch {
            return error
        }
    }

    @Test(
        "An error names the line of its cause",
        arguments: [
            ("{% if x %}\n\n{{ ) }}{% endif %}", 3, TemplateError.Code.syntax),
            ("a\nb\n{{ 'never closed }}", 3, .syntax),
            ("\n\n{% for x in y %}\n{{ x }}", 4, .syntax),
            ("\n{{ 'x'|nope }}", 2, .syntax),
            ("\r\n\r\n{% unknown %}", 3, .syntax),
            ("one\n{# a\nb #}\n{{ none.x.y }}", 4, .undefined),
            ("{% for i in [1, 0] %}\n{{ 1 //\ni }}\n{% endfor %}", 2, .invalidOperation),
            ("{% macro m(a) %}\n{{ a.b.c }}\n{% endmacro %}\n\n{{ m({}) }}", 2, .undefined),
            ("{% macro m() %}\n\nx{% endmacro %}\n{{ m() }}{{ m() + 1 }}", 4, .invalidOperation),
            ("{{ [\n1,\nx.y.z\n] }}", 3, .undefined),
            ("\n{% extends 'base' %}", 2, .forbidden),
            ("{{ 1 }}\n{% include 'other' %}", 2, .forbidden),
            ("{% import 'other' as x %}", 1, .forbidden),
            ("\n{{ 'x'|urlize }}", 2, .forbidden),
            ("{% if true %}\n{{ raise_exception('no') }}{% endif %}", 2, .raised),
        ])
    func lines(source: String, line: Int, code: TemplateError.Code) {
        let error = failure(source)
        #expect(error?.code == code)
        #expect(error?.line == line)
        #expect(error?.template == "test")
    }

    @Test("What a template raises is told word for word")
    func raised() {
        let error = failure("{{ raise_exception('Roles <must> alternate: ' ~ 2) }}")
        #expect(error?.code == .raised)
        #expect(error?.cause == "Roles <must> alternate: 2")
        #expect(error?.description == "template test, line 1: Roles <must> alternate: 2")
    }

    @Test(
        "Whatever would take too long, too much memory or too deep a stack ends at a limit",
        arguments: [
            "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
            "{% set ns = namespace(s='x') %}{% for i in range(99) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
            "{% set ns = namespace(s='x') %}{% for i in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
            "{% set ns = namespace(l=[1]) %}{% for i in range(99) %}{% set ns.l = ns.l + ns.l %}{% endfor %}",
            "{% for i in range(99999) %}{{ 'x' * 10000 }}{% endfor %}",
            "{{ 'x' * 9999999999 }}",
            "{{ [0] * 9999999999 }}",
            "{{ 'x'.center(9999999999) }}",
            "{{ '%9999999999d' % 1 }}",
            "{{ '%*d' % (999999999999, 1) }}",
            "{{ 'x'|indent(9999999999, true) }}",
            "{{ '\t'.expandtabs(9999999999) }}",
            "{{ 'x'.zfill(9999999999) }}",
            "{{ ('x' * 99999).replace('x', 'y' * 99999)|length }}",
            "{{ ('x' * 99999)|list|join('y' * 99999)|length }}",
            "{{ [1]|batch(9999999999, 0)|list|length }}",
            "{{ [1]|slice(9999999999)|list|length }}",
            "{{ [[[1]]]|tojson(indent=9999999999) }}",
            "{{ range(200000) }}",
            "{% set ns = namespace(i=3) %}{% for i in range(99) %}{% set ns.i = ns.i * ns.i %}{% endfor %}",
            "{{ 3 ** 99999 }}",
            "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
            "{% macro m(n) %}{{ m([n]) }}{% endmacro %}{{ m(1) }}",
            "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
            "{% set ns = namespace(l=[]) %}{% for i in range(5000) %}{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l }}",
            "{% set ns = namespace(l=[]) %}{% for i in range(5000) %}{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l|tojson }}",
            "{% set ns = namespace(l=[]) %}{% for i in range(5000) %}{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l == ns.l }}",
            "{% set ns = namespace(g=[1]) %}{% for i in range(5000) %}{% set ns.g = ns.g|map('string') %}{% endfor %}{{ ns.g|list }}",
        ])
    func limits(source: String) {
        #expect(failure(source)?.code == .limitExceeded)
    }

    @Test("Sources nested too deep are refused before they can exhaust the stack")
    func depth() {
        func nested(_ open: String, _ middle: String, _ close: String, _ count: Int) -> String {
            String(repeating: open, count: count) + middle + String(repeating: close, count: count)
        }
        // As deep as its source may be, and every level a chain as long as it may be.
        let chain = String(repeating: "+1", count: 390)
        let sources = [
            "{{ " + nested("(", "1", ")", 100_000) + " }}",
            "{{ " + nested("[", "1", "]", 100_000) + " }}",
            "{{ " + nested("{1:", "1", "}", 100_000) + " }}",
            "{{ " + nested("not ", "1", "", 100_000) + " }}",
            "{{ " + nested("-", "1", "", 100_000) + " }}",
            "{{ " + nested("x[", "1", "]", 100_000) + " }}",
            "{{ " + nested("f(", "1", ")", 100_000) + " }}",
            "{{ x" + nested(".a", "", "", 100_000) + " }}",
            "{{ x" + nested("|string", "", "", 100_000) + " }}",
            "{{ 1" + nested("+1", "", "", 100_000) + " }}",
            "{{ 1" + nested(" and 1", "", "", 100_000) + " }}",
            "{{ 1" + nested(" if 1 else 1", "", "", 100_000) + " }}",
            nested("{% if 1 %}", "", "{% endif %}", 50_000),
            nested("{% for x in y %}", "", "{% endfor %}", 50_000),
            nested("{% set x %}", "", "{% endset %}", 50_000),
            "{% set " + nested("(", "x", ")", 100_000) + " = 1 %}",
            "{{ " + nested("(", "1", chain + ")", 110) + " }}",
        ]
        for source in sources {
            #expect(failure(source)?.code == .limitExceeded, "\(source.prefix(40))")
        }
    }

    @Test("Steps and sizes can be set")
    func chosenLimits() {
        let loop = "{% for i in range(100) %}{{ i }}{% endfor %}"
        #expect(failure(loop) == nil)
        #expect(failure(loop, limits: TemplateLimits(steps: 50))?.code == .limitExceeded)
        #expect(failure(loop, limits: TemplateLimits(stringBytes: 50))?.code == .limitExceeded)
        #expect(failure("{{ [1, 2] + [3] }}", limits: TemplateLimits(listItems: 2)) != nil)
        #expect(failure("{{ ((1 + 1) + 1) + 1 }}", limits: TemplateLimits(depth: 2)) != nil)
    }
}
