/// Tells calls of tools from the text of an answer that comes in pieces: a pure state machine.
///
/// What it gives does not depend on how the text is cut, and it holds back only what may still become a marker or a call.
/// What turns out to be no valid call is text, and nothing is lost but white space and markers around calls. Special
/// tokens must be in the text as they are written: see ``ToolCallStyle/markers``.
///
/// Takes linear time, whatever the text: what turned out to be no call is read again, but only so much of it.
struct ToolCallParser: Sendable {
    /// Most bytes that are held back for a call that has not begun.
    private static let unsettledLimit = 1 << 16
    /// How often the whole text may be read again, on average; beyond that what is refused is text at once.
    private static let rereadings = 8

    private let style: ToolCallStyle
    private let tools: ToolSet
    private let openings: [String]
    private var scanner: MarkerScanner
    private var reader: (any CallReader)?
    /// What the reader read of no settled call, the opening marker first.
    private var unsettled: [UInt8] = []
    private var opening = 0
    /// Calls that had begun when `unsettled` was empty.
    private var settledCalls = 0
    /// Bytes that came, and bytes of them that were given back to be read again.
    private var received = 0
    private var reread = 0
    /// White space and surrounding markers that may belong to a call.
    private var gap: [UInt8] = []
    /// The part of the gap that is text even after calls.
    private var space: [UInt8] = []
    private var hasText = false
    /// Whether nothing but a gap came since the last call.
    private var isAfterCall = false
    /// Whether only white space stands before on this line: where Llama's calls begin.
    private var isLineStart = true
    private var parts = AnswerParts()

    init(style: ToolCallStyle, tools: ToolSet) {
        self.style = style
        self.tools = tools
        openings = style.openings
        scanner = MarkerScanner(style.openings + style.surroundings)
    }

    mutating func append(_ text: String) -> [AnswerPart] {
        feed(Array(text.utf8))
        return parts.take()
    }

    /// The end of the answer: what was held back.
    mutating func finish() -> [AnswerPart] {
        if reader?.finish(into: &parts) == true { settle() }
        reader = nil
        let rest = unsettled
        unsettled = []
        opening = 0
        pass(rest)
        pass(scanner.held)
        scanner.reset()
        if !isAfterCall { parts.text(gap) }
        gap = []
        return parts.take()
    }

    private mutating func feed(_ bytes: [UInt8]) {
        // What a reader refused is looked at again, before what follows it: not by recursion, for it may be much.
        var frames = [(bytes: bytes, index: 0)]
        while let (bytes, index) = frames.last {
            guard index < bytes.count else {
                frames.removeLast()
                continue
            }
            frames[frames.count - 1].index += 1
            if frames.count == 1 { received += 1 }
            switch step(bytes[index]) {
            case .taken: break
            case .again:
                frames[frames.count - 1].index -= 1
                if frames.count == 1 { received -= 1 }
            case .refused(let rest): frames.append((rest, 0))
            }
        }
    }

    private enum Outcome {
        case taken
        /// The same byte once more.
        case again
        /// These bytes once more, before the next one.
        case refused([UInt8])
    }

    private mutating func step(_ byte: UInt8) -> Outcome {
        // In place: a reader may hold much, and a copy for each byte would be quadratic.
        guard let step = reader?.read(byte, into: &parts) else {
            scan(byte)
            // Without a marker the byte is the call's own.
            return reader != nil && unsettled.isEmpty ? .again : .taken
        }
        switch step {
        case .more:
            guard parts.calls == settledCalls else {
                // A call that has begun is never taken back.
                unsettled = []
                return .taken
            }
            unsettled.append(byte)
            guard unsettled.count > Self.unsettledLimit else { return .taken }
            reader = nil
            return .refused(reject())
        case .settled:
            settle()
        case .done:
            settle()
            reader = nil
        case .before:
            settle()
            reader = nil
            return .again
        case .failed:
            unsettled.append(byte)
            reader = nil
            return .refused(reject())
        }
        return .taken
    }

    private mutating func settle() {
        settledCalls = parts.calls
        unsettled = []
        opening = 0
        gap = []
        space = []
        isAfterCall = true
        isLineStart = true
    }

    /// Makes the opening marker text; the rest is given back, as long as there was not too much of that.
    private mutating func reject() -> [UInt8] {
        let (marker, rest) = (unsettled.prefix(opening), unsettled.dropFirst(opening))
        unsettled = []
        opening = 0
        pass(Array(marker))
        reread += rest.count
        guard reread <= Self.rereadings * received + Self.unsettledLimit else {
            reread -= rest.count
            pass(Array(rest))
            return []
        }
        return Array(rest)
    }

    // MARK: Text

    private mutating func scan(_ byte: UInt8) {
        if isLineStart, scanner.held.isEmpty, let reader = lineReader(byte) {
            // The byte is the first of the call, too.
            open(reader, with: [])
            return
        }
        let step = scanner.advance(byte)
        pass(scanner.released)
        guard case .found(let index) = step else { return }
        guard openings.indices.contains(index) else {
            gap += style.surroundings[index - openings.count].utf8
            // White space before the end of a call belongs to the call.
            if isAfterCall { space = [] }
            return
        }
        open(markedReader(index), with: Array(openings[index].utf8))
    }

    private mutating func open(_ reader: any CallReader, with marker: [UInt8]) {
        self.reader = reader
        settledCalls = parts.calls
        unsettled = marker
        opening = max(marker.count, 1)
        isLineStart = false
    }

    private mutating func pass(_ bytes: [UInt8]) {
        for byte in bytes {
            if byte.isSpace {
                gap.append(byte)
                space.append(byte)
                if byte == UInt8(ascii: "\n") { isLineStart = true }
                continue
            }
            if !gap.isEmpty {
                parts.text(!isAfterCall ? gap : hasText ? space : [])
                gap = []
                space = []
            }
            isLineStart = false
            isAfterCall = false
            hasText = true
            parts.text(CollectionOfOne(byte))
        }
    }

    // MARK: Readers

    private func markedReader(_ index: Int) -> any CallReader {
        switch style {
        case .qwenCoder where index == 1: TaggedCallReader(.function, tools: tools)
        case .qwenCoder:
            BodyCallReader(
                otherwise: PrefixedCallReader(
                    "<function=", before: TaggedCallReader(.function, tools: tools)))
        case .glm: BodyCallReader(otherwise: TaggedCallReader(.glm, tools: tools))
        case .miniMax: TaggedCallReader(.invoke, tools: tools)
        case .mistral, .mistralList: HeadedCallReader(.mistral)
        case .deepSeek: HeadedCallReader(.deepSeek)
        case .kimi: HeadedCallReader(.kimi)
        case .llama where index == 0: PythonTagReader(tools: tools)
        case .llama, .hermes, .list, .pythonList, .harmony: BodyCallReader()
        }
    }

    /// A reader of calls without a marker: only of tools that exist, since answers may be JSON.
    private func lineReader(_ byte: UInt8) -> (any CallReader)? {
        guard style == .llama else { return nil }
        switch byte {
        case UInt8(ascii: "{"): return ObjectCallReader(known: tools.names)
        case UInt8(ascii: "["): return ListCallReader(known: tools.names)
        default: return nil
        }
    }
}

/// Reads an object or a list, whichever comes; anything else by another reader.
struct BodyCallReader: CallReader {
    private var reader: (any CallReader)?
    private let other: (any CallReader)?
    private let known: Set<String>?

    init(otherwise other: (any CallReader)? = nil, known: Set<String>? = nil) {
        self.other = other
        self.known = known
    }

    mutating func read(_ byte: UInt8, into parts: inout AnswerParts) -> CallStep {
        if reader == nil {
            guard !byte.isSpace else { return .more }
            switch byte {
            case UInt8(ascii: "{"): reader = ObjectCallReader(known: known)
            case UInt8(ascii: "["): reader = ListCallReader(known: known)
            default: reader = other
            }
        }
        return reader?.read(byte, into: &parts) ?? .failed
    }

    mutating func finish(into parts: inout AnswerParts) -> Bool {
        reader?.finish(into: &parts) ?? false
    }
}

/// Reads a fixed text, and then what another reader reads.
struct PrefixedCallReader: CallReader {
    private var rest: ArraySlice<UInt8>
    private var reader: any CallReader

    init(_ prefix: String, before reader: any CallReader) {
        rest = Array(prefix.utf8)[...]
        self.reader = reader
    }

    mutating func read(_ byte: UInt8, into parts: inout AnswerParts) -> CallStep {
        guard let next = rest.first else { return reader.read(byte, into: &parts) }
        rest = rest.dropFirst()
        return next == byte ? .more : .failed
    }

    mutating func finish(into parts: inout AnswerParts) -> Bool {
        reader.finish(into: &parts)
    }
}
