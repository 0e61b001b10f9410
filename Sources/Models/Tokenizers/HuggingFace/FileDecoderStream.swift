/// Runs the steps of a ``FileDecoder`` over tokens as they come.
///
/// Gives text as soon as no token can change it any more. What it gave in all is what the package's
/// decoder makes of all tokens together.
struct FileDecoderStream: Sendable {
    /// What a step knows of the tokens before.
    private struct State: Sendable {
        /// Tokens so far.
        var count = 0
        /// Bytes or a token that wait for what follows.
        var held: [UInt8] = []
        var holdsToken = false
        /// Scalars that may still be taken from the beginning of a fused text.
        var startLeft = 0
    }

    private let steps: [FileDecoder.Step]
    private var states: [State]
    /// The first step that gets parts of one token, since a step before made one of all.
    private let firstFused: Int
    private var output: [UInt8] = []

    /// - Parameters:
    ///   - decoder: its steps.
    ///   - continuesText: the first token is not the first of its text.
    init(_ decoder: FileDecoder, continuesText: Bool) {
        steps = decoder.steps
        var firstFused = steps.count
        for (index, step) in steps.enumerated().reversed() {
            switch step {
            case .byteLevel, .fuse: firstFused = index + 1
            default: break
            }
        }
        self.firstFused = firstFused
        states = steps.map { step in
            var state = State()
            state.count = continuesText ? 1 : 0
            if case .strip(_, let start, _) = step { state.startLeft = continuesText ? 0 : start }
            return state
        }
    }

    /// The text that `token` completes: whole characters.
    mutating func append(_ token: [UInt8]) -> [UInt8] {
        feed(token, 0)
        defer { output = [] }
        return output
    }

    /// What was held back.
    mutating func finish() -> [UInt8] {
        for index in steps.indices { end(index) }
        defer { output = [] }
        return output
    }

    private mutating func feed(_ token: [UInt8], _ index: Int) {
        guard index < steps.count else {
            output.append(contentsOf: token)
            return
        }
        if index >= firstFused {
            feedPart(token, index)
        } else {
            feedToken(token, index)
        }
    }

    // MARK: Whole tokens

    private mutating func feedToken(_ token: [UInt8], _ index: Int) {
        defer { states[index].count += 1 }
        let isFirst = states[index].count == 0
        switch steps[index] {
        case .fuse:
            feed(token, index + 1)
        case .byteLevel:
            var bytes: [UInt8] = []
            if !ByteLevelAlphabet.decode(token[...], into: &bytes) { bytes = token }
            states[index].held.append(contentsOf: bytes)
            let incomplete = UTF8Text.incompleteSuffixLength(states[index].held)
            let whole = Array(states[index].held.dropLast(incomplete))
            states[index].held.removeFirst(whole.count)
            if !whole.isEmpty { feed(UTF8Text.repaired(whole), index + 1) }
        case .byteFallback:
            if let byte = Self.byte(of: token) {
                states[index].held.append(byte)
            } else {
                releaseBytes(index)
                feed(token, index + 1)
            }
        case .metaspace(let replacement, let dropsFirst):
            feed(
                Self.replacing(replacement, in: token, isDropped: isFirst && dropsFirst), index + 1)
        case .wordPiece(let prefix, let cleansUp):
            var text = token
            if !isFirst {
                if token.starts(with: prefix) {
                    text.removeFirst(prefix.count)
                } else {
                    text.insert(0x20, at: 0)
                }
            }
            feed(cleansUp ? FileDecoder.cleanedUp(text) : text, index + 1)
        case .suffix(let suffix):
            if states[index].holdsToken {
                feed(Self.replacing(suffix, with: [0x20], in: states[index].held), index + 1)
            }
            states[index].held = token
            states[index].holdsToken = true
        case .strip(let content, let start, let stop):
            feed(Self.stripped(token, content, start, stop), index + 1)
        case .replace(let pattern, let content):
            var text = token
            TextNormalizer.replace(&text, pattern, content)
            feed(text, index + 1)
        case .ctc(let padding, let delimiter, let cleansUp):
            if states[index].holdsToken, states[index].held == token { return }
            states[index].held = token
            states[index].holdsToken = true
            var text = Self.replacing(padding, with: [], in: token)
            if cleansUp {
                text = Self.replacing(delimiter, with: [0x20], in: FileDecoder.cleanedUp(text))
            }
            if !text.isEmpty { feed(text, index + 1) }
        case .spaces:
            feed(isFirst ? token : [0x20] + token, index + 1)
        }
    }

    /// The end of the tokens for a step.
    private mutating func end(_ index: Int) {
        if index >= firstFused {
            endParts(index)
            return
        }
        switch steps[index] {
        case .byteLevel where !states[index].held.isEmpty:
            feed(UTF8Text.repaired(states[index].held), index + 1)
        case .byteFallback:
            releaseBytes(index)
        case .suffix(let suffix) where states[index].holdsToken:
            feed(Self.replacing(suffix, with: [], in: states[index].held), index + 1)
        default:
            break
        }
        states[index].held = []
    }

    /// A run of byte tokens is over: text, or U+FFFD for each byte where it is none.
    private mutating func releaseBytes(_ index: Int) {
        let bytes = states[index].held
        guard !bytes.isEmpty else { return }
        states[index].held = []
        if String(validating: bytes, as: UTF8.self) != nil {
            feed(bytes, index + 1)
        } else {
            for _ in bytes { feed([0xEF, 0xBF, 0xBD], index + 1) }
        }
    }

    // MARK: Parts of one token

    private mutating func feedPart(_ part: [UInt8], _ index: Int) {
        switch steps[index] {
        case .fuse, .spaces:
            feed(part, index + 1)
        case .metaspace(let replacement, let dropsFirst):
            let isDropped = dropsFirst && states[index].count == 0
            feed(Self.replacing(replacement, in: part, isDropped: isDropped), index + 1)
        case .strip(let content, _, 0):
            feed(strippingStart(part, content, index), index + 1)
        default:
            // These look at a whole token.
            states[index].held.append(contentsOf: part)
        }
    }

    private mutating func strippingStart(
        _ part: [UInt8], _ content: UInt32, _ index: Int
    ) -> [UInt8] {
        var start = 0
        while states[index].startLeft > 0, start < part.count {
            let (scalar, length) = UTF8Text.scalar(in: part.span, at: start)
            guard scalar == content else {
                states[index].startLeft = 0
                break
            }
            states[index].startLeft -= 1
            start += length
        }
        return start == 0 ? part : Array(part[start...])
    }

    private mutating func endParts(_ index: Int) {
        switch steps[index] {
        case .fuse, .spaces, .metaspace, .strip(_, _, 0):
            return
        default:
            let text = states[index].held
            states[index].held = []
            feedToken(text, index)
            switch steps[index] {
            case .byteLevel:
                feed(UTF8Text.repaired(states[index].held), index + 1)
            case .byteFallback:
                releaseBytes(index)
            case .suffix(let suffix):
                feed(Self.replacing(suffix, with: [], in: states[index].held), index + 1)
            default:
                break
            }
            states[index].held = []
        }
    }

    // MARK: Texts

    /// The byte that `<0x0A>` writes.
    private static func byte(of token: [UInt8]) -> UInt8? {
        guard token.count == 6, token.starts(with: Array("<0x".utf8)), token[5] == UInt8(ascii: ">")
        else { return nil }
        var digits = token[3..<5]
        // As Rust reads numbers: a sign may stand before them.
        if digits.first == UInt8(ascii: "+") { digits.removeFirst() }
        return UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
    }

    private static func replacing(
        _ scalar: UInt32, in text: [UInt8], isDropped: Bool
    ) -> [UInt8] {
        var pattern: [UInt8] = []
        UTF8Text.append(scalar, to: &pattern)
        return replacing(pattern, with: isDropped ? [] : [0x20], in: text)
    }

    private static func replacing(
        _ pattern: [UInt8], with content: [UInt8], in text: [UInt8]
    ) -> [UInt8] {
        guard !pattern.isEmpty else { return text }
        var text = text
        TextNormalizer.replace(&text, .text(pattern), content)
        return text
    }

    private static func stripped(
        _ token: [UInt8], _ content: UInt32, _ start: Int, _ stop: Int
    ) -> [UInt8] {
        var pattern: [UInt8] = []
        UTF8Text.append(content, to: &pattern)
        var text = token[...]
        for _ in 0..<start {
            guard text.starts(with: pattern) else { break }
            text.removeFirst(pattern.count)
        }
        for _ in 0..<stop {
            guard text.suffix(pattern.count).elementsEqual(pattern) else { break }
            text.removeLast(pattern.count)
        }
        return Array(text)
    }
}
