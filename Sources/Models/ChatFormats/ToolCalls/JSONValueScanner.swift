/// Finds where a JSON value ends that comes byte by byte: a pure state machine.
///
/// Looks at strings and brackets only. What no JSON can hold outside a string ends the value, so that a damaged one
/// does not swallow what follows.
struct JSONValueScanner: Sendable {
    enum Step {
        /// The byte belongs to the value, which goes on.
        case inside
        /// The byte is the value's last.
        case last
        /// The value ended before this byte, or was cut off by it.
        case after
    }

    private enum State {
        case start, string, escape, brackets, word
    }

    private var state = State.start
    private var depth = 0

    mutating func advance(_ byte: UInt8) -> Step {
        switch state {
        case .start:
            return begin(byte)
        case .string:
            if byte == UInt8(ascii: "\\") { state = .escape }
            guard byte == UInt8(ascii: "\"") else { return .inside }
            state = .brackets
            return depth == 0 ? .last : .inside
        case .escape:
            state = .string
            return .inside
        case .word:
            return Self.isWord(byte) ? .inside : .after
        case .brackets:
            return bracket(byte)
        }
    }

    private mutating func begin(_ byte: UInt8) -> Step {
        switch byte {
        case UInt8(ascii: "\""):
            state = .string
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            state = .brackets
            depth = 1
        case _ where Self.isWord(byte):
            state = .word
        default:
            return .after
        }
        return .inside
    }

    private mutating func bracket(_ byte: UInt8) -> Step {
        switch byte {
        case UInt8(ascii: "\""):
            state = .string
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            depth -= 1
            return depth == 0 ? .last : .inside
        case UInt8(ascii: ","), UInt8(ascii: ":"):
            break
        case _ where byte.isSpace || Self.isWord(byte):
            break
        default:
            return .after
        }
        return .inside
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"),
            UInt8(ascii: "."):
            true
        default: false
        }
    }
}
