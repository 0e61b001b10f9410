/// Finds the first of several markers in a text that comes byte by byte: a pure state machine.
///
/// Holds back exactly the bytes that may still become a marker. Of markers that are complete at the same byte the
/// longest wins. Knuth, Morris and Pratt's automaton for each marker.
struct MarkerScanner: Sendable {
    /// What a byte brought.
    enum Step {
        /// It may belong to a marker, or was released with what was held before; see ``MarkerScanner/released``.
        case more
        /// The marker of this index is complete with it.
        case found(Int)
    }

    private struct Automaton {
        let pattern: [UInt8]
        /// For each prefix: length of its longest proper suffix that is a prefix too.
        let fallback: [Int]
        var state = 0

        init(_ pattern: [UInt8]) {
            self.pattern = pattern
            var fallback = [0, 0]
            var length = 0
            for byte in pattern.dropFirst() {
                while length > 0, pattern[length] != byte { length = fallback[length] }
                if pattern[length] == byte { length += 1 }
                fallback.append(length)
            }
            self.fallback = fallback
        }

        mutating func advance(_ byte: UInt8) -> Bool {
            while state > 0, pattern[state] != byte { state = fallback[state] }
            if pattern[state] == byte { state += 1 }
            return state == pattern.count
        }
    }

    private var automata: [Automaton]
    /// The end of the text, which may become a marker.
    private(set) var held: [UInt8] = []
    /// What the last byte released: it is no part of a marker.
    private(set) var released: [UInt8] = []

    /// A scanner at the start of a text; the markers must not be empty.
    init(_ markers: [String]) {
        automata = markers.map { Automaton(Array($0.utf8)) }
    }

    mutating func advance(_ byte: UInt8) -> Step {
        held.append(byte)
        var longest = 0
        var found: Int?
        var waiting = 0
        for index in automata.indices {
            if automata[index].advance(byte), automata[index].state > longest {
                longest = automata[index].state
                found = index
            }
            waiting = max(waiting, automata[index].state)
        }
        if let found {
            released = Array(held.dropLast(longest))
            reset()
            return .found(found)
        }
        released = Array(held.prefix(held.count - waiting))
        held.removeFirst(released.count)
        return .more
    }

    /// Forgets what it saw, at the start of another text.
    mutating func reset() {
        held = []
        for index in automata.indices { automata[index].state = 0 }
    }
}
