/// Reads Oniguruma's syntax, as much of it as tokenizers use.
///
/// Literals and escapes, classes with ranges, `\p{..}`, nesting and `&&`, groups, `(?i)`, alternatives,
/// quantifiers of every greed, look-around and anchors. Groups capture nothing, and there are no back
/// references (Oniguruma's doc/RE is the specification).
struct ExpressionParser {
    /// What is wrong and at which scalar.
    struct Fault: Error {
        var message: String
        var position: Int
    }

    struct Options {
        var ignoresCase = false
        /// `(?m)`: a dot takes line feeds too.
        var dotMatchesAll = false
        /// `(?x)`: white space and comments are left out.
        var isExtended = false
    }

    let pattern: [UInt32]
    var position = 0
    var options = Options()
    private var depth = 0
    var classDepth = 0
    /// Quantifiers of what has one already, in the whole pattern: each makes the tree deeper, as groups do.
    private var stackedQuantifiers = 0

    private static let maximumDepth = 100
    /// More repetitions of a part than anybody writes.
    private static let maximumCount = 10_000

    init(_ pattern: String) {
        self.pattern = pattern.unicodeScalars.map(\.value)
    }

    mutating func parse() throws(Fault) -> Expression {
        let expression = try parseAlternatives()
        guard position == pattern.count else { throw fault("has a ')' too many") }
        return expression
    }

    // MARK: Reading

    func fault(_ message: String) -> Fault {
        Fault(message: message, position: position)
    }

    func peek(_ offset: Int = 0) -> Character? {
        guard position + offset < pattern.count,
            let scalar = Unicode.Scalar(pattern[position + offset])
        else { return nil }
        return Character(scalar)
    }

    mutating func take(_ text: String) -> Bool {
        let scalars = text.unicodeScalars.map(\.value)
        guard pattern[position...].starts(with: scalars) else { return false }
        position += scalars.count
        return true
    }

    mutating func nextScalar() throws(Fault) -> UInt32 {
        guard position < pattern.count else { throw fault("ends too early") }
        position += 1
        return pattern[position - 1]
    }

    // MARK: Structure

    private mutating func parseAlternatives() throws(Fault) -> Expression {
        guard depth < Self.maximumDepth else { throw fault("is nested too deeply") }
        depth += 1
        defer { depth -= 1 }
        let outer = options
        defer { options = outer }
        var alternatives = [try parseSequence()]
        while take("|") {
            alternatives.append(try parseSequence())
        }
        return alternatives.count == 1 ? alternatives[0] : .alternatives(alternatives)
    }

    private mutating func parseSequence() throws(Fault) -> Expression {
        var parts: [Expression] = []
        while let next = peek(), next != "|", next != ")" {
            if options.isExtended, next.isWhitespace {
                position += 1
                continue
            }
            if options.isExtended, next == "#" {
                while let next = peek(), next != "\n" { position += next.unicodeScalars.count }
                continue
            }
            if let rest = try parseOptionSwitch() {
                // What follows belongs to it, alternatives too: `a(?i)b|c` is `a(?i:b|c)`.
                parts.append(rest)
                continue
            }
            guard let atom = try parseAtom() else { continue }
            parts.append(try parseQuantifiers(of: atom))
        }
        return parts.count == 1 ? parts[0] : parts.isEmpty ? .empty : .sequence(parts)
    }

    /// `(?i)` and its kin, with all that they hold for.
    private mutating func parseOptionSwitch() throws(Fault) -> Expression? {
        let start = position
        let outer = options
        guard take("(?"), try parseOptions(), take(")") else {
            position = start
            options = outer
            return nil
        }
        let rest = try parseAlternatives()
        options = outer
        return rest
    }

    /// `imx-imx`; false where something else stands.
    private mutating func parseOptions() throws(Fault) -> Bool {
        let start = position
        var isOn = true
        while let next = peek() {
            switch next {
            case "-": isOn = false
            case "i": options.ignoresCase = isOn
            case "m": options.dotMatchesAll = isOn
            case "x": options.isExtended = isOn
            default: return position > start
            }
            position += 1
        }
        return false
    }

    /// One atom; nothing for a comment.
    private mutating func parseAtom() throws(Fault) -> Expression? {
        let start = position
        guard let next = peek() else { throw fault("ends too early") }
        switch next {
        case "(":
            return try parseGroup()
        case "[":
            position += 1
            return .set(try parseClass())
        case ".":
            position += 1
            return .set(options.dotMatchesAll ? .all : ScalarRangeSet(0x0A).inverted)
        case "^":
            position += 1
            return .assertion(.lineStart)
        case "$":
            position += 1
            return .assertion(.lineEnd)
        case "\\":
            position += 1
            return try parseEscape()
        case "*", "+", "?":
            throw Fault(message: "has nothing before '\(next)'", position: start)
        default:
            return .set(folded(ScalarRangeSet(try nextScalar())))
        }
    }

    func folded(_ set: ScalarRangeSet) -> ScalarRangeSet {
        options.ignoresCase ? CaseFolding.closure(of: set) : set
    }

    private mutating func parseGroup() throws(Fault) -> Expression? {
        let start = position
        position += 1
        let outer = options
        defer { options = outer }
        func closed(_ body: Expression) throws(Fault) -> Expression {
            guard take(")") else { throw Fault(message: "has a '(' without end", position: start) }
            return body
        }
        guard take("?") else { return try closed(parseAlternatives()) }
        if take("#") {
            while let next = peek(), next != ")" { position += next.unicodeScalars.count }
            _ = try closed(.empty)
            return nil
        }
        if take(":") { return try closed(parseAlternatives()) }
        if take(">") { return try closed(.atomic(parseAlternatives())) }
        if take("=") { return try closed(.lookahead(parseAlternatives(), isNegative: false)) }
        if take("!") { return try closed(.lookahead(parseAlternatives(), isNegative: true)) }
        if take("<=") { return try closed(parseLookbehind(isNegative: false)) }
        if take("<!") { return try closed(parseLookbehind(isNegative: true)) }
        if take("<") || take("'") {
            while let next = peek(), next != ">", next != "'" {
                position += next.unicodeScalars.count
            }
            _ = try nextScalar()
            return try closed(parseAlternatives())
        }
        guard try parseOptions(), take(":") else { throw fault("has a group of an unknown kind") }
        return try closed(parseAlternatives())
    }

    private mutating func parseLookbehind(isNegative: Bool) throws(Fault) -> Expression {
        let start = position
        let body = try parseAlternatives()
        let alternatives = if case .alternatives(let parts) = body { parts } else { [body] }
        guard alternatives.allSatisfy({ $0.fixedLength != nil }) else {
            throw Fault(message: "looks behind for a text without fixed length", position: start)
        }
        let parts = alternatives.map { Expression.lookbehind($0, isNegative: isNegative) }
        return parts.count == 1
            ? parts[0] : isNegative ? .sequence(parts) : .alternatives(parts)
    }

    // MARK: Quantifiers

    private mutating func parseQuantifiers(of atom: Expression) throws(Fault) -> Expression {
        var expression = atom
        var isStacked = false
        while let (minimum, maximum, isInterval) = try parseCounts() {
            if isStacked { stackedQuantifiers += 1 }
            guard stackedQuantifiers < Self.maximumDepth else {
                throw fault("is nested too deeply")
            }
            isStacked = true
            var greed = Expression.Greed.greedy
            var (low, high) = (minimum, maximum)
            if isInterval {
                if minimum == maximum, take("?") {
                    // `{n}?` takes it or leaves it; `{n,m}?` is lazy.
                    expression = .repeated(
                        expression, minimum: minimum, maximum: maximum, .greedy)
                    (low, high) = (0, 1)
                } else if take("?") {
                    greed = .lazy
                }
            } else if take("?") {
                greed = .lazy
            } else if take("+") {
                greed = .possessive
            }
            expression = .repeated(expression, minimum: low, maximum: high, greed)
        }
        return expression
    }

    private mutating func parseCounts() throws(Fault) -> (Int, Int?, isInterval: Bool)? {
        if take("*") { return (0, nil, false) }
        if take("+") { return (1, nil, false) }
        if take("?") { return (0, 1, false) }
        let start = position
        guard take("{") else { return nil }
        let low = try parseNumber()
        let hasComma = take(",")
        let high = hasComma ? try parseNumber() : low
        guard take("}"), low != nil || hasComma && high != nil else {
            // A brace that counts nothing stands for itself.
            position = start
            return nil
        }
        if let low, let high, low > high {
            throw fault("has an interval whose end is before its start")
        }
        return (low ?? 0, high, true)
    }

    private mutating func parseNumber() throws(Fault) -> Int? {
        var number: Int?
        while let digit = peek()?.wholeNumberValue, peek()?.isASCII == true {
            number = (number ?? 0) * 10 + digit
            guard number ?? 0 <= Self.maximumCount else {
                throw fault("repeats a part more than \(Self.maximumCount) times")
            }
            position += 1
        }
        return number
    }

    // MARK: Escapes

    /// What follows a backslash outside a class.
    private mutating func parseEscape() throws(Fault) -> Expression {
        guard let next = peek() else { throw fault("ends with a backslash") }
        switch next {
        case "A":
            position += 1
            return .assertion(.textStart)
        case "z":
            position += 1
            return .assertion(.textEnd)
        case "Z":
            position += 1
            return .assertion(.textEndOrLastLineFeed)
        case "b":
            position += 1
            return .assertion(.wordBoundary)
        case "B":
            position += 1
            return .assertion(.noWordBoundary)
        case "R":
            position += 1
            let crlf = Expression.sequence([.set(ScalarRangeSet(0x0D)), .set(ScalarRangeSet(0x0A))])
            let breaks = ScalarRangeSet(0x0A...0x0D).union(ScalarRangeSet(0x85))
                .union(ScalarRangeSet(0x2028...0x2029))
            return .atomic(.alternatives([crlf, .set(breaks)]))
        case "G", "K", "X", "k", "g", "y", "Y", "1"..."9":
            throw fault("uses '\\\(next)', which is not built")
        default:
            return .set(folded(try parseClassEscape()))
        }
    }
}
