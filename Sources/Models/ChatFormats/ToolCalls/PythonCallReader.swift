import StructuredJSON

/// Reads one call written in Python, `name(key="value", other=[1, None])`, as Llama and LFM write them.
///
/// Arguments are turned into JSON when the call is complete.
struct PythonCallReader: CallReader {
    private enum State {
        case name
        case arguments
        case string(UInt8)
        case escape(UInt8)
    }

    private let known: Set<String>?
    /// Llama's built-in tools are written `name.call(…)`.
    private let dropsCall: Bool
    private var state = State.name
    private var name: [UInt8] = []
    private var arguments: [UInt8] = []
    private var depth = 0

    init(known: Set<String>? = nil, dropsCall: Bool = false) {
        self.known = known
        self.dropsCall = dropsCall
    }

    mutating func read(_ byte: UInt8, into parts: inout AnswerParts) -> CallStep {
        switch state {
        case .name:
            guard byte == UInt8(ascii: "(") else {
                name.append(byte)
                let isName =
                    name.count <= CallName.headLimit && CallName.checked(name) != nil
                    && !name.contains(where: \.isSpace)
                return isName ? .more : .failed
            }
            state = .arguments
            return .more
        case .string(let quote):
            arguments.append(byte)
            if byte == quote { state = .arguments }
            if byte == UInt8(ascii: "\\") { state = .escape(quote) }
            return .more
        case .escape(let quote):
            arguments.append(byte)
            state = .string(quote)
            return .more
        case .arguments:
            return argument(byte, into: &parts)
        }
    }

    mutating func finish(into parts: inout AnswerParts) -> Bool { false }

    private mutating func argument(_ byte: UInt8, into parts: inout AnswerParts) -> CallStep {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            state = .string(byte)
        case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"):
            depth += 1
        case UInt8(ascii: ")") where depth == 0:
            return close(into: &parts)
        case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"):
            depth -= 1
            if depth < 0 { return .failed }
        default:
            break
        }
        arguments.append(byte)
        return .more
    }

    private func close(into parts: inout AnswerParts) -> CallStep {
        var name = name[...]
        if dropsCall, name.count > 5, name.suffix(5).elementsEqual(".call".utf8) {
            name = name.dropLast(5)
        }
        guard let checked = CallName.checked(name), known?.contains(checked) ?? true,
            let object = PythonLiterals.keywordArguments(arguments)
        else { return .failed }
        parts.begin(checked)
        parts.arguments(JSONValue.object(object).serialized().utf8)
        parts.end()
        return .done
    }
}

/// Reads Python's literals: strings, numbers, `True`, `False`, `None`, lists, tuples and dictionaries.
struct PythonLiterals {
    /// Deepest nesting.
    private static let depthLimit = 64

    private let bytes: [UInt8]
    private var position = 0

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// `a=1, b="x"` as an object; `nil` where it is something else.
    static func keywordArguments(_ bytes: [UInt8]) -> JSONObject? {
        var reader = PythonLiterals(bytes)
        var object = JSONObject()
        reader.skipSpace()
        while reader.position < bytes.count {
            guard let key = reader.word(), reader.skip("="), let value = reader.value(depth: 0)
            else { return nil }
            object[key] = value
            guard reader.skip(",") || reader.position == bytes.count else { return nil }
        }
        return object
    }

    /// One literal; `nil` where there is something else or more.
    static func value(_ bytes: [UInt8]) -> JSONValue? {
        var reader = PythonLiterals(bytes)
        reader.skipSpace()
        guard let value = reader.value(depth: 0), reader.position == bytes.count else { return nil }
        return value
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte.isSpace { position += 1 }
    }

    /// Steps over this character and white space around it, if it is there.
    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard let byte = next, byte == UInt8(ascii: character) else { return false }
        position += 1
        skipSpace()
        return true
    }

    private mutating func word() -> String? {
        let start = position
        while let byte = next, !byte.isSpace, !" =,:()[]{}\"'".utf8.contains(byte) { position += 1 }
        guard position > start else { return nil }
        return bytes[start..<position].text
    }

    private mutating func value(depth: Int) -> JSONValue? {
        guard depth < Self.depthLimit, let byte = next else { return nil }
        defer { skipSpace() }
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "'"): return string(byte).map(JSONValue.string)
        case UInt8(ascii: "["): return list(until: "]", depth: depth)
        case UInt8(ascii: "("): return list(until: ")", depth: depth)
        case UInt8(ascii: "{"): return dictionary(depth: depth)
        default: return literal()
        }
    }

    private mutating func literal() -> JSONValue? {
        guard let word = word() else { return nil }
        switch word {
        case "True", "true": return .bool(true)
        case "False", "false": return .bool(false)
        case "None", "null": return .null
        default:
            if let integer = Int(word) { return .integer(integer) }
            return Double(word).flatMap { $0.isFinite ? .number($0) : nil }
        }
    }

    private mutating func list(until end: Unicode.Scalar, depth: Int) -> JSONValue? {
        position += 1
        var elements: [JSONValue] = []
        skipSpace()
        while !skip(end) {
            guard let element = value(depth: depth + 1) else { return nil }
            elements.append(element)
            guard skip(",") || next == UInt8(ascii: end) else { return nil }
        }
        return .array(elements)
    }

    private mutating func dictionary(depth: Int) -> JSONValue? {
        position += 1
        var object = JSONObject()
        skipSpace()
        while !skip("}") {
            guard let quote = next, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'"),
                let key = string(quote), skip(":"), let element = value(depth: depth + 1)
            else { return nil }
            object[key] = element
            guard skip(",") || next == UInt8(ascii: "}") else { return nil }
        }
        return .object(object)
    }

    private mutating func string(_ quote: UInt8) -> String? {
        position += 1
        var text: [UInt8] = []
        while let byte = next {
            position += 1
            if byte == quote { return text.text }
            guard byte == UInt8(ascii: "\\") else {
                text.append(byte)
                continue
            }
            guard let escaped = next else { return nil }
            position += 1
            switch escaped {
            case UInt8(ascii: "n"): text.append(UInt8(ascii: "\n"))
            case UInt8(ascii: "t"): text.append(UInt8(ascii: "\t"))
            case UInt8(ascii: "r"): text.append(UInt8(ascii: "\r"))
            case UInt8(ascii: "u"):
                let digits = bytes[position...].prefix(4)
                guard digits.count == 4, let code = UInt32(digits.text, radix: 16),
                    let scalar = Unicode.Scalar(code)
                else { return nil }
                position += 4
                text.append(contentsOf: String(Character(scalar)).utf8)
            case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): text.append(escaped)
            default: text.append(contentsOf: [byte, escaped])
            }
        }
        return nil
    }
}
