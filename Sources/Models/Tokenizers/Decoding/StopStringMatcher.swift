/// Ends a text before a stop string: a pure state machine over pieces of text.
///
/// Gives text as soon as it cannot be part of a stop string any more. The result does not depend
/// on how the text is cut: the stop string that is complete first wins, and of several that are
/// complete at the same character, the longest. Knuth, Morris and Pratt's automaton for each
/// string: a few operations for a byte and a stop string.
package struct StopStringMatcher: Sendable {
    /// What came of a piece of text.
    package struct Result: Sendable, Equatable {
        /// Text that is safe to show; often empty.
        package var text: String
        /// The stop string that is complete: `text` ends before it, and nothing more will come.
        package var match: String?
        package var isMatched: Bool { match != nil }

        package init(text: String, match: String? = nil) {
            self.text = text
            self.match = match
        }
    }

    private struct Automaton {
        let pattern: [UInt8]
        /// For each prefix: length of its longest proper suffix that is a prefix too.
        let fallback: [Int]
        /// How much of the pattern the text ends with.
        var state = 0

        init(_ pattern: [UInt8]) {
            self.pattern = pattern
            var fallback = [0, 0]
            var length = 0
            for byte in pattern.dropFirst() {
                while length > 0, pattern[length] != byte {
                    length = fallback[length]
                }
                if pattern[length] == byte {
                    length += 1
                }
                fallback.append(length)
            }
            self.fallback = fallback
        }

        /// Whether the pattern is complete with this byte.
        mutating func advance(_ byte: UInt8) -> Bool {
            while state > 0, pattern[state] != byte {
                state = fallback[state]
            }
            if pattern[state] == byte {
                state += 1
            }
            return state == pattern.count
        }
    }

    private var automata: [Automaton]
    /// The end of the text so far, which may become part of a stop string.
    private var held: [UInt8] = []
    /// The stop string that was found.
    package private(set) var match: String?
    package var isMatched: Bool { match != nil }

    /// A matcher at the start of a text; empty stop strings count for nothing.
    package init(_ stopStrings: [String]) {
        automata = stopStrings.filter { !$0.isEmpty }.map { Automaton(Array($0.utf8)) }
    }

    /// Takes more text.
    package mutating func append(_ delta: String) -> Result {
        guard match == nil else { return Result(text: "", match: match) }
        guard !automata.isEmpty else { return Result(text: delta) }
        for byte in delta.utf8 {
            held.append(byte)
            var longestMatch = 0
            for index in automata.indices where automata[index].advance(byte) {
                longestMatch = max(longestMatch, automata[index].state)
            }
            if longestMatch > 0 {
                let text = String(decoding: held.dropLast(longestMatch), as: UTF8.self)
                match = String(decoding: held.suffix(longestMatch), as: UTF8.self)
                held = []
                return Result(text: text, match: match)
            }
        }
        let safe = held.count - (automata.map(\.state).max() ?? 0)
        let text = String(decoding: held.prefix(safe), as: UTF8.self)
        held.removeFirst(safe)
        return Result(text: text)
    }

    /// The end of the text: what was held back.
    package mutating func finish() -> String {
        defer { held = [] }
        return String(decoding: held, as: UTF8.self)
    }
}
