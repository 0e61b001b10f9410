import StructuredJSON

extension TemplateBuiltins {
    static let valueFilters: [String: Filter] = [
        "default": { (_, value, arguments) throws(TemplateFault) in
            try defaultValue(value, arguments)
        },
        "d": { (_, value, arguments) throws(TemplateFault) in try defaultValue(value, arguments) },
        "attr": { (interpreter, value, arguments) throws(TemplateFault) in
            let bound = try arguments.bound(to: ["name"], of: "attr")
            guard let name = try bound.required(0).asText else {
                throw .invalid("attr: attribute name must be string")
            }
            if case .undefined(let undefined) = value { throw undefined.fault }
            return try interpreter.ownAttribute(name, of: value)
                ?? TemplateInterpreter.missing(.string(name), of: value)
        },
        "items": { (_, value, arguments) throws(TemplateFault) in
            try arguments.requireNone(of: "items")
            return .iterator(
                TemplateIterator(later: { () throws(TemplateFault) in
                    switch value {
                    case .undefined: return TemplateIterator([])
                    case .dictionary(let members): return TemplateIterator(members.pairs)
                    default: throw .invalid("Can only get item pairs from a mapping.")
                    }
                }))
        },
        "tojson": { (interpreter, value, arguments) throws(TemplateFault) in
            try toJSON(interpreter, value, arguments)
        },
    ]

    private static func defaultValue(
        _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateFault) -> TemplateValue {
        let bound = try arguments.bound(to: ["default_value", "boolean"], of: "default")
        let isMissing = value.isUndefined || (bound.flag(1) && !value.isTrue)
        return isMissing ? bound[0] ?? .string("") : value
    }

    /// `json.dumps` as chat templates get it: nothing escaped for HTML, Unicode as it stands.
    private static func toJSON(
        _ interpreter: TemplateInterpreter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateFault) -> TemplateValue {
        let bound = try arguments.bound(
            to: ["ensure_ascii", "indent", "separators", "sort_keys"], of: "tojson")
        var options = JSONWritingOptions.python
        options.escapesNonASCII = bound.flag(0)
        options.sortsKeys = bound.flag(3)
        if let indentation = bound[1]?.asText {
            options.indentation = indentation
        } else if let width = try bound.integer(1) {
            try interpreter.charge(bytes: max(width, 0))
            options.indentation = String(repeating: " ", count: max(width, 0))
        }
        if options.indentation != nil { options.itemSeparator = "," }
        if let separators = bound[2], case .tuple(let pair) = separators, pair.count == 2 {
            options.itemSeparator = try interpreter.text(of: pair[0])
            options.keySeparator = try interpreter.text(of: pair[1])
        }
        var encoder = TemplateJSONEncoder(interpreter, options)
        try encoder.write(value, level: 0)
        return .string(encoder.text)
    }
}

/// Writes values as Python's `json` module does.
private struct TemplateJSONEncoder {
    private let interpreter: TemplateInterpreter
    private let sortsKeys: Bool
    private let indentation: Int
    private var writer: JSONWriter

    init(_ interpreter: TemplateInterpreter, _ options: JSONWritingOptions) {
        self.interpreter = interpreter
        self.sortsKeys = options.sortsKeys
        self.indentation = options.indentation?.utf8.count ?? 0
        self.writer = JSONWriter(options: options)
    }

    var text: String { writer.text }

    mutating func write(_ value: TemplateValue, level: Int) throws(TemplateFault) {
        try interpreter.charge(bytes: indentation.multipliedClamped(by: level))
        try interpreter.step()
        switch value {
        case .none: writer.writeNull()
        case .bool(let value): writer.write(value)
        case .integer(let value): writer.write(value)
        case .big(let value): writer.writeNumber(value.digits)
        case .number(let value): writer.write(value)
        case .string(let value), .markup(let value):
            try interpreter.charge(bytes: value.utf8.count)
            writer.write(value)
        case .list(let elements), .tuple(let elements): try write(elements, level: level)
        case .view(let view) where view.kind == .group: try write(view.elements, level: level)
        case .dictionary(let members): try write(members, level: level)
        default: throw .invalid("Object of type \(value.typeName) is not JSON serializable")
        }
        try interpreter.checkLength(writer.count)
    }

    private mutating func write(_ elements: [TemplateValue], level: Int) throws(TemplateFault) {
        writer.beginArray()
        try interpreter.descend { () throws(TemplateFault) in
            for element in elements { try write(element, level: level + 1) }
        }
        writer.endArray()
    }

    private mutating func write(
        _ members: TemplateDictionary, level: Int
    ) throws(TemplateFault) {
        var values = members.elements
        if sortsKeys {
            let keyed = values.map {
                (key: $0.key, value: TemplateValue.tuple([$0.key, $0.value]))
            }
            values = []
            for case .tuple(let pair) in try interpreter.sorted(keyed, descending: false) {
                values.append((pair[0], pair[1]))
            }
        }
        writer.beginObject()
        try interpreter.descend { () throws(TemplateFault) in
            for (key, value) in values {
                writer.writeKey(try Self.name(of: key))
                try write(value, level: level + 1)
            }
        }
        writer.endObject()
    }

    /// JSON's names are strings: numbers and constants become theirs.
    private static func name(of key: TemplateValue) throws(TemplateFault) -> String {
        switch key {
        case .string(let text), .markup(let text): text
        case .none: "null"
        case .bool(let value): value ? "true" : "false"
        case .integer(let value): String(value)
        case .big(let value): value.digits
        case .number(let value):
            JSONValue.number(value).serialized(.python)
        default:
            throw .invalid(
                "keys must be str, int, float, bool or None, not \(key.typeName)")
        }
    }
}
