/// Reads texts of a grammar with rules.
///
/// Rules that do not reach themselves become part of one expression; only the others are called, with a stack. A thread is
/// an expression to go on with and what follows it.
struct RuleMachine: Machine {
    struct Thread: Hashable, Sendable {
        var expression: ExpressionPool.ID
        /// What follows: index of an entry, -1 for the end of the text.
        var rest: Int32
    }

    /// A symbol and what follows it.
    private struct Entry: Hashable, Sendable {
        var symbol: Int32
        var rest: Int32
        var depth: Int32
    }

    private enum Symbol: Sendable {
        case expression(ExpressionPool.ID)
        case choice([[Int32]])
    }

    var pool: ExpressionPool
    private var symbols: [Symbol] = []
    private var symbolOfRule: [Int: Int32] = [:]
    private var expressionOfRule: [Int: ExpressionPool.ID] = [:]
    private var stack = InternedList<Entry>()
    /// Length of a shortest text of each symbol.
    private var costs: [Int?] = []
    private var beginning: [Thread] = []
    /// How deep calls of rules are nested at the moment.
    private var nesting = 0
    private let limits: GrammarLimits

    private static let maximumSymbols = 100_000

    init(gbnf text: String, limits: GrammarLimits) throws(GrammarError) {
        pool = ExpressionPool(limits)
        self.limits = limits
        var parser = GBNFParser(text)
        let grammar = try parser.parse()
        let recursive = Self.recursiveRules(of: grammar)
        for number in recursive.sorted() {
            symbolOfRule[number] = Int32(symbols.count)
            symbols.append(.choice([]))
        }
        for number in recursive.sorted() {
            guard let body = grammar.bodies[number], let symbol = symbolOfRule[number] else {
                continue
            }
            let choices = try sequences(body, grammar, recursive, depth: 0)
            symbols[Int(symbol)] = .choice(choices)
        }
        let root = try symbol(.rule(grammar.root), grammar, recursive, depth: 0)
        try refuseLeftRecursion(grammar)
        measure()
        if let failure { throw failure }
        guard costs[Int(root)] != nil else {
            throw GrammarError(.unsatisfiable, at: "", "the rule 'root' has no text that ends")
        }
        var seen: Set<Thread> = []
        var beginning: [Thread] = []
        push(root, -1, into: &beginning, &seen)
        self.beginning = beginning
        if let failure { throw failure }
    }

    // MARK: Compiling

    private static func rules(in body: GBNFGrammar.Body, _ found: inout Set<Int>) {
        switch body {
        case .set, .text: break
        case .rule(let number): found.insert(number)
        case .sequence(let parts), .alternatives(let parts):
            for part in parts { rules(in: part, &found) }
        case .repetition(let part, _, _): rules(in: part, &found)
        }
    }

    /// The rules that reach a rule which reaches itself.
    private static func recursiveRules(of grammar: GBNFGrammar) -> Set<Int> {
        var uses: [Set<Int>] = grammar.bodies.map { body in
            var found: Set<Int> = []
            if let body { rules(in: body, &found) }
            return found
        }
        // What uses only rules that are done is done itself; what is left over goes in circles.
        var users: [[Int]] = Array(repeating: [], count: uses.count)
        for (number, used) in uses.enumerated() {
            for other in used { users[other].append(number) }
        }
        var done = uses.indices.filter { uses[$0].isEmpty }
        var left = Set(uses.indices)
        while let number = done.popLast() {
            guard left.remove(number) != nil else { continue }
            for user in users[number] {
                uses[user].remove(number)
                if uses[user].isEmpty { done.append(user) }
            }
        }
        return left
    }

    private func isRegular(_ body: GBNFGrammar.Body, _ recursive: Set<Int>) -> Bool {
        var found: Set<Int> = []
        Self.rules(in: body, &found)
        return found.isDisjoint(with: recursive)
    }

    private mutating func expression(
        _ body: GBNFGrammar.Body, _ grammar: GBNFGrammar, depth: Int
    ) throws(GrammarError) -> ExpressionPool.ID {
        guard depth < 500 else {
            throw GrammarError(.tooLarge, at: "", "the grammar's rules use one another too deeply")
        }
        switch body {
        case .set(let set): return pool.scalars(set)
        case .text(let text): return pool.literal(text)
        case .sequence(let parts):
            var results: [ExpressionPool.ID] = []
            for part in parts { results.append(try expression(part, grammar, depth: depth + 1)) }
            return pool.sequence(results)
        case .alternatives(let parts):
            var results: [ExpressionPool.ID] = []
            for part in parts { results.append(try expression(part, grammar, depth: depth + 1)) }
            return pool.alternatives(results)
        case .repetition(let part, let minimum, let maximum):
            return pool.repetition(
                try expression(part, grammar, depth: depth + 1), minimum, maximum)
        case .rule(let number):
            if let known = expressionOfRule[number] { return known }
            guard let inner = grammar.bodies[number] else { return ExpressionPool.nothing }
            let result = try expression(inner, grammar, depth: depth + 1)
            expressionOfRule[number] = result
            return result
        }
    }

    private mutating func add(_ symbol: Symbol) throws(GrammarError) -> Int32 {
        guard symbols.count < Self.maximumSymbols else {
            throw GrammarError(.tooLarge, at: "", "the grammar repeats recursive parts too often")
        }
        symbols.append(symbol)
        return Int32(symbols.count - 1)
    }

    private mutating func symbol(
        _ body: GBNFGrammar.Body, _ grammar: GBNFGrammar, _ recursive: Set<Int>, depth: Int
    ) throws(GrammarError) -> Int32 {
        if case .rule(let number) = body, let symbol = symbolOfRule[number] { return symbol }
        if isRegular(body, recursive) {
            let expression = try expression(body, grammar, depth: 0)
            return try add(.expression(expression))
        }
        let choices = try sequences(body, grammar, recursive, depth: depth)
        return try add(.choice(choices))
    }

    private mutating func sequences(
        _ body: GBNFGrammar.Body, _ grammar: GBNFGrammar, _ recursive: Set<Int>, depth: Int
    ) throws(GrammarError) -> [[Int32]] {
        if isRegular(body, recursive) {
            return [[try symbol(body, grammar, recursive, depth: depth)]]
        }
        switch body {
        case .set, .text: return []
        case .rule: return [[try symbol(body, grammar, recursive, depth: depth + 1)]]
        case .alternatives(let parts):
            var results: [[Int32]] = []
            for part in parts {
                results += try sequences(part, grammar, recursive, depth: depth + 1)
            }
            return results
        case .sequence(let parts):
            var result: [Int32] = []
            // Neighbours without recursion are one expression.
            var plain: [GBNFGrammar.Body] = []
            for part in parts {
                if isRegular(part, recursive) {
                    plain.append(part)
                    continue
                }
                if !plain.isEmpty {
                    result.append(
                        try symbol(.sequence(plain), grammar, recursive, depth: depth + 1))
                    plain = []
                }
                result.append(try symbol(part, grammar, recursive, depth: depth + 1))
            }
            if !plain.isEmpty {
                result.append(try symbol(.sequence(plain), grammar, recursive, depth: depth + 1))
            }
            return [result]
        case .repetition(let part, let minimum, let maximum):
            let inner = try symbol(part, grammar, recursive, depth: depth + 1)
            var tail: [[Int32]] = [[]]
            if let maximum {
                for _ in minimum..<max(maximum, minimum) {
                    let more = try add(.choice(tail))
                    tail = [[], [inner, more]]
                }
            } else {
                let loop = try add(.choice([]))
                symbols[Int(loop)] = .choice([[], [inner, loop]])
                tail = [[loop]]
            }
            let head = [Int32](repeating: inner, count: minimum)
            return tail.map { head + $0 }
        }
    }

    /// A rule that begins with itself would be called without end.
    private mutating func refuseLeftRecursion(_ grammar: GBNFGrammar) throws(GrammarError) {
        var isNullable = symbols.map { symbol in
            if case .expression(let id) = symbol { pool.isNullable(id) } else { false }
        }
        var changed = true
        while changed {
            changed = false
            pool.account.charge(symbols.count)
            if let failure { throw failure }
            for (number, symbol) in symbols.enumerated() where !isNullable[number] {
                guard case .choice(let choices) = symbol else { continue }
                if choices.contains(where: { $0.allSatisfy { isNullable[Int($0)] } }) {
                    isNullable[number] = true
                    changed = true
                }
            }
        }
        var firsts: [Set<Int>] = symbols.map { symbol in
            guard case .choice(let choices) = symbol else { return [] }
            var result: Set<Int> = []
            for choice in choices {
                for part in choice {
                    result.insert(Int(part))
                    if !isNullable[Int(part)] { break }
                }
            }
            return result
        }
        var users: [[Int]] = Array(repeating: [], count: firsts.count)
        for (number, used) in firsts.enumerated() {
            for other in used { users[other].append(number) }
        }
        var done = firsts.indices.filter { firsts[$0].isEmpty }
        var left = Set(firsts.indices)
        while let number = done.popLast() {
            guard left.remove(number) != nil else { continue }
            for user in users[number] {
                firsts[user].remove(number)
                if firsts[user].isEmpty { done.append(user) }
            }
        }
        guard let number = left.min() else { return }
        let name = symbolOfRule.first { left.contains(Int($0.value)) }.map { grammar.names[$0.key] }
        throw GrammarError(
            .unsupported, at: "",
            "the rule '\(name ?? "\(number)")' can begin with itself; write it with '*' or put something before"
        )
    }

    /// Shortest texts, to completion by Knuth's generalization of Dijkstra's algorithm in its simple form.
    private mutating func measure() {
        costs = Array(repeating: nil, count: symbols.count)
        for (number, symbol) in symbols.enumerated() {
            guard case .expression(let id) = symbol else { continue }
            costs[number] = pool.shortest(id, seesEnd: false)?.count
        }
        var changed = true
        while changed, !pool.isOverfull {
            changed = false
            pool.account.charge(symbols.count * 4)
            for (number, symbol) in symbols.enumerated() {
                guard case .choice(let choices) = symbol else { continue }
                for choice in choices {
                    guard let cost = cost(of: choice), cost < costs[number] ?? .max else {
                        continue
                    }
                    costs[number] = cost
                    changed = true
                }
            }
        }
    }

    private func cost(of choice: [Int32]) -> Int? {
        choice.reduce(0) { sum, part in
            guard let sum, let cost = costs[Int(part)] else { return nil }
            return min(sum + cost, 1 << 40)
        }
    }

    // MARK: Reading

    func start() -> [Thread] { beginning }

    private mutating func push(
        _ symbol: Int32, _ rest: Int32, into threads: inout [Thread], _ seen: inout Set<Thread>
    ) {
        pool.account.charge(WorkAccount.Price.thread)
        guard !pool.isOverfull else { return }
        guard nesting < WorkAccount.maximumNesting else { return pool.account.pass(.nesting) }
        nesting += 1
        defer { nesting -= 1 }
        switch symbols[Int(symbol)] {
        case .expression(let id):
            let thread = Thread(expression: id, rest: rest)
            guard id != ExpressionPool.nothing, seen.insert(thread).inserted else { return }
            threads.append(thread)
            if pool.isNullable(id) { pop(rest, into: &threads, &seen) }
        case .choice(let choices):
            for choice in choices where cost(of: choice) != nil {
                var rest = rest
                for part in choice.dropFirst().reversed() {
                    let depth = rest < 0 ? 0 : stack[rest].depth + 1
                    guard Int(depth) < limits.maximumDepth * 16 else { return }
                    rest = stack.index(of: Entry(symbol: part, rest: rest, depth: depth))
                }
                if let first = choice.first {
                    push(first, rest, into: &threads, &seen)
                } else {
                    pop(rest, into: &threads, &seen)
                }
            }
        }
    }

    /// Goes on with what follows; the end of the text is the empty expression.
    private mutating func pop(
        _ rest: Int32, into threads: inout [Thread], _ seen: inout Set<Thread>
    ) {
        guard rest >= 0 else {
            let end = Thread(expression: ExpressionPool.empty, rest: -1)
            if seen.insert(end).inserted { threads.append(end) }
            return
        }
        let entry = stack[rest]
        push(entry.symbol, entry.rest, into: &threads, &seen)
    }

    mutating func step(_ thread: Thread, _ byte: UInt8, into next: inout [Thread]) {
        guard byte < 0xF8 else { return }
        let state = pool.step(thread.expression, byte)
        guard state != ExpressionPool.nothing else { return }
        var seen: Set<Thread> = []
        if state != ExpressionPool.empty || thread.rest < 0 {
            next.append(Thread(expression: state, rest: thread.rest))
        }
        if thread.rest >= 0, pool.isNullable(state) { pop(thread.rest, into: &next, &seen) }
    }

    func accepts(_ thread: Thread) -> Bool {
        thread.rest < 0 && pool.isNullable(thread.expression)
    }

    mutating func plainCapacity(_ thread: Thread) -> Int {
        pool.takesAnyPlain(thread.expression) ? .max : 0
    }

    mutating func wordCapacity(_ thread: Thread) -> Int {
        pool.wordCapacity(thread.expression, most: TokenTrie.longestWord)
    }

    func blurred(_ thread: Thread, for length: Int) -> Thread { thread }

    mutating func completion(of thread: Thread) -> [UInt8]? {
        guard var text = pool.shortest(thread.expression, seesEnd: false) else { return nil }
        var rest = thread.rest
        while rest >= 0 {
            let entry = stack[rest]
            guard append(entry.symbol, to: &text) else { return nil }
            rest = entry.rest
        }
        return text
    }

    private mutating func append(_ symbol: Int32, to text: inout [UInt8]) -> Bool {
        var pending = [symbol]
        while let symbol = pending.popLast() {
            pool.account.charge(WorkAccount.Price.thread)
            guard text.count < 100_000, !pool.isOverfull else { return false }
            switch symbols[Int(symbol)] {
            case .expression(let id):
                guard let piece = pool.shortest(id, seesEnd: false) else { return false }
                text += piece
            case .choice(let choices):
                var best: (cost: Int, parts: [Int32])?
                for choice in choices {
                    guard let cost = cost(of: choice), cost < best?.cost ?? .max else { continue }
                    best = (cost, choice)
                }
                guard let best else { return false }
                pending += best.parts.reversed()
            }
        }
        return true
    }

    var failure: GrammarError? { pool.account.failure(at: "") }

    var size: Int { stack.count + pool.count / 8 }
}
