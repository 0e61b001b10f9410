import StructuredJSON

/// Reads `{"name": …, "arguments": {…}}`, as Hermes, Qwen, Llama and Mistral write calls.
///
/// Members may come in any order, `parameters` is as good as `arguments`, `function` may hold the name or both, and the
/// arguments may be a string that holds JSON; other members are passed over. Arguments stream as soon as the name is
/// known.
struct ObjectCallReader: CallReader {
    private enum State {
        case start
        /// Before a member's name, or before the end.
        case member
        case key
        case colon
        /// Before a value.
        case value
        /// In a value that is kept or passed over.
        case kept
        /// In arguments that are streamed.
        case streamed
        case afterValue
    }

    private static let members: Set = [
        "name", "function", "type", "id", "arguments", "parameters",
    ]

    /// Calls of other names are text, and so are objects with other members; `nil` takes any.
    private let known: Set<String>?
    private var state = State.start
    private var scanner = JSONValueScanner()
    private var key: [UInt8] = []
    private var kept: [UInt8] = []
    private var isNested = false
    private var name: String?
    private var id: String?
    /// Arguments that came before the name.
    private var early: String?
    private var hasBegun = false
    private var hasArguments = false

    init(known: Set<String>? = nil) {
        self.known = known
    }

    mutating func read(_ byte: UInt8, into parts: inout AnswerParts) -> CallStep {
        switch state {
        case .start:
            guard !byte.isSpace else { return .more }
            guard byte == UInt8(ascii: "{") else { return .failed }
            state = .member
            return .more
        case .member:
            return member(byte, into: &parts)
        case .key:
            key.append(byte)
            return scan(byte, into: &parts)
        case .colon:
            guard !byte.isSpace else { return .more }
            guard byte == UInt8(ascii: ":") else { return damage(into: &parts) }
            state = .value
            return .more
        case .value:
            guard !byte.isSpace else { return .more }
            return value(byte, into: &parts)
        case .kept, .streamed:
            return scan(byte, into: &parts)
        case .afterValue:
            guard !byte.isSpace else { return .more }
            if byte == UInt8(ascii: ",") {
                state = .member
                return .more
            }
            return member(byte, into: &parts)
        }
    }

    mutating func finish(into parts: inout AnswerParts) -> Bool {
        guard hasBegun else { return false }
        parts.end()
        return true
    }

    // MARK: Members

    private mutating func member(_ byte: UInt8, into parts: inout AnswerParts) -> CallStep {
        switch byte {
        case _ where byte.isSpace:
            return .more
        case UInt8(ascii: "\""):
            key = [byte]
            scanner = JSONValueScanner()
            _ = scanner.advance(byte)
            state = .key
            return .more
        case UInt8(ascii: "}") where isNested:
            isNested = false
            state = .afterValue
            return .more
        case UInt8(ascii: "}"):
            return close(into: &parts)
        default:
            return damage(into: &parts)
        }
    }

    private mutating func value(_ byte: UInt8, into parts: inout AnswerParts) -> CallStep {
        let name = string(key) ?? ""
        if name == "function", byte == UInt8(ascii: "{"), !isNested {
            isNested = true
            state = .member
            return .more
        }
        scanner = JSONValueScanner()
        kept = []
        state = .kept
        if Self.isArguments(name), self.name != nil, byte == UInt8(ascii: "{"), !hasArguments {
            guard begin(into: &parts) else { return .failed }
            state = .streamed
        }
        return scan(byte, into: &parts)
    }

    private mutating func scan(_ byte: UInt8, into parts: inout AnswerParts) -> CallStep {
        let step = scanner.advance(byte)
        switch (step, state) {
        case (.after, .streamed):
            // Cut off in the middle: what is there was passed on already.
            parts.end()
            return .before
        case (.after, _):
            guard !kept.isEmpty, state == .kept, settle(into: &parts) else {
                return damage(into: &parts)
            }
            state = .afterValue
            return read(byte, into: &parts)
        case (_, .key):
            guard case .last = step else { return .more }
            state = .colon
            // An answer that is JSON must not wait for the end of each of its objects.
            let isStrange = known != nil && !hasBegun && !Self.members.contains(string(key) ?? "")
            return isStrange ? .failed : .more
        case (_, .streamed):
            parts.arguments(CollectionOfOne(byte))
            if case .last = step { state = .afterValue }
            return .more
        default:
            kept.append(byte)
            guard case .last = step else { return .more }
            guard settle(into: &parts) else { return damage(into: &parts) }
            state = .afterValue
            return .more
        }
    }

    /// Takes a member's whole value.
    private mutating func settle(into parts: inout AnswerParts) -> Bool {
        let key = string(key) ?? ""
        switch key {
        case "name", "function":
            guard name == nil, let text = string(kept),
                let checked = CallName.checked(Array(text.utf8))
            else { return false }
            name = checked
            guard let early else { return true }
            guard begin(into: &parts) else { return false }
            parts.arguments(early.utf8)
        case "id":
            id = string(kept)
        case _ where Self.isArguments(key) && !hasArguments && early == nil:
            guard let arguments = Self.arguments(kept) else { return false }
            guard name != nil else {
                early = arguments
                return true
            }
            guard begin(into: &parts) else { return false }
            parts.arguments(arguments.utf8)
        default:
            break
        }
        return true
    }

    private mutating func begin(into parts: inout AnswerParts) -> Bool {
        guard let name, known?.contains(name) ?? true else { return false }
        parts.begin(name, id: id)
        hasBegun = true
        hasArguments = true
        return true
    }

    private mutating func close(into parts: inout AnswerParts) -> CallStep {
        if !hasBegun {
            guard begin(into: &parts) else { return .failed }
            parts.arguments("{}".utf8)
        }
        parts.end()
        return .done
    }

    private mutating func damage(into parts: inout AnswerParts) -> CallStep {
        guard hasBegun else { return .failed }
        parts.end()
        return .before
    }

    // MARK: Values

    private static func isArguments(_ key: String) -> Bool {
        key == "arguments" || key == "parameters"
    }

    private func string(_ bytes: [UInt8]) -> String? {
        // What is no string is no name, and says so by being nil.
        (try? JSONValue(parsing: bytes))?.string
    }

    /// The arguments in a whole value: an object, a string that holds one, or nothing.
    private static func arguments(_ bytes: [UInt8]) -> String? {
        switch bytes.first {
        case UInt8(ascii: "{"):
            return bytes.text
        case UInt8(ascii: "\""):
            guard let text = (try? JSONValue(parsing: bytes))?.string else { return nil }
            return text.utf8.trimmed.isEmpty ? "{}" : text
        default:
            return bytes.text == "null" ? "{}" : nil
        }
    }
}
