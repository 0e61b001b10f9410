/// A grammar in llama.cpp's GBNF, as rules by number.
struct GBNFGrammar: Sendable {
    indirect enum Body: Sendable {
        case set(ScalarRanges)
        case text([UInt8])
        case rule(Int)
        case sequence([Body])
        case alternatives([Body])
        case repetition(Body, minimum: Int, maximum: Int?)
    }

    var names: [String] = []
    var bodies: [Body?] = []
    var root = 0
}

/// Reads GBNF (llama.cpp, grammars/README.md): rules `name ::= ...` with literals, classes, groups, `* + ? {m,n}` and comments.
struct GBNFParser {
    private let scalars: [Unicode.Scalar]
    private var position = 0
    private var depth = 0
    private var grammar = GBNFGrammar()
    private var numbers: [String: Int] = [:]
    private var firstUse: [Int] = []

    private static let maximumDepth = 100
    private static let maximumCount = 10_000
    private static let maximumRules = 10_000

    init(_ text: String) {
        scalars = Array(text.unicodeScalars)
    }

    mutating func parse() throws(GrammarError) -> GBNFGrammar {
        skipSpace(acrossLines: true)
        while position < scalars.count {
            try rule()
            skipSpace(acrossLines: true)
        }
        for (number, body) in grammar.bodies.enumerated() where body == nil {
            position = firstUse[number]
            throw fault("uses the rule '\(grammar.names[number])', which is not defined")
        }
        guard let root = numbers["root"] else { throw fault("has no rule 'root'") }
        grammar.root = root
        return grammar
    }

    private func fault(_ message: String) -> GrammarError {
        let before = scalars[..<min(position, scalars.count)]
        let line = before.count { $0 == "\n" } + 1
        let column = before.count - (before.lastIndex(of: "\n").map { $0 + 1 } ?? 0) + 1
        return GrammarError(
            .invalid, at: "line \(line), column \(column)", "the grammar \(message)")
    }

    private func peek(_ offset: Int = 0) -> Unicode.Scalar? {
        position + offset < scalars.count ? scalars[position + offset] : nil
    }

    private mutating func take(_ text: String) -> Bool {
        guard scalars[position...].starts(with: text.unicodeScalars) else { return false }
        position += text.unicodeScalars.count
        return true
    }

    private mutating func skipSpace(acrossLines: Bool) {
        while let scalar = peek() {
            if scalar == " " || scalar == "\t" || acrossLines && (scalar == "\n" || scalar == "\r")
            {
                position += 1
            } else if scalar == "#" {
                while let next = peek(), next != "\n", next != "\r" { position += 1 }
            } else {
                return
            }
        }
    }

    private static func isName(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
            || scalar == "-" || scalar == "_"
    }

    private mutating func name() throws(GrammarError) -> Int {
        let start = position
        var name = ""
        while let scalar = peek(), Self.isName(scalar) {
            name.unicodeScalars.append(scalar)
            position += 1
        }
        guard !name.isEmpty else { throw fault("has something else where a rule's name should be") }
        if let number = numbers[name] { return number }
        guard grammar.names.count < Self.maximumRules else {
            throw fault("has more than \(Self.maximumRules) rules")
        }
        let number = grammar.names.count
        numbers[name] = number
        grammar.names.append(name)
        grammar.bodies.append(nil)
        firstUse.append(start)
        return number
    }

    private mutating func rule() throws(GrammarError) {
        let number = try name()
        skipSpace(acrossLines: false)
        guard take("::=") else { throw fault("has no '::=' behind a rule's name") }
        skipSpace(acrossLines: true)
        guard grammar.bodies[number] == nil else {
            throw fault("defines the rule '\(grammar.names[number])' twice")
        }
        grammar.bodies[number] = try alternatives(isNested: false)
        guard position == scalars.count || peek() == "\n" || peek() == "\r" else {
            throw fault("has something behind a rule's end")
        }
    }

    private mutating func alternatives(isNested: Bool) throws(GrammarError) -> GBNFGrammar.Body {
        guard depth < Self.maximumDepth else { throw fault("is nested too deeply") }
        depth += 1
        defer { depth -= 1 }
        var parts = [try sequence(isNested: isNested)]
        while take("|") {
            skipSpace(acrossLines: true)
            parts.append(try sequence(isNested: isNested))
        }
        return parts.count == 1 ? parts[0] : .alternatives(parts)
    }

    private mutating func sequence(isNested: Bool) throws(GrammarError) -> GBNFGrammar.Body {
        var parts: [GBNFGrammar.Body] = []
        while let scalar = peek() {
            var atom: GBNFGrammar.Body
            switch scalar {
            case "\"": atom = .text(try literal())
            case "[": atom = .set(try characterClass())
            case ".":
                position += 1
                atom = .set(.all)
            case "(":
                position += 1
                skipSpace(acrossLines: true)
                atom = try alternatives(isNested: true)
                guard take(")") else { throw fault("has a '(' without end") }
            case _ where Self.isName(scalar): atom = .rule(try name())
            default: return .sequence(parts)
            }
            skipSpace(acrossLines: isNested)
            while let (minimum, maximum) = try counts() {
                atom = .repetition(atom, minimum: minimum, maximum: maximum)
                skipSpace(acrossLines: isNested)
            }
            parts.append(atom)
        }
        return .sequence(parts)
    }

    private mutating func counts() throws(GrammarError) -> (Int, Int?)? {
        if take("*") { return (0, nil) }
        if take("+") { return (1, nil) }
        if take("?") { return (0, 1) }
        guard take("{") else { return nil }
        let low = try number()
        var high = low
        if take(",") { high = try number() }
        guard take("}"), low != nil || high != nil else {
            throw fault("has a '{' that is no number of times")
        }
        if let low, let high, low > high {
            throw fault("has an interval whose end is before its start")
        }
        return (low ?? 0, high)
    }

    private mutating func number() throws(GrammarError) -> Int? {
        skipSpace(acrossLines: false)
        var number: Int?
        while let scalar = peek(), ("0"..."9").contains(scalar) {
            number = (number ?? 0) * 10 + Int(scalar.value - 0x30)
            guard number ?? 0 <= Self.maximumCount else {
                throw fault("repeats a part more than \(Self.maximumCount) times")
            }
            position += 1
        }
        skipSpace(acrossLines: false)
        return number
    }

    private mutating func literal() throws(GrammarError) -> [UInt8] {
        position += 1
        var text = String.UnicodeScalarView()
        while !take("\"") { text.append(try character()) }
        return Array(String(text).utf8)
    }

    private mutating func characterClass() throws(GrammarError) -> ScalarRanges {
        position += 1
        let isNegated = take("^")
        var ranges: [ClosedRange<UInt32>] = []
        while !take("]") {
            let low = try character().value
            var high = low
            if peek() == "-", peek(1) != "]" {
                position += 1
                high = try character().value
            }
            guard low <= high else { throw fault("has a range whose end is before its start") }
            ranges.append(low...high)
        }
        let set = ScalarRanges(ranges)
        return isNegated ? set.inverted : set
    }

    /// One character of a literal or class, escaped or not.
    private mutating func character() throws(GrammarError) -> Unicode.Scalar {
        guard let scalar = peek(), scalar != "\n" else { throw fault("has a literal without end") }
        position += 1
        guard scalar == "\\" else { return scalar }
        guard let letter = peek() else { throw fault("ends with a backslash") }
        position += 1
        switch letter {
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "x": return try hexadecimal(2)
        case "u": return try hexadecimal(4)
        case "U": return try hexadecimal(8)
        default: return letter
        }
    }

    private mutating func hexadecimal(_ count: Int) throws(GrammarError) -> Unicode.Scalar {
        var value: UInt32 = 0
        for _ in 0..<count {
            guard let digit = peek().flatMap({ Character($0).hexDigitValue }) else {
                throw fault("has an escape with too few hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        guard let scalar = Unicode.Scalar(value) else {
            throw fault("has an escape that names no character")
        }
        return scalar
    }
}
