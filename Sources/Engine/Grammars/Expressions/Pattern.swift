/// A regular expression of ECMA-262 as a tree; groups capture nothing.
indirect enum Pattern: Sendable {
    case set(ScalarRanges)
    case sequence([Pattern])
    case alternatives([Pattern])
    case repetition(Pattern, minimum: Int, maximum: Int?)
    case start
    case end
    case lookahead(Pattern, isNegative: Bool)

    /// Whether an anchor or a look ahead is somewhere inside.
    var looksAround: Bool {
        switch self {
        case .set: false
        case .start, .end, .lookahead: true
        case .sequence(let parts), .alternatives(let parts): parts.contains { $0.looksAround }
        case .repetition(let body, _, _): body.looksAround
        }
    }

    /// What is wrong with a pattern.
    struct Fault: Error {
        var message: String
        var isUnsupported = false
    }
}

/// Reads the syntax of ECMA-262's regular expressions (section 22.2), in Unicode mode and lenient about escapes.
struct PatternParser {
    private let scalars: [Unicode.Scalar]
    private var position = 0
    private var depth = 0
    private var ignoresCase = false

    private static let maximumDepth = 100
    private static let maximumCount = 100_000

    init(_ pattern: String) {
        scalars = Array(pattern.unicodeScalars)
    }

    mutating func parse() throws(Pattern.Fault) -> Pattern {
        if take("(?i)") { ignoresCase = true }
        let pattern = try alternatives()
        guard position == scalars.count else { throw fault("has a ')' too many") }
        return pattern
    }

    private func fault(_ message: String) -> Pattern.Fault {
        Pattern.Fault(message: "\(message), at character \(position + 1)")
    }

    private func unsupported(_ what: String) -> Pattern.Fault {
        Pattern.Fault(
            message: "uses \(what), which cannot be enforced, at character \(position + 1)",
            isUnsupported: true)
    }

    private func peek(_ offset: Int = 0) -> Unicode.Scalar? {
        position + offset < scalars.count ? scalars[position + offset] : nil
    }

    private mutating func take(_ text: String) -> Bool {
        guard scalars[position...].starts(with: text.unicodeScalars) else { return false }
        position += text.unicodeScalars.count
        return true
    }

    private mutating func next() throws(Pattern.Fault) -> Unicode.Scalar {
        guard let scalar = peek() else { throw fault("ends too early") }
        position += 1
        return scalar
    }

    private mutating func alternatives() throws(Pattern.Fault) -> Pattern {
        guard depth < Self.maximumDepth else { throw fault("is nested too deeply") }
        depth += 1
        defer { depth -= 1 }
        var parts = [try sequence()]
        while take("|") { parts.append(try sequence()) }
        return parts.count == 1 ? parts[0] : .alternatives(parts)
    }

    private mutating func sequence() throws(Pattern.Fault) -> Pattern {
        var parts: [Pattern] = []
        while let scalar = peek(), scalar != "|", scalar != ")" {
            var atom = try self.atom()
            var stacked = 0
            while let (minimum, maximum) = try counts() {
                atom = .repetition(atom, minimum: minimum, maximum: maximum)
                stacked += 1
                guard stacked < Self.maximumDepth else { throw fault("is nested too deeply") }
                if take("?") { continue }  // a lazy one matches the same texts
                if peek() == "+" { throw unsupported("a possessive quantifier") }
            }
            parts.append(atom)
        }
        return parts.count == 1 ? parts[0] : .sequence(parts)
    }

    private mutating func counts() throws(Pattern.Fault) -> (Int, Int?)? {
        if take("*") { return (0, nil) }
        if take("+") { return (1, nil) }
        if take("?") { return (0, 1) }
        let start = position
        guard take("{") else { return nil }
        let low = try number()
        var high = low
        if take(",") { high = try number() }
        guard let low, take("}") else {
            // A brace that counts nothing stands for itself.
            position = start
            return nil
        }
        if let high, low > high { throw fault("has an interval whose end is before its start") }
        return (low, high)
    }

    private mutating func number() throws(Pattern.Fault) -> Int? {
        var number: Int?
        while let scalar = peek(), ("0"..."9").contains(scalar) {
            number = (number ?? 0) * 10 + Int(scalar.value - 0x30)
            guard number ?? 0 <= Self.maximumCount else {
                throw fault("repeats a part more than \(Self.maximumCount) times")
            }
            position += 1
        }
        return number
    }

    private mutating func atom() throws(Pattern.Fault) -> Pattern {
        if scalars[position] == "{", try counts() != nil {
            throw fault("has nothing before '{'")
        }
        let scalar = try next()
        switch scalar {
        case "(": return try group()
        case "[": return .set(try characterClass())
        case ".": return .set(ScalarRanges.lineEnds.inverted)
        case "^": return .start
        case "$": return .end
        case "\\": return try escape()
        case "*", "+", "?":
            position -= 1
            throw fault("has nothing before '\(scalar)'")
        default: return .set(cased(ScalarRanges(scalar.value)))
        }
    }

    private func cased(_ set: ScalarRanges) -> ScalarRanges {
        ignoresCase ? set.ignoringASCIICase : set
    }

    private mutating func group() throws(Pattern.Fault) -> Pattern {
        var wrap: (Pattern) -> Pattern = { $0 }
        if take("?") {
            if take(":") {
            } else if take("=") {
                wrap = { .lookahead($0, isNegative: false) }
            } else if take("!") {
                wrap = { .lookahead($0, isNegative: true) }
            } else if take("<=") || take("<!") {
                throw unsupported("a look behind")
            } else if take("<") || take("P<") {
                while try next() != ">" {}
            } else {
                throw unsupported("a group of another kind than '(?:', '(?=' and '(?!'")
            }
        }
        let body = try alternatives()
        guard take(")") else { throw fault("has a '(' without end") }
        return wrap(body)
    }

    private mutating func escape() throws(Pattern.Fault) -> Pattern {
        guard let scalar = peek() else { throw fault("ends with a backslash") }
        switch scalar {
        case "b", "B": throw unsupported("a word boundary")
        case "1"..."9": throw unsupported("a reference back to a group")
        case "k": throw unsupported("a reference back to a group")
        case "A":
            position += 1
            return .start
        case "Z", "z":
            position += 1
            return .end
        default: return .set(cased(try escapedSet()))
        }
    }

    /// What follows a backslash, in and outside of brackets.
    private mutating func escapedSet() throws(Pattern.Fault) -> ScalarRanges {
        let scalar = try next()
        switch scalar {
        case "d": return .digits
        case "D": return ScalarRanges.digits.inverted
        case "w": return .word
        case "W": return ScalarRanges.word.inverted
        case "s": return .space
        case "S": return ScalarRanges.space.inverted
        case "t": return ScalarRanges(0x09)
        case "n": return ScalarRanges(0x0A)
        case "v": return ScalarRanges(0x0B)
        case "f": return ScalarRanges(0x0C)
        case "r": return ScalarRanges(0x0D)
        case "a": return ScalarRanges(0x07)
        case "e": return ScalarRanges(0x1B)
        case "0": return ScalarRanges(0x00)
        case "c":
            let letter = try next()
            guard letter.properties.isAlphabetic, letter.isASCII else {
                throw fault("has '\\c' without a letter")
            }
            return ScalarRanges(letter.value & 0x1F)
        case "x": return ScalarRanges(try hexadecimal(2))
        case "u":
            if take("{") {
                var value: UInt32 = 0
                while !take("}") {
                    guard let digit = Character(try next()).hexDigitValue, value <= 0x10FFFF else {
                        throw fault("has a '\\u{' that names no character")
                    }
                    value = value << 4 | UInt32(digit)
                }
                guard value <= 0x10FFFF else {
                    throw fault("has a '\\u{' that names no character")
                }
                return ScalarRanges(value)
            }
            let high = try hexadecimal(4)
            guard (0xD800...0xDBFF).contains(high), take("\\u") else { return ScalarRanges(high) }
            let low = try hexadecimal(4)
            guard (0xDC00...0xDFFF).contains(low) else { throw fault("has half a surrogate pair") }
            return ScalarRanges(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
        case "p", "P":
            var name = ""
            if take("{") {
                while true {
                    let scalar = try next()
                    if scalar == "}" { break }
                    name.unicodeScalars.append(scalar)
                }
            } else {
                name.unicodeScalars.append(try next())
            }
            if let equals = name.firstIndex(of: "=") {
                guard ["gc", "General_Category"].contains(String(name[..<equals])) else {
                    throw unsupported("the property '\(name.prefix(40))'")
                }
                name = String(name[name.index(after: equals)...])
            }
            guard let set = ScalarRanges.category(name) else {
                throw unsupported("the property '\(name.prefix(40))'")
            }
            return scalar == "P" ? set.inverted : set
        default:
            return ScalarRanges(scalar.value)
        }
    }

    private mutating func hexadecimal(_ count: Int) throws(Pattern.Fault) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<count {
            guard let digit = Character(try next()).hexDigitValue else {
                throw fault("has an escape with too few hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    /// A class after its opening bracket.
    private mutating func characterClass() throws(Pattern.Fault) -> ScalarRanges {
        let isNegated = take("^")
        // Joined once at the end: a class may name very many scalars.
        var ranges: [ClosedRange<UInt32>] = []
        while !take("]") {
            if take("[:") {
                throw unsupported("a POSIX class")
            }
            let (item, low) = try classItem()
            guard let low, peek() == "-", let after = peek(1), after != "]" else {
                ranges += item.ranges
                continue
            }
            position += 1
            let (upper, high) = try classItem()
            guard let high else {
                ranges += item.ranges + upper.ranges + [0x2D...0x2D]
                continue
            }
            guard low <= high else { throw fault("has a range whose end is before its start") }
            ranges.append(low...high)
        }
        let result = cased(ScalarRanges(ranges))
        return isNegated ? result.inverted : result
    }

    /// One member of a class, and its scalar where it is just one.
    private mutating func classItem() throws(Pattern.Fault) -> (ScalarRanges, UInt32?) {
        guard peek() != nil else { throw fault("has a '[' without end") }
        let scalar = try next()
        guard scalar == "\\" else { return (ScalarRanges(scalar.value), scalar.value) }
        if take("b") { return (ScalarRanges(0x08), 0x08) }
        let set = try escapedSet()
        let isSingle = set.ranges.count == 1 && set.ranges[0].count == 1
        return (set, isSingle ? set.ranges[0].lowerBound : nil)
    }
}

extension ExpressionPool {
    /// Any one scalar.
    mutating func anyScalar() -> ID {
        scalars(.all)
    }

    /// Any text, and its end.
    mutating func anyText() -> ID {
        let any = repetition(anyScalar(), 0, nil)
        return concatenation(any, byte(Self.end))
    }

    /// Texts in which `pattern` is found somewhere, with their end.
    mutating func search(_ pattern: Pattern) throws(Pattern.Fault) -> ID {
        let any = repetition(anyScalar(), 0, nil)
        let end = byte(Self.end)
        let rest = alternatives([Self.empty, concatenation(any, end)])
        let found = try compile(pattern, before: rest)
        let anywhere = alternatives([Self.empty, concatenation(byte(Self.start), any)])
        let whole = sequence([byte(Self.start), any, end])
        return step(conjunction([concatenation(anywhere, found), whole]), Self.start)
    }

    /// Texts that are one match of `pattern`, with their end.
    mutating func wholeMatch(_ pattern: Pattern) throws(Pattern.Fault) -> ID {
        let optional = alternatives([Self.empty, byte(Self.start)])
        let end = alternatives([Self.empty, byte(Self.end)])
        let any = repetition(anyScalar(), 0, nil)
        let found = concatenation(optional, try compile(pattern, before: end))
        let whole = sequence([byte(Self.start), any, byte(Self.end)])
        return step(conjunction([found, whole]), Self.start)
    }

    /// A pattern and what follows it; anchors are the bytes ``start`` and ``end``.
    private mutating func compile(
        _ pattern: Pattern, before rest: ID
    ) throws(Pattern.Fault) -> ID {
        switch pattern {
        case .set(let set): return concatenation(scalars(set), rest)
        case .start: return concatenation(byte(Self.start), rest)
        case .end: return concatenation(byte(Self.end), rest)
        case .sequence(let parts):
            var result = rest
            for part in parts.reversed() { result = try compile(part, before: result) }
            return result
        case .alternatives(let parts):
            guard pattern.looksAround else {
                var bodies: [ID] = []
                for part in parts { bodies.append(try compile(part, before: Self.empty)) }
                return concatenation(alternatives(bodies), rest)
            }
            var results: [ID] = []
            for part in parts { results.append(try compile(part, before: rest)) }
            return alternatives(results)
        case .repetition(let body, let minimum, let maximum):
            guard body.looksAround else {
                return concatenation(
                    repetition(try compile(body, before: Self.empty), minimum, maximum), rest)
            }
            guard minimum <= 1, maximum == 1 else {
                throw Pattern.Fault(
                    message: "repeats an anchor or a look ahead, which cannot be enforced",
                    isUnsupported: true)
            }
            let once = try compile(body, before: rest)
            return minimum == 0 ? alternatives([once, rest]) : once
        case .lookahead(let body, let isNegative):
            let any = repetition(anyScalar(), 0, nil)
            let tail = alternatives([Self.empty, concatenation(any, byte(Self.end))])
            let seen = try compile(body, before: tail)
            return conjunction([isNegative ? complement(seen) : seen, rest])
        }
    }
}
