/// A set of Unicode scalars as ascending ranges that do not touch.
struct ScalarRanges: Sendable, Equatable {
    private(set) var ranges: [ClosedRange<UInt32>]

    static let all = ScalarRanges([0...0xD7FF, 0xE000...0x10FFFF])

    init(_ ranges: [ClosedRange<UInt32>]) {
        self.ranges = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = self.ranges.last, range.lowerBound <= last.upperBound + 1 {
                self.ranges[self.ranges.count - 1] =
                    last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                self.ranges.append(range)
            }
        }
    }

    init(_ scalar: UInt32) {
        ranges = [scalar...scalar]
    }

    func union(_ other: ScalarRanges) -> ScalarRanges {
        ScalarRanges(ranges + other.ranges)
    }

    /// Every scalar that is not in it.
    var inverted: ScalarRanges {
        var result: [ClosedRange<UInt32>] = []
        var next: UInt32 = 0
        for range in ranges {
            if range.lowerBound > next { result.append(next...range.lowerBound - 1) }
            next = range.upperBound + 1
        }
        if next <= 0x10FFFF { result.append(next...0x10FFFF) }
        return ScalarRanges(result).withoutSurrogates
    }

    private var withoutSurrogates: ScalarRanges {
        ScalarRanges(
            ranges.flatMap { range -> [ClosedRange<UInt32>] in
                guard range.overlaps(0xD800...0xDFFF) else { return [range] }
                var parts: [ClosedRange<UInt32>] = []
                if range.lowerBound < 0xD800 { parts.append(range.lowerBound...0xD7FF) }
                if range.upperBound > 0xDFFF { parts.append(0xE000...range.upperBound) }
                return parts
            })
    }

    /// With the other case of every ASCII letter.
    var ignoringASCIICase: ScalarRanges {
        var result = ranges
        for range in ranges {
            for (letters, shift) in [(0x41...0x5A as ClosedRange<UInt32>, 32), (0x61...0x7A, -32)]
            where range.overlaps(letters) {
                let both = range.clamped(to: letters)
                result.append(
                    UInt32(Int(both.lowerBound) + shift)...UInt32(Int(both.upperBound) + shift))
            }
        }
        return ScalarRanges(result)
    }

    // MARK: Classes of ECMA-262

    static let digits = ScalarRanges([0x30...0x39])
    static let word = ScalarRanges([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
    static let space = ScalarRanges([
        0x09...0x0D, 0x20...0x20, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029,
        0x202F...0x202F, 0x205F...0x205F, 0x3000...0x3000, 0xFEFF...0xFEFF,
    ])
    /// What a dot does not match.
    static let lineEnds = ScalarRanges([0x0A...0x0A, 0x0D...0x0D, 0x2028...0x2029])

    /// The scalars of a general category, by its short or long name: `L`, `Lu`, `Letter`.
    static func category(_ name: String) -> ScalarRanges? {
        let key = longNames[name] ?? name
        let members = categories.filter {
            $0.key == key || key.count == 1 && $0.key.hasPrefix(key)
        }
        guard !members.isEmpty else { return nil }
        return ScalarRanges(members.values.flatMap { rangesOfCategories[$0] ?? [] })
    }

    /// The scalars of every category: looked up once, because each time takes millions of steps.
    private static let rangesOfCategories: [Unicode.GeneralCategory: [ClosedRange<UInt32>]] = {
        var result: [Unicode.GeneralCategory: [ClosedRange<UInt32>]] = [:]
        var start: (value: UInt32, category: Unicode.GeneralCategory)?
        for value in 0...0x110000 as ClosedRange<UInt32> {
            let category = Unicode.Scalar(value)?.properties.generalCategory
            if category == start?.category { continue }
            if let start { result[start.category, default: []].append(start.value...value - 1) }
            start = category.map { (value, $0) }
        }
        return result
    }()

    private static let categories: [String: Unicode.GeneralCategory] = [
        "Lu": .uppercaseLetter, "Ll": .lowercaseLetter, "Lt": .titlecaseLetter,
        "Lm": .modifierLetter, "Lo": .otherLetter, "Mn": .nonspacingMark, "Mc": .spacingMark,
        "Me": .enclosingMark, "Nd": .decimalNumber, "Nl": .letterNumber, "No": .otherNumber,
        "Pc": .connectorPunctuation, "Pd": .dashPunctuation, "Ps": .openPunctuation,
        "Pe": .closePunctuation, "Pi": .initialPunctuation, "Pf": .finalPunctuation,
        "Po": .otherPunctuation, "Sm": .mathSymbol, "Sc": .currencySymbol,
        "Sk": .modifierSymbol, "So": .otherSymbol, "Zs": .spaceSeparator, "Zl": .lineSeparator,
        "Zp": .paragraphSeparator, "Cc": .control, "Cf": .format, "Co": .privateUse,
        "Cn": .unassigned,
    ]

    private static let longNames: [String: String] = [
        "Letter": "L", "Uppercase_Letter": "Lu", "Lowercase_Letter": "Ll", "Mark": "M",
        "Number": "N", "Decimal_Number": "Nd", "Punctuation": "P", "Symbol": "S",
        "Separator": "Z", "Space_Separator": "Zs", "Other": "C", "Control": "Cc",
        "Nonspacing_Mark": "Mn",
    ]
}

extension ExpressionPool {
    /// One scalar of a set, as UTF-8.
    mutating func scalars(_ set: ScalarRanges) -> ID {
        var parts: [ID] = []
        for range in set.ranges where !isOverfull {
            for (low, high, length) in [
                (0x0, 0x7F, 1), (0x80, 0x7FF, 2), (0x800, 0xFFFF, 3), (0x10000, 0x10FFFF, 4),
            ] as [(UInt32, UInt32, Int)] {
                guard range.lowerBound <= high, range.upperBound >= low else { continue }
                let first = Self.utf8(max(range.lowerBound, low), length)
                let last = Self.utf8(min(range.upperBound, high), length)
                parts.append(between(first[...], last[...]))
            }
        }
        return alternatives(parts)
    }

    /// Sequences of one length from `first` to `last`, byte by byte.
    private mutating func between(_ first: ArraySlice<UInt8>, _ last: ArraySlice<UInt8>) -> ID {
        guard let low = first.first, let high = last.first else { return Self.empty }
        let (lowRest, highRest) = (first.dropFirst(), last.dropFirst())
        if low == high { return concatenation(byte(low), between(lowRest, highRest)) }
        if lowRest.isEmpty { return bytes(ByteSet(low...high)) }
        let lowest = lowRest.map { _ in 0x80 as UInt8 }
        let highest = lowRest.map { _ in 0xBF as UInt8 }
        var parts: [ID] = []
        var (from, to) = (Int(low), Int(high))
        if Array(lowRest) != lowest {
            parts.append(concatenation(byte(low), between(lowRest, highest[...])))
            from += 1
        }
        if Array(highRest) != highest {
            parts.append(concatenation(byte(high), between(lowest[...], highRest)))
            to -= 1
        }
        if from <= to {
            parts.append(
                concatenation(
                    bytes(ByteSet(UInt8(from)...UInt8(to))), between(lowest[...], highest[...])))
        }
        return alternatives(parts)
    }

    private static func utf8(_ scalar: UInt32, _ length: Int) -> [UInt8] {
        switch length {
        case 1: [UInt8(scalar)]
        case 2: [UInt8(0xC0 | scalar >> 6), UInt8(0x80 | scalar & 0x3F)]
        case 3:
            [
                UInt8(0xE0 | scalar >> 12), UInt8(0x80 | scalar >> 6 & 0x3F),
                UInt8(0x80 | scalar & 0x3F),
            ]
        default:
            [
                UInt8(0xF0 | scalar >> 18), UInt8(0x80 | scalar >> 12 & 0x3F),
                UInt8(0x80 | scalar >> 6 & 0x3F), UInt8(0x80 | scalar & 0x3F),
            ]
        }
    }
}
