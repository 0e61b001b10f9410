extension TemplateBuiltins {
    /// Filters that look at items one by one, when they are asked for.
    static let selectionFilters: [String: Filter] = [
        "map": { (interpreter, value, arguments) throws(TemplateFault) in
            try map(interpreter, value, arguments)
        },
        "select": selecting("select", byAttribute: false, keeps: true),
        "reject": selecting("reject", byAttribute: false, keeps: false),
        "selectattr": selecting("selectattr", byAttribute: true, keeps: true),
        "rejectattr": selecting("rejectattr", byAttribute: true, keeps: false),
    ]

    /// An iterator that does nothing before its first item is asked for, and nothing at all for a
    /// value that counts as false: so does Jinja, and a mistake in a filter then goes unseen.
    static func deferred(
        _ value: TemplateValue,
        _ setUp: @escaping () throws(TemplateFault) -> TemplateIterator
    ) -> TemplateValue {
        guard value.isTrue else { return .iterator(TemplateIterator([])) }
        return .iterator(TemplateIterator(later: setUp))
    }

    private typealias Transform = (TemplateValue) throws(TemplateFault) -> TemplateValue

    private static func map(
        _ interpreter: TemplateInterpreter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateFault) -> TemplateValue {
        deferred(value) { () throws(TemplateFault) in
            let transform = try mapping(interpreter, arguments)
            let items = try interpreter.iterator(over: value)
            return TemplateIterator { () throws(TemplateFault) in
                guard let item = try items.next() else { return nil }
                try interpreter.step()
                return try transform(item)
            }
        }
    }

    /// What `map` does to an item: looks an attribute up, or applies a filter.
    private static func mapping(
        _ interpreter: TemplateInterpreter, _ arguments: CallArguments
    ) throws(TemplateFault) -> Transform {
        if arguments.positional.isEmpty, arguments.named.contains(where: { $0.name == "attribute" })
        {
            let bound = try CallArguments(named: arguments.named)
                .bound(to: ["attribute", "default"], of: "map")
            let path = try AttributePath(try bound.required(0))
            var fallback = bound[1]
            if case .some(.none) = fallback { fallback = nil }
            return { [fallback] item throws(TemplateFault) in
                try path.value(in: item, interpreter, fallback: fallback)
            }
        }
        guard let name = arguments.positional.first?.asText else {
            throw .invalid("map requires a filter argument")
        }
        let rest = CallArguments(
            positional: Array(arguments.positional.dropFirst()), named: arguments.named)
        return { item throws(TemplateFault) in
            try interpreter.applyFilter(name, to: item, rest)
        }
    }

    private static func selecting(_ name: String, byAttribute: Bool, keeps: Bool) -> Filter {
        { (interpreter, value, arguments) throws(TemplateFault) in
            deferred(value) { () throws(TemplateFault) in
                var rest = arguments.positional[...]
                var path: AttributePath?
                if byAttribute {
                    guard let attribute = rest.popFirst() else {
                        throw .invalid("\(name) is missing the name of an attribute")
                    }
                    path = try AttributePath(attribute)
                }
                var test: String?
                if let name = rest.popFirst() { test = try interpreter.text(of: name) }
                let testArguments = CallArguments(positional: Array(rest), named: arguments.named)
                let items = try interpreter.iterator(over: value)
                return TemplateIterator { [path, test] () throws(TemplateFault) in
                    while let item = try items.next() {
                        try interpreter.step()
                        let subject = try path?.value(in: item, interpreter) ?? item
                        let holds =
                            if let test {
                                try interpreter.applyTest(test, to: subject, testArguments)
                            } else {
                                subject.isTrue
                            }
                        if holds == keeps { return item }
                    }
                    return nil
                }
            }
        }
    }
}
