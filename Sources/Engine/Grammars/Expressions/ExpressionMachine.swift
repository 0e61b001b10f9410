import StructuredJSON

/// Reads texts that a regular expression matches from beginning to end.
struct ExpressionMachine: Machine {
    typealias Thread = ExpressionPool.ID

    var pool: ExpressionPool
    private let expression: ExpressionPool.ID

    init(pattern: String, limits: GrammarLimits) throws(GrammarError) {
        pool = ExpressionPool(limits)
        do throws(Pattern.Fault) {
            var parser = PatternParser(pattern)
            expression = try pool.wholeMatch(try parser.parse())
        } catch {
            throw GrammarError(
                error.isUnsupported ? .unsupported : .invalid, at: "",
                "the expression \(String(pattern.prefix(80)).debugDescription) \(error.message)")
        }
        try check()
    }

    init(choices: [String], limits: GrammarLimits) throws(GrammarError) {
        var schemas = SchemaCompiler(true, limits: limits)
        expression = schemas.literals(choices)
        pool = schemas.pool
        try check()
    }

    private mutating func check() throws(GrammarError) {
        if let failure { throw failure }
        guard pool.isLive(expression) else {
            throw GrammarError(.unsatisfiable, at: "", "no text matches; give at least one choice")
        }
    }

    func start() -> [ExpressionPool.ID] { [expression] }

    mutating func step(
        _ thread: ExpressionPool.ID, _ byte: UInt8, into next: inout [ExpressionPool.ID]
    ) {
        guard byte < 0xF8 else { return }
        let state = pool.step(thread, byte)
        if state != ExpressionPool.nothing { next.append(state) }
    }

    mutating func accepts(_ thread: ExpressionPool.ID) -> Bool {
        pool.acceptsEnd(thread)
    }

    mutating func plainCapacity(_ thread: ExpressionPool.ID) -> Int {
        pool.takesAnyPlain(thread) ? .max : 0
    }

    mutating func wordCapacity(_ thread: ExpressionPool.ID) -> Int {
        pool.wordCapacity(thread, most: TokenTrie.longestWord)
    }

    func blurred(_ thread: ExpressionPool.ID, for length: Int) -> ExpressionPool.ID { thread }

    mutating func completion(of thread: ExpressionPool.ID) -> [UInt8]? {
        pool.shortest(thread, seesEnd: true)
    }

    var failure: GrammarError? { pool.account.failure(at: "") }

    var size: Int { pool.count / 8 }
}
