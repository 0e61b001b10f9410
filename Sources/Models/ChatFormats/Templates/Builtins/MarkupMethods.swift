/// The methods of a string that is marked as HTML: those of `str`, with arguments escaped and results
/// marked, and three of its own.
enum MarkupMethods {
    /// Methods whose strings are marked again.
    private static let marking: Set<String> = [
        "capitalize", "casefold", "center", "expandtabs", "ljust", "lower", "lstrip", "partition",
        "removeprefix", "removesuffix", "replace", "rjust", "rpartition", "rsplit", "rstrip",
        "split", "splitlines", "strip", "swapcase", "title", "translate", "upper", "zfill", "join",
    ]

    static func method(_ name: String, of text: String) -> TemplateFunction.Body? {
        switch name {
        case "striptags", "unescape":
            return { (interpreter, arguments) throws(TemplateFault) in
                try arguments.requireNone(of: name)
                try interpreter.charge(bytes: text.utf8.count.multipliedClamped(by: 3))
                return .string(name == "unescape" ? text.unescaped : text.withoutTags)
            }
        case "escape":
            return { (interpreter, arguments) throws(TemplateFault) in
                let value = try arguments.bound(to: ["s"], of: "escape").required(0)
                return .markup(try interpreter.escaped(value))
            }
        case "format", "format_map":
            return { (interpreter, arguments) throws(TemplateFault) in
                let formatted = try interpreter.formatted(
                    text, arguments, isMapping: name == "format_map", escapes: true)
                return .markup(formatted)
            }
        default:
            guard let method = StringMethods.table[name] else { return nil }
            return { (interpreter, arguments) throws(TemplateFault) in
                let arguments = try escaped(arguments, for: name, interpreter)
                let result = try method(interpreter, text, arguments)
                return marking.contains(name) ? result.marked : result
            }
        }
    }

    private static func escaped(
        _ arguments: CallArguments, for name: String, _ interpreter: TemplateInterpreter
    ) throws(TemplateFault) -> CallArguments {
        var arguments = arguments
        switch name {
        case "join":
            guard arguments.positional.count == 1 else { break }
            var parts: [TemplateValue] = []
            for part in try interpreter.elements(of: arguments.positional[0]) {
                parts.append(.string(try interpreter.escaped(part)))
            }
            arguments.positional = [.list(parts)]
        case "replace", "center", "ljust", "rjust":
            guard arguments.positional.count > 1 else { break }
            let escaped = try interpreter.escaped(arguments.positional[1])
            arguments.positional[1] = .string(escaped)
        default: break
        }
        return arguments
    }
}
