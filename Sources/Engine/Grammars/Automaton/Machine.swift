import Sampling

/// What reads texts byte by byte, in several ways at once where the text leaves that open.
///
/// A thread is one way to have read a text so far. Two texts that lead to equal threads can be continued alike.
protocol Machine: Sendable {
    associatedtype Thread: Hashable, Sendable

    /// The ways to begin.
    func start() -> [Thread]
    /// Adds what a thread becomes by a byte; nothing where the byte cannot follow.
    mutating func step(_ thread: Thread, _ byte: UInt8, into next: inout [Thread])
    /// Whether the text may end here.
    mutating func accepts(_ thread: Thread) -> Bool
    /// A number of scalars, each any one that a JSON string takes as it stands, that is certain to be admitted.
    mutating func plainCapacity(_ thread: Thread) -> Int
    /// The same for letters, digits and underlines of ASCII.
    mutating func wordCapacity(_ thread: Thread) -> Int
    /// A thread that no text of at most `length` bytes tells from this one.
    func blurred(_ thread: Thread, for length: Int) -> Thread
    /// A short text that completes the thread's; `nil` where none is known.
    mutating func completion(of thread: Thread) -> [UInt8]?
    /// Expressions, and the account of what has been done.
    var pool: ExpressionPool { get set }
    /// Why the machine cannot be trusted any more.
    var failure: GrammarError? { get }
    /// How many things it holds, other than its threads.
    var size: Int { get }
}

/// A deterministic automaton over sets of a machine's threads, made as far as texts go.
struct LazyAutomaton<M: Machine>: Sendable {
    typealias State = Int32

    /// The state from which no text is admitted.
    static var dead: State { 0 }

    var machine: M
    private(set) var threads: [[M.Thread]] = []
    private var index: [[M.Thread]: State] = [:]
    /// 256 next states for every state that was stepped from.
    private var rows: [State] = []
    private var rowStarts: [Int32] = []
    private var masks: [State: TokenMask] = [:]
    private var maskStates: [State: State] = [:]
    private var accepting: [UInt8] = []
    private(set) var initial: State = 0
    private let limits: GrammarLimits
    private(set) var failure: GrammarError?

    private static var maximumMasks: Int { 256 }

    init(_ machine: M, limits: GrammarLimits) {
        self.machine = machine
        self.limits = limits
        _ = intern([])
        initial = intern(machine.start())
    }

    var stateCount: Int { threads.count }

    private mutating func intern(_ set: [M.Thread]) -> State {
        if let state = index[set] { return state }
        let state = State(threads.count)
        threads.append(set)
        rowStarts.append(-1)
        accepting.append(2)
        index[set] = state
        return state
    }

    /// The state after a byte; ``dead`` where it cannot follow.
    @inline(__always)
    mutating func step(_ state: State, _ byte: UInt8) -> State {
        let start = rowStarts[Int(state)]
        if start >= 0 {
            let next = rows[Int(start) + Int(byte)]
            if next >= 0 { return next }
        }
        return makeStep(state, byte)
    }

    @inline(never)
    private mutating func makeStep(_ state: State, _ byte: UInt8) -> State {
        if state == Self.dead || machine.pool.isOverfull { return Self.dead }
        machine.pool.account.charge(
            WorkAccount.Price.state + WorkAccount.Price.thread * threads[Int(state)].count)
        if rowStarts[Int(state)] < 0 {
            rowStarts[Int(state)] = Int32(rows.count)
            rows.append(contentsOf: repeatElement(-1, count: 256))
        }
        var next: [M.Thread] = []
        for thread in threads[Int(state)] { machine.step(thread, byte, into: &next) }
        if next.count > 1 {
            var seen: Set<M.Thread> = []
            next.removeAll { !seen.insert($0).inserted }
        }
        if next.count > limits.maximumThreads {
            failure = GrammarError(
                .tooLarge, at: "",
                "the text so far can be read in more than \(limits.maximumThreads) ways; make the alternatives easier to tell apart"
            )
            next = []
        }
        guard !machine.pool.isOverfull, failure == nil else { return Self.dead }
        machine.pool.account.charge(WorkAccount.Price.thread * next.count)
        let result = intern(next)
        rows[Int(rowStarts[Int(state)]) + Int(byte)] = result
        return result
    }

    mutating func accepts(_ state: State) -> Bool {
        if accepting[Int(state)] == 2 {
            var isAccepting = false
            for thread in threads[Int(state)] where machine.accepts(thread) {
                isAccepting = true
                break
            }
            accepting[Int(state)] = isAccepting ? 1 : 0
        }
        return accepting[Int(state)] == 1
    }

    // MARK: Masks

    /// The tokens that may follow, end tokens apart.
    mutating func mask(_ state: State, _ trie: TokenTrie) -> TokenMask {
        let key = maskState(state, trie.longest)
        if let known = masks[key] { return known }
        let mask = walk(key, trie)
        if masks.count >= Self.maximumMasks { masks.removeAll(keepingCapacity: true) }
        masks[key] = mask
        return mask
    }

    private mutating func maskState(_ state: State, _ longest: Int) -> State {
        if let known = maskStates[state] { return known }
        let set = threads[Int(state)].map { machine.blurred($0, for: longest) }
        let key = intern(set)
        maskStates[state] = key
        return key
    }

    private mutating func walk(_ state: State, _ trie: TokenTrie) -> TokenMask {
        var capacity = 0
        for thread in threads[Int(state)] {
            capacity = max(capacity, machine.plainCapacity(thread))
        }
        if capacity > 0, let slice = trie.slices.first(where: { $0.length <= capacity }) {
            var mask = slice.plain
            walk(state, slice.rest, into: &mask)
            return mask
        }
        capacity = 0
        for thread in threads[Int(state)] {
            capacity = max(capacity, machine.wordCapacity(thread))
        }
        if capacity > 0, let slice = trie.wordSlices.first(where: { $0.length <= capacity }) {
            var mask = slice.plain
            walk(state, slice.rest, into: &mask)
            return mask
        }
        var mask = TokenMask(vocabulary: trie.count)
        walk(state, trie.root, into: &mask)
        return mask
    }

    private mutating func walk(
        _ start: State, _ branches: TokenTrie.Branches, into mask: inout TokenMask
    ) {
        var node = 0
        let count = branches.bytes.count
        var current = start
        var currentEnd = count
        var outer: [(state: State, end: Int)] = []
        while node < count {
            while node >= currentEnd, let (state, end) = outer.popLast() {
                current = state
                currentEnd = end
            }
            let next = step(current, branches.bytes[node])
            let end = Int(branches.ends[node])
            if next == Self.dead {
                node = end
                continue
            }
            let token = branches.tokens[node]
            if token >= 0 {
                mask.insert(Int(token))
                if !branches.twins.isEmpty, let twins = branches.twins[token] {
                    for twin in twins { mask.insert(Int(twin)) }
                }
            }
            node += 1
            if end > node {
                outer.append((current, currentEnd))
                current = next
                currentEnd = end
            }
        }
    }

    // MARK: Forced text

    /// The only byte that may follow; `nil` where there are several, none, or the text may end.
    mutating func onlyByte(after state: State) -> UInt8? {
        guard !accepts(state) else { return nil }
        var found: UInt8?
        for byte in 0...255 as ClosedRange<UInt8> where step(state, byte) != Self.dead {
            guard found == nil else { return nil }
            found = byte
        }
        return found
    }

    /// A short text with which the text so far is complete.
    mutating func completion(of state: State) -> [UInt8]? {
        if accepts(state) { return [] }
        var best: [UInt8]?
        for thread in threads[Int(state)] {
            guard let text = machine.completion(of: thread) else { continue }
            if best.map({ text.count < $0.count }) ?? true { best = text }
        }
        return best
    }
}
