extension ExpressionParser {
    /// A class after its opening bracket.
    mutating func parseClass() throws(Fault) -> ScalarRangeSet {
        let start = position
        let isNegated = take("^")
        var set = ScalarRangeSet.empty
        var left: ScalarRangeSet?
        var isFirst = true
        func member(_ item: ScalarRangeSet) { set = set.union(item) }
        while true {
            guard let next = peek() else {
                throw Fault(message: "has a '[' without end", position: start - 1)
            }
            if next == "]", !isFirst {
                position += 1
                break
            }
            isFirst = false
            if take("&&") {
                left = left.map { $0.intersection(folded(set)) } ?? folded(set)
                set = .empty
                continue
            }
            if next == "[" {
                if let posix = try parsePOSIXClass() {
                    member(posix)
                } else {
                    position += 1
                    classDepth += 1
                    guard classDepth < 50 else { throw fault("is nested too deeply") }
                    member(try parseClass())
                    classDepth -= 1
                }
                continue
            }
            let (item, scalar) = try parseClassItem()
            // A dash between two scalars makes a range; at either end it stands for itself.
            guard let low = scalar, peek() == "-", let after = peek(1), after != "]" else {
                member(item)
                continue
            }
            let dash = position
            position += 1
            if peek() == "[" || peek() == "&" && peek(1) == "&" {
                position = dash
                member(item)
                continue
            }
            let (upper, high) = try parseClassItem()
            guard let high else {
                // `[a-\d]`: the dash is one of the members.
                member(item)
                member(ScalarRangeSet(0x2D))
                member(upper)
                continue
            }
            guard low <= high else { throw fault("has a range whose end is before its start") }
            member(ScalarRangeSet(low...high))
        }
        var result = folded(set)
        if let left { result = left.intersection(result) }
        return isNegated ? result.inverted : result
    }

    /// One member, and its scalar where it is just one.
    private mutating func parseClassItem() throws(Fault) -> (ScalarRangeSet, UInt32?) {
        if take("\\") {
            if peek() == "b" {
                position += 1
                return (ScalarRangeSet(0x08), 0x08)
            }
            // Superscripts are parts of words outside of classes only.
            if take("w") { return (ScalarProperties.wordInClass, nil) }
            if take("W") { return (ScalarProperties.wordInClass.inverted, nil) }
            let set = try parseClassEscape()
            let isSingle = set.bounds.count == 2 && set.bounds[0] + 1 == set.bounds[1]
            return (set, isSingle ? set.bounds[0] : nil)
        }
        let scalar = try nextScalar()
        return (ScalarRangeSet(scalar), scalar)
    }

    /// What an escape stands for, inside and outside of classes.
    mutating func parseClassEscape() throws(Fault) -> ScalarRangeSet {
        let start = position
        let scalar = try nextScalar()
        guard let letter = Unicode.Scalar(scalar).map(Character.init), letter.isASCII else {
            return ScalarRangeSet(scalar)
        }
        switch letter {
        case "s": return ScalarRangeSet(.whitespace)
        case "S": return ScalarRangeSet(.whitespace).inverted
        case "d": return ScalarProperties.digits
        case "D": return ScalarProperties.digits.inverted
        case "w": return ScalarProperties.word
        case "W": return ScalarProperties.word.inverted
        case "h": return ScalarProperties.hexDigits
        case "H": return ScalarProperties.hexDigits.inverted
        case "p", "P":
            guard take("{") else { throw fault("has '\\\(letter)' without a brace") }
            let isInverted = take("^") != (letter == "P")
            var name = ""
            while let next = peek(), next != "}" {
                name.append(next)
                position += next.unicodeScalars.count
            }
            guard take("}") else { throw fault("has a '{' without end") }
            guard let set = ScalarProperties.named(name) else {
                throw Fault(
                    message:
                        "names the property \(String(name.prefix(40)).debugDescription), which is not known",
                    position: start)
            }
            return isInverted ? set.inverted : set
        case "t": return ScalarRangeSet(0x09)
        case "n": return ScalarRangeSet(0x0A)
        case "r": return ScalarRangeSet(0x0D)
        case "f": return ScalarRangeSet(0x0C)
        case "v": return ScalarRangeSet(0x0B)
        case "a": return ScalarRangeSet(0x07)
        case "e": return ScalarRangeSet(0x1B)
        case "0": return ScalarRangeSet(0x00)
        case "u": return ScalarRangeSet(try parseHexadecimal(4...4))
        case "x":
            guard take("{") else { return ScalarRangeSet(try parseHexadecimal(1...2)) }
            let value = try parseHexadecimal(1...8)
            guard take("}") else { throw fault("has a '{' without end") }
            return ScalarRangeSet(value)
        case "a"..."z", "A"..."Z", "1"..."9":
            throw Fault(message: "uses '\\\(letter)', which is not built", position: start)
        default:
            return ScalarRangeSet(scalar)
        }
    }

    private mutating func parseHexadecimal(
        _ lengths: ClosedRange<Int>
    ) throws(Fault) -> UInt32 {
        var value: UInt32 = 0
        var count = 0
        while count < lengths.upperBound, let digit = peek()?.hexDigitValue {
            value = value << 4 | UInt32(digit)
            position += 1
            count += 1
        }
        guard count >= lengths.lowerBound, value < ScalarRangeSet.limit else {
            throw fault("has a hexadecimal escape that names no scalar")
        }
        return value
    }

    /// `[:alpha:]` or `[:^alpha:]`.
    private mutating func parsePOSIXClass() throws(Fault) -> ScalarRangeSet? {
        let start = position
        guard take("[:") else { return nil }
        let isInverted = take("^")
        var name = ""
        while let next = peek(), next.isASCII, next.isLetter {
            name.append(next)
            position += 1
        }
        guard take(":]"), let set = ScalarProperties.named(name) else {
            position = start
            return nil
        }
        return isInverted ? set.inverted : set
    }
}

/// Properties of scalars that expressions name.
enum ScalarProperties {
    static let digits = ScalarRangeSet(ScalarSet([.decimalNumber]))
    static let hexDigits = ScalarRangeSet(0x30...0x39).union(ScalarRangeSet(0x41...0x46))
        .union(ScalarRangeSet(0x61...0x66))
    /// `\w`: letters, marks, decimal numbers, connecting punctuation, and what else is alphabetic.
    static let word = wordInClass.union(superscripts)
    /// The same in a bracket.
    static let wordInClass = ScalarRangeSet([
        .letter, .mark, ScalarSet([.decimalNumber, .connectorPunctuation]),
    ])
    .union(alphabeticNumbers)

    /// Roman and other letter numbers, and circled letters.
    private static let alphabeticNumbers = ScalarRangeSet(ScalarSet([.letterNumber]))
        .union(ScalarRangeSet(0x24B6...0x24E9)).union(ScalarRangeSet(0x1F130...0x1F149))
        .union(ScalarRangeSet(0x1F150...0x1F169)).union(ScalarRangeSet(0x1F170...0x1F189))
    /// Numbers of Latin-1 that Oniguruma counts as parts of words.
    private static let superscripts = ScalarRangeSet(0xB2...0xB3).union(ScalarRangeSet(0xB9))
        .union(ScalarRangeSet(0xBC...0xBE))

    /// The property of that name; case, spaces, dashes and underlines do not count.
    static func named(_ name: String) -> ScalarRangeSet? {
        let name = name.lowercased().filter { $0 != " " && $0 != "-" && $0 != "_" }
        let key = longNames[name] ?? name
        // "l" is all whose short name begins with it.
        let members = categories.filter { $0.key == key || key.count == 1 && $0.key.hasPrefix(key) }
        guard members.isEmpty else {
            return ScalarRangeSet(ScalarSet(members.values.joined()))
        }
        switch key {
        case "any": return .all
        case "ascii": return ScalarRangeSet(0...0x7F)
        case "digit": return digits
        case "space", "whitespace": return ScalarRangeSet(.whitespace)
        case "blank":
            return ScalarRangeSet(ScalarSet([.spaceSeparator])).union(ScalarRangeSet(0x09))
        case "cntrl": return ScalarRangeSet(ScalarSet([.control, .whitespaceControl]))
        case "punct": return ScalarRangeSet([.punctuation, .symbol])
        case "xdigit": return hexDigits
        case "word": return wordInClass
        default: return ScriptRuns.set(named: key)
        }
    }

    /// General categories by their short names.
    private static let categories: [String: [ScalarKind]] = [
        "lu": [.uppercaseLetter], "ll": [.lowercaseLetter], "lt": [.titlecaseLetter],
        "lm": [.modifierLetter], "lo": [.otherLetter], "mn": [.nonspacingMark],
        "mc": [.spacingMark], "me": [.enclosingMark], "nd": [.decimalNumber],
        "nl": [.letterNumber], "no": [.otherNumber], "pc": [.connectorPunctuation],
        "pd": [.dashPunctuation], "ps": [.openPunctuation], "pe": [.closePunctuation],
        "pi": [.initialPunctuation], "pf": [.finalPunctuation], "po": [.otherPunctuation],
        "sm": [.mathSymbol], "sc": [.currencySymbol], "sk": [.modifierSymbol],
        "so": [.otherSymbol], "zs": [.spaceSeparator], "zl": [.lineSeparator],
        "zp": [.paragraphSeparator], "cc": [.control, .whitespaceControl], "cf": [.format],
        "cs": [.surrogate], "co": [.privateUse], "cn": [.unassigned],
    ]

    /// Their long names.
    private static let longNames: [String: String] = [
        "letter": "l", "uppercaseletter": "lu", "lowercaseletter": "ll", "titlecaseletter": "lt",
        "modifierletter": "lm", "otherletter": "lo", "mark": "m", "nonspacingmark": "mn",
        "spacingmark": "mc", "enclosingmark": "me", "number": "n", "decimalnumber": "nd",
        "letternumber": "nl", "othernumber": "no", "punctuation": "p",
        "connectorpunctuation": "pc", "dashpunctuation": "pd", "openpunctuation": "ps",
        "closepunctuation": "pe", "initialpunctuation": "pi", "finalpunctuation": "pf",
        "otherpunctuation": "po", "symbol": "s", "mathsymbol": "sm", "currencysymbol": "sc",
        "modifiersymbol": "sk", "othersymbol": "so", "separator": "z", "spaceseparator": "zs",
        "lineseparator": "zl", "paragraphseparator": "zp", "other": "c", "control": "cc",
        "format": "cf", "surrogate": "cs", "privateuse": "co", "unassigned": "cn",
    ]
}

extension ScalarSet {
    init(_ kinds: some Sequence<ScalarKind>) {
        self.init(rawValue: kinds.reduce(0) { $0 | 1 << UInt32($1.rawValue) })
    }

    /// What may have another case: letters, Roman numerals, circled letters, and marks such as U+0345.
    static let cased = ScalarSet([
        .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .letterNumber, .otherSymbol,
        .nonspacingMark,
    ])
}
