/// A regular expression as instructions for ``ExpressionMatcher``.
struct ExpressionProgram: Sendable {
    enum Instruction: Sendable {
        /// One scalar of a table.
        case set(Int)
        /// As many scalars of a table as there are, at least `minimum` and at most `maximum`; gives them back one
        /// by one unless it is possessive.
        case run(table: Int, minimum: Int, maximum: Int, isPossessive: Bool)
        /// First one way, then the other; the first only where the next scalar is in the table. Choices are
        /// numbered.
        case split(first: Int, second: Int, table: Int, number: Int)
        case jump(Int)
        /// Runs the instructions up to `end` apart.
        case look(end: Int, isNegative: Bool)
        case lookBehind(length: Int, end: Int, isNegative: Bool)
        case atomic(end: Int)
        case assert(Expression.Assertion)
        case accept
    }

    struct TooLarge: Error {}

    private(set) var instructions: [Instruction] = []
    private(set) var tables: [ScalarTable] = []
    /// Scalars that a match can begin with.
    let first: ScalarTable?
    private var sets: [ScalarRangeSet] = []
    /// Whether runs are one instruction; else every choice is a ``Instruction/split(first:second:table:number:)``.
    private let hasRuns: Bool

    static let noTable = -1
    private static let maximumCount = 20_000
    /// What is remembered of a text is a bit for each of them and byte.
    private static let maximumChoices = 500
    /// Instructions that choose.
    private(set) var choiceCount = 0

    init(_ expression: Expression, hasRuns: Bool) throws(TooLarge) {
        self.hasRuns = hasRuns
        first = expression.first.map(ScalarTable.init)
        try append(expression)
        try append(.accept)
    }

    private mutating func append(_ instruction: Instruction) throws(TooLarge) {
        guard instructions.count < Self.maximumCount else { throw TooLarge() }
        instructions.append(instruction)
    }

    private mutating func nextNumber() throws(TooLarge) -> Int {
        guard choiceCount < Self.maximumChoices || hasRuns else { throw TooLarge() }
        choiceCount += 1
        return choiceCount - 1
    }

    private mutating func table(_ set: ScalarRangeSet) -> Int {
        if let index = sets.firstIndex(of: set) { return index }
        sets.append(set)
        tables.append(ScalarTable(set))
        return tables.count - 1
    }

    private mutating func append(_ expression: Expression) throws(TooLarge) {
        switch expression {
        case .empty:
            break
        case .set(let set):
            try append(.set(table(set)))
        case .sequence(let parts):
            for part in parts { try append(part) }
        case .alternatives(let parts):
            try appendAlternatives(parts)
        case .assertion(let assertion):
            try append(.assert(assertion))
        case .atomic(let body):
            try appendBlock(body) { .atomic(end: $0) }
        case .lookahead(let body, let isNegative):
            try appendBlock(body) { .look(end: $0, isNegative: isNegative) }
        case .lookbehind(let body, let isNegative):
            let length = body.fixedLength ?? 0
            try appendBlock(body) { .lookBehind(length: length, end: $0, isNegative: isNegative) }
        case .repeated(let body, let minimum, let maximum, let greed):
            try appendRepetition(body, minimum, maximum, greed)
        }
    }

    private mutating func appendBlock(
        _ body: Expression, _ instruction: (Int) -> Instruction
    ) throws(TooLarge) {
        let start = instructions.count
        try append(.accept)
        try append(body)
        try append(.accept)
        instructions[start] = instruction(instructions.count)
    }

    private mutating func appendAlternatives(_ parts: [Expression]) throws(TooLarge) {
        var ends: [Int] = []
        for (index, part) in parts.enumerated() {
            guard index + 1 < parts.count else {
                try append(part)
                break
            }
            let split = instructions.count
            let guardTable = part.first.map { table($0) } ?? Self.noTable
            try append(.accept)
            try append(part)
            ends.append(instructions.count)
            try append(.accept)
            instructions[split] = .split(
                first: split + 1, second: instructions.count, table: guardTable,
                number: try nextNumber())
        }
        for end in ends { instructions[end] = .jump(instructions.count) }
    }

    private mutating func appendRepetition(
        _ body: Expression, _ minimum: Int, _ maximum: Int?, _ greed: Expression.Greed
    ) throws(TooLarge) {
        if hasRuns, case .set(let set) = body, greed != .lazy {
            try append(
                .run(
                    table: table(set), minimum: minimum, maximum: maximum ?? .max,
                    isPossessive: greed == .possessive))
            return
        }
        if greed == .possessive {
            try append(.atomic(.repeated(body, minimum: minimum, maximum: maximum, .greedy)))
            return
        }
        for _ in 0..<minimum {
            let count = instructions.count
            try append(body)
            // Nothing, however often it is repeated: no limit on instructions would ever end this.
            if instructions.count == count { break }
        }
        let guardTable =
            greed == .lazy ? Self.noTable : body.first.map { table($0) } ?? Self.noTable
        func split(_ inside: Int, _ after: Int, _ number: Int) -> Instruction {
            greed == .lazy
                ? .split(first: after, second: inside, table: Self.noTable, number: number)
                : .split(first: inside, second: after, table: guardTable, number: number)
        }
        guard let maximum else {
            let start = instructions.count
            try append(.accept)
            try append(body)
            try append(.jump(start))
            instructions[start] = split(start + 1, instructions.count, try nextNumber())
            return
        }
        var splits: [Int] = []
        for _ in 0..<max(0, maximum - minimum) {
            splits.append(instructions.count)
            try append(.accept)
            try append(body)
        }
        for place in splits {
            instructions[place] = split(place + 1, instructions.count, try nextNumber())
        }
    }
}
