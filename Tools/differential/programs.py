"""Random templates: tags, white space, scopes, macros and loops around random expressions."""

from expressions import Expressions

TARGETS = ["a", "b", "v", "n", "s", "xs"]
ATTRIBUTES = ["index", "index0", "first", "last", "length", "revindex", "revindex0", "previtem", "nextitem",
              "depth", "depth0", "changed(v)", "cycle('p', 'q')", "nope"]
TEXTS = ["text", " ", "\n", "\n\n", "  \n  ", "\t", "x\n  ", "{", "}", "# line", "<b>", "é", "\r\n", "% if", "-", "  "]


class Programs:
    def __init__(self, random):
        self.random = random
        self.expressions = Expressions(random)
        self.macros = []

    def make(self):
        self.macros = []
        return self.block(self.random.randrange(1, 4), False)

    def expression(self):
        random = self.random
        draw = random.random()
        if draw < 0.35:
            return random.choice(TARGETS + ["ns.a", "v.name", "loop.index", "missing", "a ~ b"])
        if draw < 0.4 and self.macros:
            return self.call()
        return self.expressions.make(random.randrange(1, 3))

    def call(self):
        name, parameters = self.random.choice(self.macros)
        arguments = [self.random.choice(["1", "'x'", "v", "a"]) for _ in range(self.random.randrange(len(parameters) + 2))]
        if self.random.random() < 0.3:
            arguments.append(self.random.choice((parameters or ["q"]) + ["z"]) + "=9")
        return f"{name}({', '.join(arguments)})"

    def tag(self, content):
        random = self.random
        left = random.choice(["", "", "", "-", "+"])
        right = random.choice(["", "", "", "-", "+"])
        pad = random.choice([" ", " ", "", "\n"])
        if pad == "" and content[0] in "+-":
            pad = " "
        return "{%" + left + pad + content + (pad or " ") + right + "%}"

    def output(self, content):
        random = self.random
        return "{{" + random.choice(["", "", "-"]) + " " + content + " " + random.choice(["", "", "-"]) + "}}"

    def block(self, depth, loops):
        return "".join(self.statement(depth, loops) for _ in range(self.random.randrange(1, 5)))

    def statement(self, depth, loops):
        random = self.random
        draw = random.random()
        if depth <= 0 or draw < 0.45:
            kind = random.randrange(8)
            if kind < 3:
                return random.choice(TEXTS)
            if kind < 6:
                return self.output(self.expression())
            if kind == 6:
                return "{#" + random.choice(["", "-"]) + " note " + random.choice(["", "-"]) + "#}"
            if loops and random.random() < 0.5:
                return self.output("loop." + random.choice(ATTRIBUTES))
            return self.tag(f"set {random.choice(TARGETS)} = {self.expression()}")
        inner = depth - 1
        choice = random.choice(
            ["if", "if", "for", "for", "for", "set", "ns", "macro", "call", "filter", "with", "raw", "generation", "autoescape",
             "break", "unpack", "recursive", "block", "scoped", "setfilter", "loopfilter"])
        tag = self.tag
        if choice == "if":
            text = tag("if " + self.expression()) + self.block(inner, loops)
            if random.random() < 0.3:
                text += tag("elif " + self.expression()) + self.block(inner, loops)
            if random.random() < 0.5:
                text += tag("else") + self.block(inner, loops)
            return text + tag("endif")
        if choice in ("for", "loopfilter"):
            sequence = random.choice(["xs", "names", "people", "range(3)", "messages", "[]", "'ab'", "d", "[1, 1, 2]", self.expression()])
            condition = " if " + self.expression() if choice == "loopfilter" else ""
            text = tag(f"for {random.choice(['v', 'a', 'v'])} in {sequence}{condition}") + self.block(inner, True)
            if random.random() < 0.25:
                text += tag("else") + self.block(inner, loops)
            return text + tag("endfor")
        if choice == "unpack":
            return tag("for a, b in " + random.choice(["d.items()", "[[1, 2], [3, 4]]", "d|dictsort", "xs"])) \
                + self.block(inner, True) + tag("endfor")
        if choice == "recursive":
            return tag("for v in nested recursive") + self.block(inner, True) \
                + self.output("loop(v) if v is iterable else v") + tag("endfor")
        if choice == "set":
            return tag("set " + random.choice(TARGETS)) + self.block(inner, loops) + tag("endset")
        if choice == "setfilter":
            return tag("set " + random.choice(TARGETS) + " | " + random.choice(["upper", "trim", "replace('a', 'b')|trim", "length", "e"])) \
                + self.block(inner, loops) + tag("endset")
        if choice == "ns":
            return tag(f"set ns = namespace(a={self.expression()})") + self.block(inner, loops) \
                + tag(f"set ns.a = {self.expression()}") + self.output("ns.a")
        if choice == "macro":
            name = f"m{random.randrange(3)}"
            parameters = random.sample(["p", "q", "v"], random.randrange(3))
            written = list(parameters)
            if written and random.random() < 0.4:
                written[-1] += "=" + random.choice(["1", "'d'", "n", "xs"])
            body = self.block(inner, False)
            if random.random() < 0.3:
                body += self.output(random.choice(["varargs", "kwargs", "caller()", "varargs|length", "caller"]))
            self.macros.append((name, parameters))
            return tag(f"macro {name}({', '.join(written)})") + body + tag("endmacro") + self.output(self.call())
        if choice == "call" and self.macros:
            return tag(random.choice(["call ", "call(v) "]) + self.call()) + self.block(inner, False) + tag("endcall")
        if choice == "filter":
            return tag("filter " + random.choice(["upper", "trim", "replace('a', '4')", "indent(2)", "title|trim", "length"])) \
                + self.block(inner, loops) + tag("endfilter")
        if choice == "with":
            return tag(random.choice(["with", f"with a = {self.expression()}", "with a = 1, b = a", f"with v = {self.expression()}, n = 2"])) \
                + self.block(inner, loops) + tag("endwith")
        if choice == "raw":
            return tag("raw") + random.choice(["{{ n }}", " {% x %} ", "\n"]) + tag("endraw")
        if choice == "generation":
            return tag("generation") + self.block(inner, False) + tag("endgeneration")
        if choice == "autoescape":
            return tag("autoescape " + random.choice(["true", "false"])) + self.block(inner, loops) + tag("endautoescape")
        if choice == "break" and loops:
            return tag("if " + self.expression()) + tag(random.choice(["break", "continue"])) + tag("endif")
        if choice in ("block", "scoped"):
            name = f"k{random.randrange(10_000)}"
            return tag(f"block {name}" + (" scoped" if choice == "scoped" else "")) + self.block(inner, False) + tag("endblock")
        return self.output(self.expression())
