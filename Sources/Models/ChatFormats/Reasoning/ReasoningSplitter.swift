/// Tells a thought between markers from the answer after it: a pure state machine over pieces of text.
///
/// White space at the thought's ends and before the answer belongs to neither. A thought can only be first; later markers
/// are text.
struct ReasoningSplitter: Sendable {
    private enum State {
        /// Only white space so far.
        case start
        case thinking
        /// After the thought, before the answer's first character.
        case gap
        case answer
    }

    private let open: String
    private let close: String
    private var state: State
    private var scanner: MarkerScanner
    /// White space that may end a thought, or all of what came so far at the start.
    private var held: [UInt8] = []
    private var hasThought = false

    init(open: String, close: String, isOpen: Bool) {
        self.open = open
        self.close = close
        state = isOpen ? .thinking : .start
        scanner = MarkerScanner(isOpen ? [close] : [open])
    }

    var isReasoning: Bool {
        if case .thinking = state { true } else { false }
    }

    /// Splits a piece: what belongs to the thought, and what to the answer.
    mutating func append(_ text: String) -> (reasoning: String, answer: String) {
        var (thought, answer): ([UInt8], [UInt8]) = ([], [])
        let bytes = Array(text.utf8)
        for (index, byte) in bytes.enumerated() {
            switch state {
            case .start: start(byte, &answer)
            case .thinking: think(byte, &thought)
            case .gap:
                guard !byte.isSpace else { continue }
                state = .answer
                answer.append(byte)
            case .answer:
                answer.append(contentsOf: bytes[index...])
                return (thought.text, answer.text)
            }
        }
        return (thought.text, answer.text)
    }

    mutating func finish() -> (reasoning: String, answer: String) {
        defer {
            held = []
            scanner.reset()
        }
        switch state {
        case .start: return ("", (held + scanner.held).text)
        case .thinking: return (scanner.held.isEmpty ? "" : (held + scanner.held).text, "")
        case .gap, .answer: return ("", "")
        }
    }

    private mutating func start(_ byte: UInt8, _ answer: inout [UInt8]) {
        let step = scanner.advance(byte)
        held.append(contentsOf: scanner.released)
        // What was held before is white space.
        let isText = !scanner.released.trimmed.isEmpty
        if case .found = step, !isText {
            held = []
            scanner = MarkerScanner([close])
            state = .thinking
        } else if isText {
            answer.append(contentsOf: held + scanner.held)
            held = []
            state = .answer
        }
    }

    private mutating func think(_ byte: UInt8, _ thought: inout [UInt8]) {
        let step = scanner.advance(byte)
        for byte in scanner.released {
            if byte.isSpace {
                if hasThought { held.append(byte) }
                continue
            }
            thought.append(contentsOf: held)
            thought.append(byte)
            held = []
            hasThought = true
        }
        if case .found = step {
            held = []
            state = .gap
        }
    }
}
