extension ExpressionPool {
    /// Most states that are looked at.
    private static let maximumPlainStates = 6

    /// What follows the first byte of a character: the first bytes, and for each further byte its range.
    private static let sequences: [(first: ClosedRange<UInt8>, rest: [ClosedRange<UInt8>])] = [
        (0xC2...0xDF, [0x80...0xBF]), (0xE0...0xE0, [0xA0...0xBF, 0x80...0xBF]),
        (0xE1...0xEC, [0x80...0xBF, 0x80...0xBF]), (0xED...0xED, [0x80...0x9F, 0x80...0xBF]),
        (0xEE...0xEF, [0x80...0xBF, 0x80...0xBF]),
        (0xF0...0xF0, [0x90...0xBF, 0x80...0xBF, 0x80...0xBF]),
        (0xF1...0xF3, [0x80...0xBF, 0x80...0xBF, 0x80...0xBF]),
        (0xF4...0xF4, [0x80...0x8F, 0x80...0xBF, 0x80...0xBF]),
    ]

    /// Whether every text of characters that JSON strings take as they stand can begin what matches `id`.
    mutating func takesAnyPlain(_ id: ID) -> Bool {
        if let known = plainStates[id] { return known }
        if beginsFreely(id) {
            plainStates[id] = true
            return true
        }
        var seen: Set<ID> = [id]
        var queue = [id]
        var holds = true
        while holds, let state = queue.popLast() {
            guard let next = afterPlain(state), seen.count <= Self.maximumPlainStates else {
                holds = false
                break
            }
            for state in next where seen.insert(state).inserted { queue.append(state) }
        }
        guard !isOverfull else { return false }
        if holds {
            for state in seen { plainStates[state] = true }
        } else {
            plainStates[id] = false
        }
        return holds
    }

    /// For how many letters, digits and underlines, whichever they are, a text can go on; at most `most`.
    mutating func wordCapacity(_ id: ID, most: Int) -> Int {
        if let known = wordCapacities[id] { return known }
        var level: Set<ID> = [id]
        var length = 0
        search: while length < most {
            var next: Set<ID> = []
            for state in level {
                for byte in Self.wordBytes {
                    let after = step(state, byte)
                    if after == Self.nothing { break search }
                    next.insert(after)
                }
            }
            length += 1
            if next == level {
                length = most
                break
            }
            guard next.count <= Self.maximumPlainStates else { break }
            level = next
        }
        guard !isOverfull else { return 0 }
        wordCapacities[id] = length
        return length
    }

    static let wordBytes: [UInt8] = (0x30...0x7A as ClosedRange<UInt8>).filter {
        (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
            || $0 == 0x5F
    }

    /// The states after one plain character; `nil` where one of them cannot follow.
    private mutating func afterPlain(_ id: ID) -> Set<ID>? {
        var result: Set<ID> = []
        for byte in 0x20...0x7F as ClosedRange<UInt8>
        where byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\") {
            let next = step(id, byte)
            if next == Self.nothing { return nil }
            result.insert(next)
        }
        for (first, rest) in Self.sequences {
            var states: Set<ID> = [id]
            for range in [first] + rest {
                var after: Set<ID> = []
                for state in states {
                    for byte in range {
                        let next = step(state, byte)
                        if next == Self.nothing { return nil }
                        after.insert(next)
                    }
                }
                states = after
            }
            result.formUnion(states)
        }
        return result
    }
}
