/// Reads a list of calls: of JSON objects, `[{"name": …}, …]`, or of Python calls, `[f(a=1), …]`.
struct ListCallReader: CallReader {
    private enum State {
        case start
        /// Before a call, or before the end.
        case call
        case object, python
        case afterCall
    }

    private let known: Set<String>?
    private var state = State.start
    private var object = ObjectCallReader()
    private var python = PythonCallReader()
    private var hasCalls = false

    /// Calls of names that are not `known` are text.
    init(known: Set<String>? = nil) {
        self.known = known
    }

    mutating func read(_ byte: UInt8, into parts: inout AnswerParts) -> CallStep {
        switch state {
        case .start:
            guard !byte.isSpace else { return .more }
            guard byte == UInt8(ascii: "[") else { return .failed }
            state = .call
            return .more
        case .call:
            return begin(byte, into: &parts)
        case .object:
            return follow(object.read(byte, into: &parts), byte, into: &parts)
        case .python:
            return follow(python.read(byte, into: &parts), byte, into: &parts)
        case .afterCall:
            switch byte {
            case _ where byte.isSpace: return .more
            case UInt8(ascii: ","):
                state = .call
                return .settled
            case UInt8(ascii: "]"): return .done
            default: return .before
            }
        }
    }

    mutating func finish(into parts: inout AnswerParts) -> Bool {
        switch state {
        case .object: object.finish(into: &parts)
        case .python: python.finish(into: &parts)
        case .start: false
        case .call, .afterCall: hasCalls
        }
    }

    private mutating func begin(_ byte: UInt8, into parts: inout AnswerParts) -> CallStep {
        switch byte {
        case _ where byte.isSpace:
            return .more
        case UInt8(ascii: "]") where hasCalls:
            return .done
        case UInt8(ascii: "{"):
            object = ObjectCallReader(known: known)
            state = .object
            return object.read(byte, into: &parts)
        default:
            python = PythonCallReader(known: known)
            state = .python
            return python.read(byte, into: &parts)
        }
    }

    private mutating func follow(
        _ step: CallStep, _ byte: UInt8, into parts: inout AnswerParts
    ) -> CallStep {
        switch step {
        case .more, .failed:
            return step
        case .settled, .done:
            hasCalls = true
            state = .afterCall
            return .settled
        case .before:
            hasCalls = true
            state = .afterCall
            let step = read(byte, into: &parts)
            if case .more = step { return .settled }
            return step
        }
    }
}
