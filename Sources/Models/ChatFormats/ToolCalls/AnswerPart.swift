/// A piece of what a model answers, told apart by what it is for.
package enum AnswerPart: Sendable, Equatable {
    /// More of the answer that people read.
    case text(String)
    /// More of what the model thinks before.
    case reasoning(String)
    /// The model calls a tool; arguments follow. `id` is there where the model wrote one.
    case call(name: String, id: String?)
    /// More of the call's arguments: pieces of one JSON text, whole Unicode scalars each.
    case arguments(String)
    /// The call is complete.
    case callEnd
}

/// Collects the parts that one piece of an answer gives; neighbours of one kind become one.
struct AnswerParts {
    private enum Kind {
        case text, reasoning, arguments
    }

    private var parts: [AnswerPart] = []
    private var bytes: [UInt8] = []
    private var kind = Kind.text
    /// Calls begun so far, of all pieces together.
    private(set) var calls = 0

    mutating func text(_ more: some Sequence<UInt8>) { append(more, .text) }

    mutating func reasoning(_ more: some Sequence<UInt8>) { append(more, .reasoning) }

    mutating func arguments(_ more: some Sequence<UInt8>) { append(more, .arguments) }

    mutating func begin(_ name: String, id: String? = nil) {
        flush()
        calls += 1
        parts.append(.call(name: name, id: id))
    }

    mutating func end() {
        flush()
        parts.append(.callEnd)
    }

    /// What was collected since it was last taken.
    mutating func take() -> [AnswerPart] {
        flush()
        defer { parts = [] }
        return parts
    }

    private mutating func append(_ more: some Sequence<UInt8>, _ kind: Kind) {
        if self.kind != kind { flush() }
        self.kind = kind
        bytes.append(contentsOf: more)
    }

    private mutating func flush() {
        guard !bytes.isEmpty else { return }
        let text = String(decoding: bytes, as: UTF8.self)
        bytes = []
        switch kind {
        case .text: parts.append(.text(text))
        case .reasoning: parts.append(.reasoning(text))
        case .arguments: parts.append(.arguments(text))
        }
    }
}

extension UInt8 {
    /// White space of JSON.
    var isSpace: Bool {
        self == UInt8(ascii: " ") || self == UInt8(ascii: "\n") || self == UInt8(ascii: "\r")
            || self == UInt8(ascii: "\t")
    }
}

extension Sequence<UInt8> {
    /// As text; bytes that are no UTF-8 become U+FFFD.
    var text: String { String(decoding: Array(self), as: UTF8.self) }
}

extension BidirectionalCollection<UInt8> {
    /// Without white space at both ends.
    var trimmed: SubSequence {
        guard let first = firstIndex(where: { !$0.isSpace }),
            let last = lastIndex(where: { !$0.isSpace })
        else { return self[startIndex..<startIndex] }
        return self[first...last]
    }
}
