/// Regular expressions over bytes, each stored once, with their derivatives.
///
/// The derivative of an expression by a byte matches what may follow that byte (Brzozowski 1964), so an expression is the
/// state of its own automaton, built only as far as texts go. Intersection and complement cost nothing extra, and a
/// counted repetition is one node however high it counts (Owens, Reppy, Turon 2009).
struct ExpressionPool {
    /// An expression's number; equal expressions, up to the rules below, have equal numbers.
    typealias ID = Int32

    private enum Node: Hashable {
        case nothing
        case empty
        case bytes(ByteSet)
        case concatenation(ID, ID)
        case alternatives([ID])
        case conjunction([ID])
        case complement(ID)
        /// A maximum of -1 is none.
        case repetition(ID, minimum: Int32, maximum: Int32)
    }

    /// Matches no text at all.
    static let nothing: ID = 0
    /// Matches the empty text only.
    static let empty: ID = 1
    /// Matches every sequence of bytes.
    static let everything: ID = 2
    /// Ends a text where an expression has to see its end; no byte of UTF-8.
    static let end: UInt8 = 0xFF
    /// Begins one; no byte of UTF-8 either.
    static let start: UInt8 = 0xFE

    private var nodes: [Node] = []
    private var index: [Node: ID] = [:]
    private var nullable: [Bool] = []
    /// Whether a complement or a conjunction is somewhere inside, so that it may match nothing without being `nothing`.
    private var isBoolean: [Bool] = []
    private var known: [UInt64: ID] = [:]
    private var liveness: [ID: Bool] = [:]
    var plainStates: [ID: Bool] = [:]
    var wordCapacities: [ID: Int] = [:]
    /// Any characters, as few or many as there are.
    private(set) var anyLoop: ID = -1
    /// Where an expression's 256 transitions begin, or -1.
    private var rowStarts: [Int32] = []
    private var rows: [ID] = []
    /// How deep a derivative of an expression recurses.
    private var nesting: [Int32] = []
    var account: WorkAccount

    /// Whether a bound was passed; what came after it is `nothing` and must not be trusted.
    var isOverfull: Bool { account.passed != nil }

    init(_ limits: GrammarLimits) {
        account = WorkAccount(limits)
        _ = intern(.nothing)
        _ = intern(.empty)
        let none = intern(.complement(Self.nothing))
        precondition(none == Self.everything)
        anyLoop = repetition(scalars(.all), 0, nil)
    }

    var count: Int { nodes.count }

    /// About how many bytes it holds.
    var footprint: Int { nodes.count * 96 + rows.count * 4 + known.count * 24 }

    // MARK: Building

    private mutating func intern(_ node: Node) -> ID {
        account.charge(WorkAccount.Price.expression)
        if let id = index[node] { return id }
        guard nodes.count < account.limits.maximumExpressions else {
            account.pass(.expressions)
            return Self.nothing
        }
        let depth = nesting(of: node)
        guard Int(depth) < WorkAccount.maximumNesting else {
            account.pass(.nesting)
            return Self.nothing
        }
        nesting.append(depth)
        let id = ID(nodes.count)
        nodes.append(node)
        index[node] = id
        rowStarts.append(-1)
        switch node {
        case .nothing, .bytes:
            nullable.append(false)
            isBoolean.append(false)
        case .empty:
            nullable.append(true)
            isBoolean.append(false)
        case .concatenation(let first, let second):
            nullable.append(nullable[Int(first)] && nullable[Int(second)])
            isBoolean.append(isBoolean[Int(first)] || isBoolean[Int(second)])
        case .alternatives(let parts):
            nullable.append(parts.contains { nullable[Int($0)] })
            isBoolean.append(parts.contains { isBoolean[Int($0)] })
        case .conjunction(let parts):
            nullable.append(parts.allSatisfy { nullable[Int($0)] })
            isBoolean.append(true)
        case .complement(let body):
            nullable.append(!nullable[Int(body)])
            isBoolean.append(body != Self.nothing)
        case .repetition(let body, let minimum, _):
            nullable.append(minimum == 0 || nullable[Int(body)])
            isBoolean.append(isBoolean[Int(body)])
        }
        return id
    }

    private func nesting(of node: Node) -> Int32 {
        switch node {
        case .nothing, .empty, .bytes: 0
        case .concatenation(let first, let second):
            max(nesting[Int(first)], nullable[Int(first)] ? nesting[Int(second)] : 0) + 1
        case .alternatives(let parts), .conjunction(let parts):
            parts.reduce(0) { max($0, nesting[Int($1)]) } + 1
        case .complement(let body), .repetition(let body, _, _): nesting[Int(body)] + 1
        }
    }

    mutating func bytes(_ set: ByteSet) -> ID {
        set.isEmpty ? Self.nothing : intern(.bytes(set))
    }

    mutating func byte(_ byte: UInt8) -> ID {
        intern(.bytes(ByteSet(byte)))
    }

    mutating func literal(_ text: some BidirectionalCollection<UInt8>) -> ID {
        text.reversed().reduce(Self.empty) { rest, byte in concatenation(self.byte(byte), rest) }
    }

    mutating func concatenation(_ first: ID, _ second: ID) -> ID {
        if first == Self.nothing || second == Self.nothing { return Self.nothing }
        if first == Self.empty { return second }
        if second == Self.empty { return first }
        var heads: [ID] = []
        var last = first
        while case .concatenation(let head, let tail) = nodes[Int(last)] {
            heads.append(head)
            last = tail
        }
        var result = intern(.concatenation(last, second))
        while let head = heads.popLast() { result = intern(.concatenation(head, result)) }
        return isOverfull ? Self.nothing : result
    }

    mutating func sequence(_ parts: [ID]) -> ID {
        parts.reversed().reduce(Self.empty) { rest, part in concatenation(part, rest) }
    }

    mutating func alternatives(_ parts: [ID]) -> ID {
        account.charge(parts.count)
        var flat: [ID] = []
        var set = ByteSet()
        for part in parts {
            switch nodes[Int(part)] {
            case .nothing: continue
            case .alternatives(let inner):
                for part in inner {
                    if case .bytes(let more) = nodes[Int(part)] {
                        set = set.union(more)
                    } else {
                        flat.append(part)
                    }
                }
            case .bytes(let more): set = set.union(more)
            default: flat.append(part)
            }
        }
        if flat.contains(Self.everything) { return Self.everything }
        if !set.isEmpty { flat.append(bytes(set)) }
        account.charge(flat.count * 4)
        flat = Self.sortedUnique(flat)
        if flat.contains(Self.empty),
            flat.contains(where: { $0 != Self.empty && nullable[Int($0)] })
        {
            flat.removeAll { $0 == Self.empty }
        }
        return switch flat.count {
        case 0: Self.nothing
        case 1: flat[0]
        default: intern(.alternatives(flat))
        }
    }

    mutating func conjunction(_ parts: [ID]) -> ID {
        var flat: [ID] = []
        for part in parts {
            switch nodes[Int(part)] {
            case .nothing: return Self.nothing
            case .conjunction(let inner): flat += inner
            default: if part != Self.everything { flat.append(part) }
            }
        }
        account.charge(flat.count * 8)
        flat = Self.sortedUnique(flat)
        var set: ByteSet?
        for case .bytes(let more) in flat.map({ nodes[Int($0)] }) {
            set = set?.intersection(more) ?? more
        }
        if let set {
            flat.removeAll { if case .bytes = nodes[Int($0)] { true } else { false } }
            let both = bytes(set)
            if both == Self.nothing { return both }
            flat = Self.sortedUnique(flat + [both])
        }
        if flat.contains(Self.empty) {
            return flat.allSatisfy { nullable[Int($0)] } ? Self.empty : Self.nothing
        }
        return switch flat.count {
        case 0: Self.everything
        case 1: flat[0]
        default: intern(.conjunction(flat))
        }
    }

    mutating func complement(_ body: ID) -> ID {
        if case .complement(let inner) = nodes[Int(body)] { return inner }
        return intern(.complement(body))
    }

    /// A body again and again; a maximum of `nil` is none.
    mutating func repetition(_ body: ID, _ minimum: Int, _ maximum: Int?) -> ID {
        if maximum == 0 || body == Self.empty { return Self.empty }
        if body == Self.nothing { return minimum == 0 ? Self.empty : Self.nothing }
        if minimum == 1, maximum == 1 { return body }
        if case .repetition(_, 0, -1) = nodes[Int(body)] { return body }
        let minimum = nullable[Int(body)] ? 0 : minimum
        return intern(
            .repetition(
                body, minimum: Int32(clamping: minimum), maximum: Int32(clamping: maximum ?? -1)))
    }

    private static func sortedUnique(_ ids: [ID]) -> [ID] {
        guard ids.count > 1 else { return ids }
        let sorted = ids.sorted()
        var result: [ID] = [sorted[0]]
        for id in sorted where id != result[result.count - 1] { result.append(id) }
        return result
    }

    // MARK: Asking

    /// Whether the expression matches the empty text.
    @inline(__always)
    func isNullable(_ id: ID) -> Bool { nullable[Int(id)] }

    /// Whether a text may end here, for expressions that see the end of the text.
    mutating func acceptsEnd(_ id: ID) -> Bool {
        isNullable(step(id, Self.end))
    }

    /// What may follow `byte`; `nothing` where no text begins with it.
    mutating func step(_ id: ID, _ byte: UInt8) -> ID {
        account.charge(1)
        guard !isOverfull else { return Self.nothing }
        var start = rowStarts[Int(id)]
        if start < 0 {
            account.charge(WorkAccount.Price.row)
            start = Int32(rows.count)
            rowStarts[Int(id)] = start
            rows.append(contentsOf: repeatElement(-1, count: 256))
        }
        let place = Int(start) + Int(byte)
        let next = rows[place]
        if next >= 0 { return next }
        var result = derivative(id, byte)
        if isBoolean[Int(result)], !isLive(result) { result = Self.nothing }
        guard !isOverfull else { return Self.nothing }
        rows[place] = result
        return result
    }

    private mutating func derivative(_ id: ID, _ byte: UInt8) -> ID {
        switch nodes[Int(id)] {
        case .nothing, .empty: return Self.nothing
        case .bytes(let set): return set.contains(byte) ? Self.empty : Self.nothing
        default: break
        }
        account.charge(WorkAccount.Price.derivative)
        guard !isOverfull else { return Self.nothing }
        let key = UInt64(UInt32(bitPattern: id)) << 8 | UInt64(byte)
        if let result = known[key] { return result }
        let result: ID
        switch nodes[Int(id)] {
        case .nothing, .empty, .bytes: return Self.nothing
        case .concatenation(let first, let second):
            let head = concatenation(derivative(first, byte), second)
            result =
                nullable[Int(first)] ? alternatives([head, derivative(second, byte)]) : head
        case .alternatives(let parts):
            var next: [ID] = []
            for part in parts {
                let one = derivative(part, byte)
                if one != Self.nothing { next.append(one) }
            }
            result = alternatives(next)
        case .conjunction(let parts):
            var next: [ID] = []
            for part in parts {
                let one = derivative(part, byte)
                next.append(one)
                if one == Self.nothing { break }
            }
            result = conjunction(next)
        case .complement(let body):
            result = complement(derivative(body, byte))
        case .repetition(let body, let minimum, let maximum):
            let rest = repetition(
                body, max(Int(minimum) - 1, 0), maximum < 0 ? nil : Int(maximum) - 1)
            result = concatenation(derivative(body, byte), rest)
        }
        guard !isOverfull else { return Self.nothing }
        known[key] = result
        return result
    }

    /// Whether the expression matches anything.
    ///
    /// Only below a conjunction or a complement must texts be tried, breadth first; beyond the bound it says yes.
    mutating func isLive(_ id: ID) -> Bool {
        if id == Self.nothing { return false }
        guard isBoolean[Int(id)] else { return true }
        if let isLive = liveness[id] { return isLive }
        var parents: [ID: ID] = [id: id]
        var queue = [id]
        var position = 0
        var found: ID?
        search: while position < queue.count {
            let current = queue[position]
            position += 1
            if nullable[Int(current)] || liveness[current] == true || !isBoolean[Int(current)] {
                found = current
                break
            }
            for byte in representatives(of: current) {
                let next = derivative(current, byte)
                guard next != Self.nothing, parents[next] == nil, liveness[next] != false else {
                    continue
                }
                parents[next] = current
                queue.append(next)
                if nullable[Int(next)] || !isBoolean[Int(next)] {
                    found = next
                    break search
                }
            }
            if queue.count > 4_000 || isOverfull { return true }
        }
        if isOverfull { return true }
        guard var step = found else {
            for state in queue { liveness[state] = false }
            return false
        }
        liveness[step] = true
        while let parent = parents[step], parent != step {
            liveness[parent] = true
            step = parent
        }
        return true
    }

    /// Whether a part of it is any text first, so that no character can break it off.
    ///
    /// That part must be able to end: behind any text it may ask for the beginning, which is past.
    mutating func beginsFreely(_ id: ID) -> Bool {
        switch nodes[Int(id)] {
        case .concatenation(let first, _):
            guard first == anyLoop else { return false }
            let end = byte(Self.end)
            return isLive(conjunction([id, concatenation(anyLoop, end)]))
        case .alternatives(let parts):
            for part in parts where beginsFreely(part) { return true }
            return false
        case .conjunction(let parts):
            guard parts.count(where: { !isAnyText($0) }) <= 1 else { return false }
            for part in parts where !beginsFreely(part) { return false }
            return true
        default: return false
        }
    }

    private func isAnyText(_ id: ID) -> Bool {
        guard case .concatenation(let first, let second) = nodes[Int(id)], first == anyLoop else {
            return false
        }
        return nodes[Int(second)] == .bytes(ByteSet(Self.end))
    }

    /// One byte of each class of bytes that `id` cannot tell apart.
    mutating func representatives(of id: ID) -> [UInt8] {
        var sets: [ByteSet] = []
        var seen: Set<ByteSet> = []
        collectFirst(id, &sets, &seen)
        account.charge(WorkAccount.Price.classes * (sets.count / 4 + 1))
        guard !isOverfull else { return [] }
        var classes = [UInt64](repeating: 0, count: 256)
        for set in sets {
            for byte in 0..<256 {
                classes[byte] =
                    (classes[byte] &* 0x9E37_79B9_7F4A_7C15)
                    ^ (set.contains(UInt8(byte)) ? 0xD1B5_4A32_D192_ED03 : 0x8CB9_2BA7_2F3D_8DD7)
            }
        }
        var result: [UInt8] = []
        var met: Set<UInt64> = []
        for byte in 0..<256 where met.insert(classes[byte]).inserted { result.append(UInt8(byte)) }
        return result
    }

    private mutating func collectFirst(
        _ id: ID, _ sets: inout [ByteSet], _ seen: inout Set<ByteSet>
    ) {
        account.charge(2)
        guard !isOverfull else { return }
        switch nodes[Int(id)] {
        case .nothing, .empty: break
        case .bytes(let set): if seen.insert(set).inserted { sets.append(set) }
        case .concatenation(let first, let second):
            collectFirst(first, &sets, &seen)
            if nullable[Int(first)] { collectFirst(second, &sets, &seen) }
        case .alternatives(let parts), .conjunction(let parts):
            for part in parts { collectFirst(part, &sets, &seen) }
        case .complement(let body): collectFirst(body, &sets, &seen)
        case .repetition(let body, _, _): collectFirst(body, &sets, &seen)
        }
    }

    /// A shortest text that the expression matches, or that it matches with ``end`` behind; `nil` beyond a bound.
    mutating func shortest(_ id: ID, seesEnd: Bool) -> [UInt8]? {
        var parents: [ID: (ID, UInt8)] = [:]
        var queue = [id]
        var seen: Set<ID> = [id]
        var position = 0
        while position < queue.count, queue.count < 20_000, !isOverfull {
            let current = queue[position]
            position += 1
            if seesEnd ? acceptsEnd(current) : isNullable(current) {
                var text: [UInt8] = []
                var state = current
                while let (parent, byte) = parents[state] {
                    text.append(byte)
                    state = parent
                }
                return text.reversed()
            }
            for byte in representatives(of: current) where byte < Self.start {
                let next = step(current, byte)
                guard next != Self.nothing, seen.insert(next).inserted else { continue }
                parents[next] = (current, byte)
                queue.append(next)
            }
        }
        return nil
    }
}
