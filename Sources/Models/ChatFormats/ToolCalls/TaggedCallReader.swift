import StructuredJSON

/// Reads calls whose arguments stand between tags, one by one: Qwen3-Coder, GLM and MiniMax.
///
/// Arguments of a type that the tool's schema calls a string stream as they come; others are read as JSON or as Python's
/// words when they are complete, and are strings where they are neither.
struct TaggedCallReader: CallReader {
    /// The tags of one format, after its opening one.
    struct Tags: Sendable {
        /// What can end the tool's name; the first is part of the opening tag.
        var nameEnd: String
        var keyOpen: String
        var keyEnd: String
        /// Between key and value, if there is something.
        var valueOpen: String?
        var valueEnd: String
        var callEnd: String

        /// `<function=name><parameter=key>value</parameter></function>`.
        static let function = Tags(
            nameEnd: ">", keyOpen: "<parameter=", keyEnd: ">", valueEnd: "</parameter>",
            callEnd: "</function>")
        /// `<tool_call>name<arg_key>key</arg_key><arg_value>value</arg_value></tool_call>`.
        static let glm = Tags(
            nameEnd: "\n", keyOpen: "<arg_key>", keyEnd: "</arg_key>", valueOpen: "<arg_value>",
            valueEnd: "</arg_value>", callEnd: "</tool_call>")
        /// `<invoke name="name"><parameter name="key">value</parameter></invoke>`.
        static let invoke = Tags(
            nameEnd: "\">", keyOpen: "<parameter name=\"", keyEnd: "\">",
            valueEnd: "</parameter>", callEnd: "</invoke>")
    }

    private enum State {
        case name
        /// Between arguments.
        case between
        case key
        case valueOpen
        case value
        /// The whole of the arguments is one JSON object.
        case object
    }

    private let tags: Tags
    private let tools: ToolSet
    private var state = State.name
    private var name = ""
    private var key = ""
    /// What was read in this state.
    private var held: [UInt8] = []
    private var scanner: MarkerScanner
    private var json = JSONValueScanner()
    private var arguments = 0
    private var hasBegun = false
    private var value = TaggedValue(isText: false)

    init(_ tags: Tags, tools: ToolSet) {
        self.tags = tags
        self.tools = tools
        // GLM's name may be followed by its first key at once.
        scanner = MarkerScanner(
            tags.nameEnd == "\n"
                ? [tags.nameEnd, tags.keyOpen, tags.callEnd] : [tags.nameEnd])
    }

    mutating func read(_ byte: UInt8, into parts: inout AnswerParts) -> CallStep {
        switch state {
        case .name: name(byte, into: &parts)
        case .between: between(byte, into: &parts)
        case .key: key(byte, into: &parts)
        case .valueOpen: valueOpen(byte, into: &parts)
        case .value: value(byte, into: &parts)
        case .object: object(byte, into: &parts)
        }
    }

    mutating func finish(into parts: inout AnswerParts) -> Bool {
        guard hasBegun else { return false }
        if case .value = state { parts.arguments(value.append(scanner.held)) }
        parts.end()
        return true
    }

    // MARK: States

    private mutating func name(_ byte: UInt8, into parts: inout AnswerParts) -> CallStep {
        let step = scanner.advance(byte)
        held.append(contentsOf: scanner.released)
        guard case .found(let marker) = step else {
            return held.count > CallName.headLimit ? .failed : .more
        }
        guard let checked = CallName.checked(held) else {
            // The line that the opening tag stands on may end before the name.
            return marker == 0 && held.trimmed.isEmpty && tags.nameEnd == "\n" ? .more : .failed
        }
        name = checked
        switch marker {
        case 1: enter(.key, [tags.keyEnd])
        case 2: return close(into: &parts)
        default: enter(.between, [tags.keyOpen, tags.callEnd])
        }
        return .more
    }

    private mutating func between(_ byte: UInt8, into parts: inout AnswerParts) -> CallStep {
        let step = scanner.advance(byte)
        held.append(contentsOf: scanner.released.trimmed)
        if held.elementsEqual(CollectionOfOne(UInt8(ascii: "{"))), !hasBegun {
            begin(into: &parts)
            state = .object
            return object(byte, into: &parts)
        }
        guard held.isEmpty else {
            guard hasBegun else { return .failed }
            parts.arguments("}".utf8)
            parts.end()
            return .before
        }
        guard case .found(let marker) = step else { return .more }
        if marker == 1 { return close(into: &parts) }
        enter(.key, [tags.keyEnd])
        return .more
    }

    private mutating func key(_ byte: UInt8, into parts: inout AnswerParts) -> CallStep {
        let step = scanner.advance(byte)
        held.append(contentsOf: scanner.released)
        guard case .found = step else {
            guard held.count > CallName.headLimit else { return .more }
            guard hasBegun else { return .failed }
            parts.end()
            return .before
        }
        key = held.trimmed.text
        if let open = tags.valueOpen {
            enter(.valueOpen, [open])
        } else {
            beginValue(into: &parts)
        }
        return .more
    }

    private mutating func valueOpen(_ byte: UInt8, into parts: inout AnswerParts) -> CallStep {
        let step = scanner.advance(byte)
        held.append(contentsOf: scanner.released.trimmed)
        if case .found = step { beginValue(into: &parts) }
        guard held.isEmpty else {
            guard hasBegun else { return .failed }
            parts.end()
            return .before
        }
        return .more
    }

    private mutating func value(_ byte: UInt8, into parts: inout AnswerParts) -> CallStep {
        let step = scanner.advance(byte)
        parts.arguments(value.append(scanner.released))
        if case .found = step {
            parts.arguments(value.finish(types: tools.types(of: key, in: name)))
            enter(.between, [tags.keyOpen, tags.callEnd])
        }
        return .more
    }

    private mutating func object(_ byte: UInt8, into parts: inout AnswerParts) -> CallStep {
        let step = json.advance(byte)
        guard case .after = step else {
            parts.arguments(CollectionOfOne(byte))
            guard case .last = step else { return .more }
            parts.end()
            return .done
        }
        parts.end()
        return .before
    }

    // MARK: Steps

    private mutating func enter(_ next: State, _ markers: [String]) {
        state = next
        held = []
        scanner = MarkerScanner(markers)
    }

    private mutating func begin(into parts: inout AnswerParts) {
        guard !hasBegun else { return }
        hasBegun = true
        parts.begin(name)
    }

    private mutating func beginValue(into parts: inout AnswerParts) {
        begin(into: &parts)
        parts.arguments((arguments == 0 ? "{" : ",").utf8)
        arguments += 1
        parts.arguments(JSONValue.string(key).serialized().utf8)
        parts.arguments(":".utf8)
        value = TaggedValue(isText: tools.types(of: key, in: name) == ["string"])
        enter(.value, [tags.valueEnd])
    }

    private mutating func close(into parts: inout AnswerParts) -> CallStep {
        begin(into: &parts)
        parts.arguments((arguments == 0 ? "{}" : "}").utf8)
        parts.end()
        return .done
    }
}

/// The text between two tags on its way to a JSON value; one line break at either end belongs to the tags.
struct TaggedValue: Sendable {
    /// Whether it is a string whatever it looks like; it then goes on as it comes.
    private let isText: Bool
    private var hasBegun = false
    /// Text that waits: a last line break, or all that is no string for sure.
    private var held: [UInt8] = []

    init(isText: Bool) {
        self.isText = isText
    }

    /// JSON of what is certain.
    mutating func append(_ bytes: [UInt8]) -> [UInt8] {
        held.append(contentsOf: bytes)
        guard isText, !held.isEmpty else { return [] }
        var result: [UInt8] = []
        if !hasBegun {
            hasBegun = true
            result = [UInt8(ascii: "\"")]
            if held.first == UInt8(ascii: "\n") { held.removeFirst() }
        }
        let line: [UInt8] = held.last == UInt8(ascii: "\n") ? [UInt8(ascii: "\n")] : []
        result += Self.escaped(held.dropLast(line.count))
        held = line
        return result
    }

    /// JSON of the rest, given the types that the schema allows (none where it does not say).
    mutating func finish(types: Set<String>) -> [UInt8] {
        if isText { return hasBegun ? [UInt8(ascii: "\"")] : Array("\"\"".utf8) }
        var text = held[...]
        if text.first == UInt8(ascii: "\n") { text = text.dropFirst() }
        if text.last == UInt8(ascii: "\n") { text = text.dropLast() }
        // What is no JSON may be Python, and else is text.
        if let value = try? JSONValue(parsing: Array(text)), Self.fits(value, types) {
            // As it was written: a tree would round long numbers.
            return Array(text.trimmed)
        }
        if let value = PythonLiterals.value(Array(text)), Self.fits(value, types) {
            return Array(value.serialized().utf8)
        }
        return Array(JSONValue.string(text.text).serialized().utf8)
    }

    private static func fits(_ value: JSONValue, _ types: Set<String>) -> Bool {
        let type =
            switch value {
            case .null: "null"
            case .bool: "boolean"
            case .integer: "integer"
            case .number: "number"
            case .string: "string"
            case .array: "array"
            case .object: "object"
            }
        return types.isEmpty || types.contains(type)
    }

    /// The inside of a JSON string, byte by byte: the text may end within a character.
    private static func escaped(_ text: some Collection<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        for byte in text {
            guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else {
                result.append(byte)
                continue
            }
            let quoted = JSONValue.string(String(UnicodeScalar(byte))).serialized()
            result += Array(quoted.utf8).dropFirst().dropLast()
        }
        return result
    }
}
