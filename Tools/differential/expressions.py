"""Random expressions over the context of the committed snippets, from a seed.

Mostly of the kinds that fit, sometimes not: what Python refuses must be refused as well. Left out is what
is refused on purpose (complex numbers, bytes, the filters pprint, random and urlize), and infinite constants
and conditions of `autoescape` that are no constants, where jinja2 makes code that its own rules contradict.
"""

STRINGS = ["a", "", "abc", "Hello World", "  pad\t", "ß", "ÀÉ", "e\\u0301", "\\u00e9", "中文字", "😀", "12", "-3", "1.5",
           "0x1F", "a,b,,c", "<b>&\\'\\\"</b>", "l1\\nl2\\r\\nl3", "Ǆ", "ﬁ", "İ", "σς", "x_y-z", "1e3", "%s", "%d|%5.2f",
           "{}", "{0}-{1}", "{a}", "{:>5}", "&lt;i&gt;", "http://x.y/z?q=1", "true", "ⅷ", "²", "٣"]
INTEGERS = [0, 1, 2, 3, -1, -2, 5, 7, 10, 100, 2147483648, 9007199254740993]
FLOATS = ["0.5", "1.0", "2.5", "1e16", "1e-5", "123.456", "0.1", "1e22", "3.0e2"]
NAMES = {
    "string": ["s", "empty", "padded", "uni", "quotes", "lines", "digits", "float_text"],
    "number": ["n", "zero", "neg", "x", "tiny", "huge", "big"],
    "list": ["xs", "names", "mixed", "nested", "none_list", "people", "messages"],
    "dict": ["d", "deep", "people[0]", "messages[1]"],
    "other": ["yes", "no", "nothing", "missing", "missing.x", "range", "d.nope"],
}
# A name, and kinds of arguments: s(tring), i(nteger), f(loat), l(ist), d(ict), b(oolean), a(ny).
STRING_METHODS = {
    "upper": "", "lower": "", "title": "", "capitalize": "", "swapcase": "", "casefold": "",
    "strip": "s?", "lstrip": "s?", "rstrip": "s?", "split": "s?i?", "rsplit": "s?i?", "splitlines": "b?",
    "replace": "ssi?", "startswith": "si?i?", "endswith": "si?i?", "find": "si?i?", "rfind": "si?i?",
    "index": "si?", "rindex": "s", "count": "si?i?", "join": "l", "center": "ic?", "ljust": "ic?",
    "rjust": "ic?", "zfill": "i", "expandtabs": "i?", "partition": "s", "rpartition": "s",
    "removeprefix": "s", "removesuffix": "s", "isupper": "", "islower": "", "isspace": "", "isalpha": "",
    "isdigit": "", "isnumeric": "", "isdecimal": "", "isalnum": "", "isascii": "", "istitle": "",
    "isidentifier": "", "isprintable": "", "format": "a?a?", "translate": "d",
    "format_map": "d",
}
LIST_METHODS = {"index": "a", "count": "a", "copy": "", "append": "a", "pop": "", "sort": "", "insert": "ia"}
DICT_METHODS = {"get": "sa?", "items": "", "keys": "", "values": "", "copy": "", "pop": "s", "update": "d"}
FILTERS = {
    "abs": ("number", ""), "attr": ("any", "s"), "batch": ("list", "ia?"), "capitalize": ("string", ""),
    "center": ("string", "i?"), "count": ("list", ""), "d": ("any", "a?b?"), "default": ("any", "a?b?"),
    "dictsort": ("dict", "b?"), "e": ("string", ""), "escape": ("any", ""), "filesizeformat": ("number", "b?"),
    "first": ("list", ""), "float": ("any", "f?"), "forceescape": ("any", ""), "format": ("string", "a?a?"),
    "indent": ("string", "i?b?b?"), "int": ("any", "i?i?"), "items": ("dict", ""), "join": ("list", "s?"),
    "last": ("list", ""), "length": ("list", ""), "list": ("any", ""), "lower": ("string", ""),
    "map": ("list", "F"), "max": ("list", ""), "min": ("list", ""), "reject": ("list", "T?"), "replace": ("string", "ssi?"),
    "reverse": ("list", ""), "round": ("number", "i?"), "safe": ("string", ""), "select": ("list", "T?"),
    "slice": ("list", "ia?"), "sort": ("list", "b?b?"), "string": ("any", ""), "striptags": ("string", ""),
    "sum": ("list", ""), "title": ("string", ""), "tojson": ("any", ""), "trim": ("string", "s?"),
    "truncate": ("string", "i?b?s?"), "unique": ("list", "b?"), "upper": ("string", ""), "urlencode": ("any", ""),
    "wordcount": ("string", ""), "wordwrap": ("string", "i?b?"), "xmlattr": ("dict", "b?"),
    "groupby": ("list", "s"),
}
TESTS = {
    "defined": "", "undefined": "", "none": "", "boolean": "", "true": "", "false": "", "integer": "", "float": "",
    "number": "", "string": "", "mapping": "", "sequence": "", "iterable": "", "callable": "", "escaped": "",
    "lower": "", "upper": "", "even": "", "odd": "", "divisibleby": "i", "eq": "a", "ne": "a", "lt": "a", "gt": "a",
    "in": "l", "sameas": "a", "filter": "", "test": "",
}
SPECIFICATIONS = ["", ">8", "<6", "^7", "*^9", "+", "05d", "d", "x", "#x", "b", "o", ",", "_", ".2f", "e", "g", "%", "s", "10.3",
                  "08.3f", "+.1e", "c", "n", "=+6", "X", "#b", "#o", "10,", ".0f", "#.3g", " d", "-", ">+10.2f", "q", "5s", ".2s"]


class Expressions:
    def __init__(self, random):
        self.random = random

    def make(self, depth=None):
        return self.any(self.random.randrange(1, 5) if depth is None else depth)

    def any(self, depth):
        kind = self.random.choice(["string", "string", "number", "list", "dict", "bool", "other"])
        return self.of(kind, depth)

    def of(self, kind, depth):
        if self.random.random() < 0.04:
            kind = self.random.choice(["string", "number", "list", "dict", "bool", "other"])
        if depth <= 0:
            return self.leaf(kind)
        return getattr(self, kind)(depth - 1)

    def leaf(self, kind):
        random = self.random
        if kind == "string":
            return random.choice(NAMES["string"]) if random.random() < 0.4 else self.quoted()
        if kind == "number":
            draw = random.random()
            if draw < 0.3:
                return random.choice(NAMES["number"])
            return str(random.choice(INTEGERS)) if draw < 0.75 else random.choice(FLOATS)
        if kind == "list":
            if random.random() < 0.6:
                return random.choice(NAMES["list"])
            return random.choice(["[]", "[1, 2, 3]", "['b', 'A', 'c']", "(1, 2)", "range(4)", "'abc'", "[none, 1.0, true]", "()"])
        if kind == "dict":
            return random.choice(NAMES["dict"] + ["{}", "{'a': 1, 'b': 'x'}", "{1: 2, 'k': none}"])
        if kind == "bool":
            return random.choice(["true", "false", "yes", "no", "n > 3"])
        return random.choice(NAMES["other"] + ["none"])

    def quoted(self):
        return "'" + self.random.choice(STRINGS) + "'"

    def arguments(self, kinds, depth):
        random, result, position = self.random, [], 0
        kinds = list(kinds)
        while kinds:
            kind = kinds.pop(0)
            if kinds and kinds[0] == "?":
                kinds.pop(0)
                if random.random() < 0.5:
                    break
            depth_here = depth - 1
            if kind == "s":
                result.append(self.of("string", depth_here))
            elif kind == "c":
                result.append(random.choice(["'*'", "'é'", "'ab'"]))
            elif kind == "i":
                result.append(str(random.choice([0, 1, 2, 3, 5, 8, 12, 20, -1, 16, 40])))
            elif kind == "f":
                result.append(random.choice(FLOATS))
            elif kind == "l":
                result.append(self.of("list", depth_here))
            elif kind == "d":
                result.append(self.of("dict", depth_here))
            elif kind == "b":
                result.append(random.choice(["true", "false"]))
            elif kind == "F":
                if random.random() < 0.4:
                    result.append("attribute=" + random.choice(["'name'", "'age'", "0", "'address.city'", "'content'"]))
                    break
                result.append("'" + random.choice(["upper", "string", "length", "first", "int", "trim", "list", "e"]) + "'")
            elif kind == "T":
                result.append("'" + random.choice(["string", "number", "defined", "none", "odd", "mapping"]) + "'")
            else:
                result.append(self.any(depth_here))
        return ", ".join(result)

    def method(self, table, receiver, depth):
        name = self.random.choice(list(table))
        return f"{receiver}.{name}({self.arguments(table[name], depth)})"

    def filter(self, depth, names=None):
        name = self.random.choice(names or list(FILTERS))
        kind, kinds = FILTERS[name]
        operand = self.any(depth) if kind == "any" else self.of(kind, depth)
        arguments = self.arguments(kinds, depth)
        return f"({operand})|{name}" + (f"({arguments})" if arguments else "")

    def string(self, depth):
        draw, random = self.random.random(), self.random
        if draw < 0.3:
            return self.method(STRING_METHODS, "(" + self.of("string", depth) + ")", depth)
        if draw < 0.45:
            return f"{self.any(depth)} ~ {self.any(depth)}"
        if draw < 0.55:
            return f"({self.of('string', depth)} + {self.of('string', depth)})"
        if draw < 0.8:
            return self.filter(depth)
        if draw < 0.87:
            return f"({self.sliced('string', depth)})[{self.subscript()}]"
        if draw < 0.91:
            return f"'{{:{random.choice(SPECIFICATIONS)}}}'.format({self.any(depth)})"
        if draw < 0.94:
            directive = random.choice("sdfegxXocrai%q") if random.random() < 0.9 else "F"
            flags = random.choice(["", "5", "-6", "05", "+", " ", "#", ".2", "8.3", "-08.1", ".0"])
            return f"('%{flags}{directive}' % ({self.any(depth)}))"
        if draw < 0.97:
            return f"({self.of('string', depth)} if {self.of('bool', depth)} else {self.any(depth)})"
        return f"({self.of('string', depth)} * {random.choice([0, 1, 2, 3, -1])})"

    def sliced(self, kind, depth):
        """What is no sequence cannot be sliced, unless jinja2 works the whole out when it compiles."""
        return self.random.choice(NAMES[kind] + ["xs + xs", "s ~ n", "n", "d"]) if depth < 2 else self.method(
            {"split": "s", "replace": "ss", "strip": ""}, "s", depth)

    def subscript(self):
        random = self.random
        if random.random() < 0.4:
            return str(random.choice([0, 1, -1, 2, 9, -9]))
        bounds = [str(random.choice(["", 0, 1, 2, -1, -2, 5, -9, 9])) for _ in range(2)]
        if random.random() < 0.4:
            bounds.append(str(random.choice([1, 2, -1, -2, 3, 0])))
        return ":".join(bounds)

    def number(self, depth):
        draw, random = self.random.random(), self.random
        if draw < 0.55:
            operator = random.choice(["+", "-", "*", "/", "//", "%"])
            return f"({self.of('number', depth)} {operator} {self.of('number', depth)})"
        if draw < 0.6:
            return f"({self.of('number', depth)} ** {random.choice([0, 1, 2, 3, -1])})"
        if draw < 0.68:
            return f"(-{self.of('number', depth)})"
        if draw < 0.9:
            return self.filter(depth, ["int", "float", "abs", "round", "length", "sum", "count", "wordcount", "max", "min"])
        return f"({self.of('list', depth)})[{random.choice([0, 1, -1])}]"

    def list(self, depth):
        draw, random = self.random.random(), self.random
        if draw < 0.2:
            return "[" + ", ".join(self.any(depth) for _ in range(random.randrange(4))) + "]"
        if draw < 0.25:
            return "(" + ", ".join(self.any(depth) for _ in range(random.randrange(2, 4))) + ")"
        if draw < 0.6:
            names = ["map", "select", "reject", "sort", "unique", "batch", "slice", "reverse", "list", "dictsort", "items", "groupby"]
            return self.filter(depth, names) + ("|list" if random.random() < 0.85 else "")
        if draw < 0.7:
            return f"({self.sliced('list', depth)})[{self.subscript()}]"
        if draw < 0.8:
            return f"({self.of('list', depth)} + {self.of('list', depth)})"
        if draw < 0.85:
            return self.method(LIST_METHODS, "(" + self.of("list", depth) + ")", depth)
        if draw < 0.9:
            return self.method(DICT_METHODS, "(" + self.of("dict", depth) + ")", depth)
        if draw < 0.95:
            return f"({self.of('string', depth)}).split({self.arguments('s?', depth)})"
        return f"range({random.choice([0, 1, 4, -2])}, {random.choice([0, 3, 6])}, {random.choice([1, 2, -1])})"

    def dict(self, depth):
        random = self.random
        if random.random() < 0.6:
            members = [f"{self.leaf(random.choice(['string', 'string', 'number', 'bool']))}: {self.any(depth)}"
                       for _ in range(random.randrange(4))]
            return "{" + ", ".join(members) + "}"
        if random.random() < 0.4:
            return f"dict({self.leaf('dict')}, k={self.any(depth)})"
        return self.leaf("dict")

    def bool(self, depth):
        draw, random = self.random.random(), self.random
        if draw < 0.3:
            operator = random.choice(["==", "!=", "<", "<=", ">", ">=", "in", "not in"])
            kind = random.choice(["string", "number", "list", "dict", "bool"])
            other = "list" if "in" in operator else kind
            return f"({self.of(kind, depth)} {operator} {self.of(other, depth)})"
        if draw < 0.4:
            return f"({self.of('number', depth)} < {self.of('number', depth)} <= {self.of('number', depth)})"
        if draw < 0.75:
            name = random.choice(list(TESTS))
            arguments = self.arguments(TESTS[name], depth)
            negation = random.choice(["", "", "not "])
            return f"({self.any(depth)} is {negation}{name}" + (f"({arguments})" if arguments else "") + ")"
        if draw < 0.85:
            return f"(not {self.any(depth)})"
        return f"({self.any(depth)} {random.choice(['and', 'or'])} {self.any(depth)})"

    def other(self, depth):
        draw = self.random.random()
        if draw < 0.3:
            return f"({self.any(depth)} if {self.of('bool', depth)})"
        if draw < 0.6:
            name = self.random.choice(["a", "b", "k", "items", "name", "x", "upper", "role", "__class__", "first"])
            return f"({self.any(depth)}).{name}"
        if draw < 0.8:
            return f"({self.of('dict', depth)})[{self.quoted()}]"
        return self.leaf("other")
