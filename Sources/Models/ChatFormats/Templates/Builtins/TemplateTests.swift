extension TemplateBuiltins {
    static let tests: [String: Test] = kindTests.merging(comparisonTests) { first, _ in first }

    /// What a value is.
    private static let kindTests: [String: Test] = [
        "defined": plain("defined") { !$0.isUndefined },
        "undefined": plain("undefined") { $0.isUndefined },
        "none": plain("none") { if case .none = $0 { true } else { false } },
        "boolean": plain("boolean") { if case .bool = $0 { true } else { false } },
        "true": plain("true") { if case .bool(true) = $0 { true } else { false } },
        "false": plain("false") { if case .bool(false) = $0 { true } else { false } },
        "integer": plain("integer") { value in
            switch value {
            case .integer, .big: true
            default: false
            }
        },
        "float": plain("float") { if case .number = $0 { true } else { false } },
        "number": plain("number") { $0.asNumber != nil },
        "string": plain("string") { $0.asText != nil },
        "mapping": plain("mapping") { if case .dictionary = $0 { true } else { false } },
        // Python asks for a length and for items by index; Jinja's undefined pretends to have both.
        "sequence": plain("sequence") { value in
            if case .view(let view) = value { view.kind == .group } else { value.count != nil }
        },
        "iterable": plain("iterable") { value in
            if case .iterator = value { true } else { value.count != nil }
        },
        "callable": plain("callable") { value in
            switch value {
            case .function, .undefined: true
            case .object(let object): object is MacroObject || object is JoinerObject
            default: false
            }
        },
        "escaped": plain("escaped") { $0.isMarkup },
        "lower": cased("lower") { $0.isLowercase },
        "upper": cased("upper") { $0.isUppercase },
        "filter": { (_, value, arguments) throws(TemplateFault) in
            try arguments.requireNone(of: "filter")
            return try TemplateKey(value).value.asText.map { filters[$0] != nil } ?? false
        },
        "test": { (_, value, arguments) throws(TemplateFault) in
            try arguments.requireNone(of: "test")
            return try TemplateKey(value).value.asText.map { tests[$0] != nil } ?? false
        },
        "even": remainder("even", divisor: 2, equals: 0),
        "odd": remainder("odd", divisor: 2, equals: 1),
        "divisibleby": { (interpreter, value, arguments) throws(TemplateFault) in
            let divisor = try arguments.bound(to: ["num"], of: "divisibleby").required(0)
            return try interpreter.apply(.modulo, value, divisor).isEqual(to: .integer(0))
        },
    ]

    private static func plain(
        _ name: String, _ condition: @escaping @Sendable (TemplateValue) -> Bool
    ) -> Test {
        { (_, value, arguments) throws(TemplateFault) in
            try arguments.requireNone(of: name)
            return condition(value)
        }
    }

    private static func cased(
        _ name: String, _ condition: @escaping @Sendable (UnicodeScalar.Properties) -> Bool
    ) -> Test {
        { (interpreter, value, arguments) throws(TemplateFault) in
            try arguments.requireNone(of: name)
            return try interpreter.text(of: value).allCased(condition)
        }
    }

    private static func remainder(_ name: String, divisor: Int, equals rest: Int) -> Test {
        { (interpreter, value, arguments) throws(TemplateFault) in
            try arguments.requireNone(of: name)
            return try interpreter.apply(.modulo, value, .integer(divisor))
                .isEqual(to: .integer(rest))
        }
    }

    /// How a value stands to another one.
    private static let comparisonTests: [String: Test] = {
        let operators: [(names: [String], comparison: ComparisonOperator)] = [
            (["==", "eq", "equalto"], .equal), (["!=", "ne"], .notEqual),
            (["<", "lt", "lessthan"], .less), (["<=", "le"], .lessOrEqual),
            ([">", "gt", "greaterthan"], .greater), ([">=", "ge"], .greaterOrEqual),
            (["in"], .contained),
        ]
        var tests: [String: Test] = ["sameas": isSame]
        for (names, comparison) in operators {
            for name in names { tests[name] = comparing(name, comparison) }
        }
        return tests
    }()

    private static func comparing(_ name: String, _ comparison: ComparisonOperator) -> Test {
        { (interpreter, value, arguments) throws(TemplateFault) in
            let other = try arguments.bound(to: ["other"], of: name).required(0)
            return try interpreter.holds(value, comparison, other)
        }
    }

    private static let isSame: Test = { (_, value, arguments) throws(TemplateFault) in
        let other = try arguments.bound(to: ["other"], of: "sameas").required(0)
        // Every look at what is missing makes another object of it.
        if value.isUndefined { return false }
        return value.typeName == other.typeName && value.isEqual(to: other)
    }
}
