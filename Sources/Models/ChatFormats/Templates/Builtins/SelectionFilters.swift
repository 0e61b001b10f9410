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

    private static func map(
        _ interpreter: TemplateInterpreter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateFault) -> TemplateValue {
        let transform: (TemplateValue) throws(TemplateFault) -> TemplateValue
        if arguments.positional.isEmpty, arguments.named.contains(where: { $0.name == "attribute" })
        {
            let bound = try CallArguments(named: arguments.named)
                .bound(to: ["attribute", "default"], of: "map")
            let path = AttributePath(try bound.required(0))
            let fallback = bound[1]
            transform = { item throws(TemplateFault) in
                let value = try path.value(in: item, interpreter)
                return value.isUndefined ? fallback ?? value : value
            }
        } else {
            guard case .string(let name) = arguments.positional.first else {
                throw .invalid("map requires a filter argument")
            }
            let rest = CallArguments(
                positional: Array(arguments.positional.dropFirst()), named: arguments.named)
            transform = { item throws(TemplateFault) in
                try interpreter.applyFilter(name, to: item, rest)
            }
        }
        let items = try interpreter.iterator(over: value)
        return .iterator(
            TemplateIterator { () throws(TemplateFault) in
                guard let item = try items.next() else { return nil }
                try interpreter.step()
                return try transform(item)
            })
    }

    private static func selecting(_ name: String, byAttribute: Bool, keeps: Bool) -> Filter {
        { (interpreter, value, arguments) throws(TemplateFault) in
            var rest = arguments.positional[...]
            var path: AttributePath?
            if byAttribute {
                guard let attribute = rest.popFirst() else {
                    throw .invalid("\(name) is missing the name of an attribute")
                }
                path = AttributePath(attribute)
            }
            var test: String?
            if let name = rest.popFirst() { test = name.text }
            let testArguments = CallArguments(positional: Array(rest), named: arguments.named)
            let items = try interpreter.iterator(over: value)
            return .iterator(
                TemplateIterator { [path, test] () throws(TemplateFault) in
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
                })
        }
    }
}
