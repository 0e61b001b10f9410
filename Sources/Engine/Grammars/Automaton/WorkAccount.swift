/// What one call of a grammar has cost, counted in steps that are the same on every machine and under every load.
///
/// A step is about what it takes to follow one known transition of an expression: some ten nanoseconds. What passes a
/// bound is `nothing` from there on, quickly, and must not be trusted.
struct WorkAccount: Sendable {
    enum Bound: Sendable {
        case expressions
        case work(most: Int)
        case nesting
    }

    /// Prices of what takes longer than a transition that is known.
    enum Price {
        static let derivative = 15
        static let expression = 15
        static let row = 10
        static let state = 40
        static let thread = 10
        static let classes = 300
        static let alternative = 200
    }

    /// Deepest recursion into one expression or rule.
    static let maximumNesting = 2_000

    let limits: GrammarLimits
    private var allowance: Int
    private var left: Int
    private(set) var passed: Bound?

    /// An account for compiling.
    init(_ limits: GrammarLimits) {
        self.limits = limits
        allowance = limits.maximumCompilationWork
        left = allowance
    }

    /// A new call begins.
    mutating func begin() {
        allowance = limits.maximumWork
        left = allowance
    }

    /// Steps since the call began.
    var spent: Int { allowance - left }

    @inline(__always)
    mutating func charge(_ steps: Int) {
        left &-= steps
        if left < 0 { pass(.work(most: allowance)) }
    }

    mutating func pass(_ bound: Bound) {
        if passed == nil { passed = bound }
    }

    /// Why what was made since must not be trusted.
    func failure(at path: String) -> GrammarError? {
        switch passed {
        case nil: nil
        case .expressions:
            GrammarError(
                .tooLarge, at: path,
                "its patterns and rules have more than \(limits.maximumExpressions) states (maximumExpressions); make them simpler"
            )
        case .work(let most):
            GrammarError(
                .tooLarge, at: path,
                "deciding what may come next takes more than \(most) steps (\(most == limits.maximumWork ? "maximumWork" : "maximumCompilationWork")); make its patterns and alternatives simpler"
            )
        case .nesting:
            GrammarError(
                .tooLarge, at: path,
                "its patterns or rules use one another more than \(Self.maximumNesting) deep; make them simpler"
            )
        }
    }
}
