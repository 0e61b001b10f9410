extension TemplateBuiltins {
    /// Filters for text that becomes HTML.
    static let markupFilters: [String: Filter] = [
        "safe": { (interpreter, value, arguments) throws(TemplateFault) in
            try arguments.requireNone(of: "safe")
            return .markup(try interpreter.text(of: value))
        },
        "escape": escape, "e": escape,
        "forceescape": { (interpreter, value, arguments) throws(TemplateFault) in
            try arguments.requireNone(of: "forceescape")
            return .markup(try interpreter.escaped(.string(try interpreter.text(of: value))))
        },
        "striptags": { (interpreter, value, arguments) throws(TemplateFault) in
            try arguments.requireNone(of: "striptags")
            let text = try interpreter.text(of: value)
            try interpreter.charge(bytes: text.utf8.count.multipliedClamped(by: 3))
            return .string(text.withoutTags)
        },
        "xmlattr": { (interpreter, value, arguments) throws(TemplateFault) in
            try xmlAttributes(interpreter, value, arguments)
        },
        "urlencode": { (interpreter, value, arguments) throws(TemplateFault) in
            try arguments.requireNone(of: "urlencode")
            return .string(try urlEncoded(interpreter, value))
        },
    ]

    /// Names that are known and that no prompt can need.
    static let refusedFilters: [String: Filter] = [
        "pprint": refusal("pprint", "lays values out for a programmer's eye; use tojson"),
        "random": refusal("random", "would make the same conversation render differently"),
        "urlize": refusal("urlize", "makes links for web pages"),
    ]

    private static func refusal(_ name: String, _ reason: String) -> Filter {
        { (_, _, _) throws(TemplateFault) in
            throw TemplateFault(.forbidden, "the filter '\(name)' \(reason)")
        }
    }

    private static let escape: Filter = { (interpreter, value, arguments) throws(TemplateFault) in
        try arguments.requireNone(of: "escape")
        return .markup(try interpreter.escaped(value))
    }

    private static func xmlAttributes(
        _ interpreter: TemplateInterpreter, _ value: TemplateValue, _ arguments: CallArguments
    ) throws(TemplateFault) -> TemplateValue {
        let bound = try arguments.bound(to: ["autospace"], of: "xmlattr")
        if case .undefined(let undefined) = value { throw undefined.fault }
        guard case .dictionary(let members) = value else {
            throw .invalid("'\(value.typeName)' object has no attribute 'items'")
        }
        var items: [String] = []
        for (key, value) in members.elements {
            if case .none = value { continue }
            if value.isUndefined { continue }
            guard let name = key.asText else {
                throw .invalid("expected string or bytes-like object, got '\(key.typeName)'")
            }
            let isSound = name.utf8.allSatisfy { byte in
                !"/>=".utf8.contains(byte) && byte != 0x20 && !(0x9...0xD).contains(byte)
            }
            guard isSound else {
                throw .invalid("Invalid character in attribute name: \(key.representation)")
            }
            items.append("\(try interpreter.escaped(key))=\"\(try interpreter.escaped(value))\"")
        }
        var text = try interpreter.joined(items, separator: " ")
        if bound[0]?.isTrue ?? true, !text.isEmpty { text = " " + text }
        return interpreter.autoescapes ? .markup(text) : .string(text)
    }

    private static func urlEncoded(
        _ interpreter: TemplateInterpreter, _ value: TemplateValue
    ) throws(TemplateFault) -> String {
        let pairs: [TemplateValue]
        switch value {
        case .string, .markup, .none, .bool, .integer, .number, .function, .object:
            return try percentEncoded(interpreter, value, keeping: "/")
        case .dictionary(let members): pairs = members.pairs
        default: pairs = try interpreter.elements(of: value)
        }
        var parts: [String] = []
        for pair in pairs {
            let pair = try interpreter.elements(of: pair)
            guard pair.count == 2 else { throw .invalid("urlencode needs pairs of key and value") }
            let key = try percentEncoded(interpreter, pair[0], keeping: "")
            let value = try percentEncoded(interpreter, pair[1], keeping: "")
            parts.append("\(key)=\(value)".replacing("%20", with: "+", maximum: nil))
        }
        return try interpreter.joined(parts, separator: "&")
    }

    private static func percentEncoded(
        _ interpreter: TemplateInterpreter, _ value: TemplateValue, keeping kept: String
    ) throws(TemplateFault) -> String {
        let text = try interpreter.text(of: value)
        try interpreter.charge(bytes: text.utf8.count.multipliedClamped(by: 3))
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            let isPlain =
                byte < 0x80
                && (Character(UnicodeScalar(byte)).isLetter
                    || UnicodeScalar(byte).isDigit || "_.-~".utf8.contains(byte)
                    || kept.utf8.contains(byte))
            if isPlain {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
