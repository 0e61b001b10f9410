/// Reads a head with a tool's name and then its arguments as JSON: DeepSeek's, Kimi's and Mistral's newer calls.
struct HeadedCallReader: CallReader {
    /// How the head is written; it ends where the arguments' `{` begins.
    enum Head: Sendable {
        /// `name<｜tool▁sep｜>` or `function<｜tool▁sep｜>name`, then perhaps a fence of Markdown.
        case deepSeek
        /// `functions.name:0<|tool_call_argument_begin|>`; what is before the marker is the call's id.
        case kimi
        /// `name`, perhaps `[CALL_ID]id`, perhaps `[ARGS]`; or a list of objects instead.
        case mistral
    }

    private let head: Head
    private var read: [UInt8] = []
    private var scanner: JSONValueScanner?
    private var list: ListCallReader?

    init(_ head: Head) {
        self.head = head
    }

    mutating func read(_ byte: UInt8, into parts: inout AnswerParts) -> CallStep {
        if list != nil { return list?.read(byte, into: &parts) ?? .failed }
        if scanner != nil { return argument(byte, into: &parts) }
        if byte == UInt8(ascii: "["), case .mistral = head, read.trimmed.isEmpty {
            var reader = ListCallReader()
            defer { list = reader }
            return reader.read(byte, into: &parts)
        }
        if byte == UInt8(ascii: "{") {
            guard let call = Self.call(read, head) else { return .failed }
            parts.begin(call.name, id: call.id)
            scanner = JSONValueScanner()
            return argument(byte, into: &parts)
        }
        read.append(byte)
        if let end, byte == UInt8(ascii: ">"), read.ends(with: end) {
            // Without arguments.
            guard let call = Self.call(Array(read.dropLast(end.utf8.count)), head) else {
                return .failed
            }
            parts.begin(call.name, id: call.id)
            parts.arguments("{}".utf8)
            parts.end()
            return .done
        }
        return read.count > CallName.headLimit ? .failed : .more
    }

    mutating func finish(into parts: inout AnswerParts) -> Bool {
        if list != nil { return list?.finish(into: &parts) ?? false }
        guard scanner != nil else { return false }
        parts.end()
        return true
    }

    private mutating func argument(_ byte: UInt8, into parts: inout AnswerParts) -> CallStep {
        let step = scanner?.advance(byte) ?? .after
        guard case .after = step else {
            parts.arguments(CollectionOfOne(byte))
            guard case .last = step else { return .more }
            parts.end()
            return .done
        }
        parts.end()
        return .before
    }

    private var end: String? {
        switch head {
        case .deepSeek: "<｜tool▁call▁end｜>"
        case .kimi: "<|tool_call_end|>"
        case .mistral: nil
        }
    }

    // MARK: Heads

    private static func call(_ head: [UInt8], _ kind: Head) -> (name: String, id: String?)? {
        switch kind {
        case .deepSeek:
            guard let (left, right) = head.split(at: "<｜tool▁sep｜>") else { return nil }
            let fence = Array("```json".utf8)
            var rest = right.trimmed
            if rest.ends(with: "```json") { rest = rest.dropLast(fence.count).trimmed }
            return CallName.checked(rest.isEmpty ? left[...] : rest).map { ($0, nil) }
        case .kimi:
            guard let (left, _) = head.split(at: "<|tool_call_argument_begin|>") else { return nil }
            let id = left.trimmed
            var name = id
            if name.starts(with: "functions.".utf8) {
                name = name.dropFirst("functions.".utf8.count)
            }
            if let colon = name.lastIndex(of: UInt8(ascii: ":")) { name = name[..<colon] }
            return CallName.checked(name).map { ($0, id.text) }
        case .mistral:
            var rest = head.trimmed
            if rest.ends(with: "[ARGS]") { rest = rest.dropLast("[ARGS]".utf8.count) }
            guard let (name, id) = Array(rest).split(at: "[CALL_ID]") else {
                return CallName.checked(rest).map { ($0, nil) }
            }
            return CallName.checked(name).map { ($0, id.trimmed.text) }
        }
    }
}

extension BidirectionalCollection<UInt8> {
    fileprivate func ends(with text: String) -> Bool {
        let ending = Array(text.utf8)
        return count >= ending.count && suffix(ending.count).elementsEqual(ending)
    }
}

extension [UInt8] {
    /// What is before and after the first occurrence of `text`.
    fileprivate func split(at text: String) -> (before: [UInt8], after: [UInt8])? {
        let marker = Array(text.utf8)
        guard count >= marker.count else { return nil }
        for start in 0...(count - marker.count)
        where self[start..<start + marker.count].elementsEqual(marker) {
            return (Array(self[..<start]), Array(self[(start + marker.count)...]))
        }
        return nil
    }
}
