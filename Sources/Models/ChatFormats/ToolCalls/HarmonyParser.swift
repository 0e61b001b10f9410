/// Reads the messages of OpenAI's harmony format, which gpt-oss writes: a pure state machine.
///
/// A message is `<|channel|>analysis<|message|>…<|end|>`, the next one begins with `<|start|>assistant`. Analysis is
/// reasoning; commentary and final are text; what is addressed, `to=functions.name`, is a call. An answer that has no
/// messages is text.
struct HarmonyParser: Sendable {
    /// The format's special tokens.
    static let markers = [
        "<|start|>", "<|channel|>", "<|constrain|>", "<|message|>", "<|end|>", "<|call|>",
        "<|return|>",
    ]

    private enum State {
        case head
        case reasoning, text, call
        /// After a message.
        case between
    }

    private var state: State
    private var scanner = MarkerScanner(HarmonyParser.markers)
    /// The head as it was written.
    private var head: [UInt8] = []
    private var parts = AnswerParts()
    /// Whether calls are parsed; otherwise what is addressed is text.
    private let readsCalls: Bool

    /// - Parameters:
    ///   - readsCalls: whether there are tools to call.
    ///   - head: the part of the first message's head that stands in the prompt after `<|start|>assistant`.
    init(readsCalls: Bool, head: String = "") {
        self.readsCalls = readsCalls
        state = .head
        for byte in head.utf8 { step(byte) }
        _ = parts.take()
    }

    var isReasoning: Bool {
        if case .reasoning = state { true } else { false }
    }

    mutating func append(_ text: String) -> [AnswerPart] {
        for byte in text.utf8 { step(byte) }
        return parts.take()
    }

    mutating func finish() -> [AnswerPart] {
        pass(scanner.held)
        scanner.reset()
        switch state {
        // Half a head is nothing to read, but text that only began like one is.
        case .head: if !head.starts(with: "<|".utf8) { parts.text(head) }
        case .call: parts.end()
        case .reasoning, .text, .between: break
        }
        head = []
        return parts.take()
    }

    private mutating func step(_ byte: UInt8) {
        let step = scanner.advance(byte)
        pass(scanner.released)
        guard case .found(let index) = step else { return }
        let marker = Self.markers[index]
        switch (marker, state) {
        case ("<|message|>", .head):
            beginBody()
        case ("<|start|>", .head), ("<|start|>", .between):
            head = []
            state = .head
        case ("<|channel|>", .between):
            head = Array(marker.utf8)
            state = .head
        case (_, .head):
            head.append(contentsOf: marker.utf8)
        case ("<|end|>", _), ("<|call|>", _), ("<|return|>", _):
            endBody()
        case ("<|start|>", _), ("<|channel|>", _):
            // The end of the message was forgotten.
            endBody()
            head = marker == "<|start|>" ? [] : Array(marker.utf8)
            state = .head
        default:
            break
        }
    }

    private mutating func pass(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        switch state {
        case .reasoning: parts.reasoning(bytes)
        case .text: parts.text(bytes)
        case .call: parts.arguments(bytes)
        case .head:
            head.append(contentsOf: bytes)
            if !isPossibleHead {
                parts.text(head)
                head = []
                state = .text
            }
        case .between:
            guard !bytes.trimmed.isEmpty else { return }
            state = .text
            parts.text(bytes)
        }
    }

    /// Whether `head` can begin a message: a role, an address or a channel.
    private var isPossibleHead: Bool {
        guard head.count <= CallName.headLimit else { return false }
        let text = head.trimmed
        return ["<|channel|>", "assistant", "to="].contains { start in
            text.elementsEqual(start.utf8.prefix(text.count)) || text.starts(with: start.utf8)
        }
    }

    private mutating func beginBody() {
        let words = head.text
            .replacing("<|channel|>", with: " <|channel|> ")
            .replacing("<|constrain|>", with: " ")
            .split(whereSeparator: \.isWhitespace)
        let channel = words.firstIndex(of: "<|channel|>").flatMap { index in
            words.indices.contains(index + 1) ? words[index + 1] : nil
        }
        let recipient = words.first { $0.hasPrefix("to=") }?.dropFirst("to=".count)
        head = []
        if readsCalls, let recipient {
            let isFunction = recipient.hasPrefix("functions.")
            let name = isFunction ? recipient.dropFirst("functions.".count) : recipient
            if let name = CallName.checked(Array(name.utf8)) {
                parts.begin(name)
                state = .call
                return
            }
        }
        state = channel == "analysis" && recipient == nil ? .reasoning : .text
    }

    private mutating func endBody() {
        if case .call = state { parts.end() }
        state = .between
    }
}
