/// The methods of Python's `dict` that do not change it.
enum DictionaryMethods {
    typealias Method =
        @Sendable (TemplateInterpreter, TemplateDictionary, CallArguments)
        throws(TemplateFault) -> TemplateValue

    /// What the sandbox forbids.
    static let mutating: Set<String> = ["clear", "pop", "popitem", "setdefault", "update"]

    static let table: [String: Method] = [
        "items": { (_, members, arguments) throws(TemplateFault) in
            try arguments.requireNone(of: "items")
            return .view(TemplateView(kind: .items, elements: members.pairs))
        },
        "keys": { (_, members, arguments) throws(TemplateFault) in
            try arguments.requireNone(of: "keys")
            return .view(TemplateView(kind: .keys, elements: members.keys))
        },
        "values": { (_, members, arguments) throws(TemplateFault) in
            try arguments.requireNone(of: "values")
            return .view(TemplateView(kind: .values, elements: members.values))
        },
        "get": { (_, members, arguments) throws(TemplateFault) in
            let bound = try arguments.bound(to: ["key", "default"], of: "get")
            return members[try TemplateKey(try bound.required(0))] ?? bound[1] ?? .none
        },
        "copy": { (_, members, arguments) throws(TemplateFault) in
            try arguments.requireNone(of: "copy")
            return .dictionary(members)
        },
    ]
}

/// The methods of Python's `list` and `tuple` that do not change them.
enum SequenceMethods {
    typealias Method =
        @Sendable (TemplateInterpreter, TemplateValue, CallArguments)
        throws(TemplateFault) -> TemplateValue

    /// What the sandbox forbids on lists.
    static let mutating: Set<String> = [
        "append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort",
    ]

    static let table: [String: Method] = [
        "count": { (interpreter, value, arguments) throws(TemplateFault) in
            let wanted = try arguments.bound(to: ["value"], of: "count").required(0)
            try interpreter.chargeWalk(over: value)
            return .integer(try interpreter.elements(of: value).count { $0.isEqual(to: wanted) })
        },
        "index": { (interpreter, value, arguments) throws(TemplateFault) in
            let bound = try arguments.bound(to: ["value", "start", "stop"], of: "index")
            let wanted = try bound.required(0)
            let elements = try interpreter.elements(of: value)
            try interpreter.chargeWalk(over: value)
            let indices = SliceIndices(
                start: try bound.integer(1), stop: try bound.integer(2), step: 1,
                count: elements.count)
            for index in indices where elements[index].isEqual(to: wanted) {
                return .integer(index)
            }
            throw .invalid("\(wanted.briefRepresentation) is not in \(value.typeName)")
        },
        "copy": { (_, value, arguments) throws(TemplateFault) in
            try arguments.requireNone(of: "copy")
            return value
        },
    ]
}
