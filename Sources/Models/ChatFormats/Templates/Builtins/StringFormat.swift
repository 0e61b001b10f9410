/// Python's `str.format` and `str.format_map`, with attributes and items looked up as the sandbox does.
extension TemplateInterpreter {
    func formatted(
        _ format: String, _ arguments: CallArguments, isMapping: Bool, escapes: Bool
    ) throws(TemplateFault) -> String {
        var formatter = StringFormatter(interpreter: self, escapes: escapes)
        if isMapping {
            guard arguments.named.isEmpty, arguments.positional.count == 1 else {
                throw .invalid("format_map() takes exactly one argument")
            }
            formatter.mapping = arguments.positional[0]
        } else {
            formatter.positional = arguments.positional
            var members = TemplateDictionary()
            for (name, value) in arguments.named { members[name] = value }
            formatter.mapping = .dictionary(members)
        }
        return try formatter.run(format, depth: 2)
    }
}

private struct StringFormatter {
    let interpreter: TemplateInterpreter
    let escapes: Bool
    var positional: [TemplateValue] = []
    var mapping = TemplateValue.none
    /// The next number where fields have none; `nil` once one has.
    private var nextNumber: Int? = 0

    init(interpreter: TemplateInterpreter, escapes: Bool) {
        self.interpreter = interpreter
        self.escapes = escapes
    }

    /// `depth` is how deep fields may stand within fields.
    mutating func run(_ format: String, depth: Int) throws(TemplateFault) -> String {
        guard depth >= 0 else { throw .invalid("Max string recursion exceeded") }
        try interpreter.charge(bytes: format.utf8.count)
        let scalars = format.scalars
        var text = ""
        var position = 0
        while position < scalars.count {
            let scalar = scalars[position]
            position += 1
            guard scalar == "{" || scalar == "}" else {
                text.unicodeScalars.append(scalar)
                continue
            }
            if position < scalars.count, scalars[position] == scalar {
                text.unicodeScalars.append(scalar)
                position += 1
                continue
            }
            guard scalar == "{", position < scalars.count else {
                throw .invalid("Single '\(scalar)' encountered in format string")
            }
            let end = try Self.endOfField(scalars, position)
            text += try field(scalars[position..<end], depth: depth)
            try interpreter.checkLength(text.utf8.count)
            position = end + 1
        }
        return text
    }

    /// Where the brace is that closes the field.
    private static func endOfField(
        _ scalars: [UnicodeScalar], _ start: Int
    ) throws(TemplateFault) -> Int {
        var nested = 1
        var isInBrackets = false
        for index in start..<scalars.count {
            switch scalars[index] {
            case "[": isInBrackets = true
            case "]": isInBrackets = false
            case "{" where !isInBrackets: nested += 1
            case "}" where !isInBrackets: nested -= 1
            default: break
            }
            if nested == 0 { return index }
        }
        throw .invalid("expected '}' before end of string")
    }

    private mutating func field(
        _ field: ArraySlice<UnicodeScalar>, depth: Int
    ) throws(TemplateFault) -> String {
        var isInBrackets = false
        let nameEnd =
            field.firstIndex { scalar in
                if scalar == "[" { isInBrackets = true }
                if scalar == "]" { isInBrackets = false }
                return !isInBrackets && (scalar == ":" || scalar == "!")
            } ?? field.endIndex
        var value = try value(of: field[..<nameEnd])
        var rest = field[nameEnd...]
        if rest.first == "!" {
            rest = rest.dropFirst()
            guard let conversion = rest.popFirst(), rest.isEmpty || rest.first == ":" else {
                throw .invalid("expected ':' after conversion specifier")
            }
            switch conversion {
            case "s": value = .string(try interpreter.text(of: value))
            case "r": value = .string(try interpreter.representation(of: value))
            case "a": value = .string(try interpreter.asciiRepresentation(of: value))
            default: throw .invalid("Unknown conversion specifier '\(conversion)'")
            }
        }
        let specification = try run(String(scalars: rest.dropFirst()), depth: depth - 1)
        if escapes {
            if case .markup(let text) = value {
                guard specification.isEmpty else {
                    throw .invalid("Unsupported format specification for Markup.")
                }
                return text
            }
            let text = try interpreter.formatted(value, specification)
            return try interpreter.escaped(.string(text))
        }
        return try interpreter.formatted(value, specification)
    }

    /// The value that a name such as `0.role[first]` leads to.
    private mutating func value(
        of name: ArraySlice<UnicodeScalar>
    ) throws(TemplateFault) -> TemplateValue {
        let firstEnd = name.firstIndex { $0 == "." || $0 == "[" } ?? name.endIndex
        let first = String(scalars: name[..<firstEnd])
        var value: TemplateValue
        if first.allScalars({ $0.isDigit }) || name.isEmpty {
            value = try positional(first, isWhole: firstEnd == name.endIndex)
        } else {
            value = try Self.member(first, of: mapping, interpreter)
        }
        var rest = name[firstEnd...]
        while let opening = rest.popFirst() {
            if opening == "." {
                let end = rest.firstIndex { $0 == "." || $0 == "[" } ?? rest.endIndex
                guard end > rest.startIndex else {
                    throw .invalid("Empty attribute in format string")
                }
                value = try interpreter.attribute(String(scalars: rest[..<end]), of: value)
                rest = rest[end...]
                continue
            }
            guard opening == "[", let end = rest.firstIndex(of: "]"), end > rest.startIndex else {
                throw .invalid("a field of a format string is not closed or empty")
            }
            let key = String(scalars: rest[..<end])
            let index = key.allScalars { $0.isDigit } ? Int(key) : nil
            value = try interpreter.item(index.map { .integer($0) } ?? .string(key), of: value)
            rest = rest[(end + 1)...]
            guard rest.isEmpty || rest.first == "." || rest.first == "[" else {
                throw .invalid("Only '.' or '[' may follow ']' in format field specifier")
            }
        }
        return value
    }

    private mutating func positional(
        _ digits: String, isWhole: Bool
    ) throws(TemplateFault) -> TemplateValue {
        let number: Int
        if digits.isEmpty {
            guard let next = nextNumber else {
                throw .invalid("cannot switch from manual field specification to automatic")
            }
            number = next
            nextNumber = next + 1
        } else {
            // Python looks at a whole name only.
            if isWhole {
                guard (nextNumber ?? 0) == 0 else {
                    throw .invalid("cannot switch from automatic field numbering to manual")
                }
                nextNumber = nil
            }
            number = Int(digits) ?? .max
        }
        guard number < positional.count else {
            throw .invalid("Replacement index \(number) out of range for positional args tuple")
        }
        return positional[number]
    }

    /// Python's own `mapping[name]`, which knows no attributes.
    private static func member(
        _ name: String, of mapping: TemplateValue, _ interpreter: TemplateInterpreter
    ) throws(TemplateFault) -> TemplateValue {
        switch mapping {
        case .dictionary(let members):
            guard let member = members[name] else { throw .invalid("KeyError: '\(name)'") }
            return member
        case .undefined(let undefined): throw undefined.fault
        default: throw .invalid("'\(mapping.typeName)' has no item '\(name)'")
        }
    }
}
