/// A decimal number as digits, exact.
struct Decimal: Sendable, Hashable {
    var isNegative: Bool
    /// Without leading zeros, but for a single one.
    var whole: [UInt8]
    /// Without trailing zeros.
    var fraction: [UInt8]

    /// - Parameter text: a number as JSON writes it; `nil` where its exponent is beyond all measure.
    init?(_ text: String) {
        var bytes = Array(text.utf8)[...]
        isNegative = bytes.first == UInt8(ascii: "-")
        if isNegative { bytes = bytes.dropFirst() }
        let mantissa = bytes.prefix { $0 != UInt8(ascii: "e") && $0 != UInt8(ascii: "E") }
        let exponent = Int(
            String(decoding: bytes.dropFirst(mantissa.count + 1), as: UTF8.self)
                .replacing("+", with: ""))
        var digits = mantissa.filter { $0 != UInt8(ascii: ".") }.map { $0 - 48 }
        var point =
            mantissa.firstIndex(of: UInt8(ascii: ".")).map { $0 - mantissa.startIndex }
            ?? digits.count
        if bytes.count > mantissa.count {
            guard let exponent, abs(exponent) <= 400 else { return nil }
            point += exponent
        }
        if point < 0 {
            digits.insert(contentsOf: repeatElement(0, count: -point), at: 0)
            point = 0
        }
        if point > digits.count {
            digits.append(contentsOf: repeatElement(0, count: point - digits.count))
        }
        whole = Array(digits[..<point].drop { $0 == 0 })
        if whole.isEmpty { whole = [0] }
        fraction = Array(digits[point...])
        while fraction.last == 0 { fraction.removeLast() }
        if isZero { isNegative = false }
    }

    var isZero: Bool { whole == [0] && fraction.isEmpty }

    static func < (left: Decimal, right: Decimal) -> Bool {
        if left.isNegative != right.isNegative { return left.isNegative }
        return left.isNegative
            ? right.isSmallerInMagnitude(than: left) : left.isSmallerInMagnitude(than: right)
    }

    private func isSmallerInMagnitude(than other: Decimal) -> Bool {
        if whole.count != other.whole.count { return whole.count < other.whole.count }
        if whole != other.whole { return whole.lexicographicallyPrecedes(other.whole) }
        return fraction.lexicographicallyPrecedes(other.fraction)
    }

    /// `number` times 10 to the `scale`, where that is an integer of at most 9 digits.
    func scaled(by scale: Int) -> Int? {
        guard fraction.count <= scale, whole.count + scale <= 9 else { return nil }
        let digits = whole + fraction + repeatElement(0, count: scale - fraction.count)
        let value = digits.reduce(0) { $0 * 10 + Int($1) }
        return isNegative ? -value : value
    }
}

/// The numbers that a schema admits.
struct NumberBounds: Sendable, Hashable {
    struct Bound: Sendable, Hashable {
        var value: Decimal
        var isExclusive: Bool
    }

    var lower: Bound?
    var upper: Bound?

    mutating func raise(to bound: Bound) {
        guard let old = lower else {
            lower = bound
            return
        }
        if old.value < bound.value || old.value == bound.value && bound.isExclusive {
            lower = bound
        }
    }

    mutating func sink(to bound: Bound) {
        guard let old = upper else {
            upper = bound
            return
        }
        if bound.value < old.value || old.value == bound.value && bound.isExclusive {
            upper = bound
        }
    }

    func contains(_ value: Decimal) -> Bool {
        if let lower {
            if value < lower.value || lower.isExclusive && value == lower.value { return false }
        }
        if let upper {
            if upper.value < value || upper.isExclusive && value == upper.value { return false }
        }
        return true
    }
}

extension ExpressionPool {
    private mutating func digit(_ low: UInt8 = 0, _ high: UInt8 = 9) -> ID {
        low > high ? Self.nothing : bytes(ByteSet(48 + low...48 + high))
    }

    private mutating func digits(_ minimum: Int, _ maximum: Int? = nil) -> ID {
        repetition(digit(), minimum, maximum)
    }

    /// Numbers within bounds, as JSON writes them.
    ///
    /// An exponent is admitted where no bound but zero matters.
    mutating func numbers(_ bounds: NumberBounds, isInteger: Bool) -> ID {
        let minus = byte(UInt8(ascii: "-"))
        let positive = magnitudes(lower: bounds.lower, upper: bounds.upper, isInteger)
        func mirrored(_ bound: NumberBounds.Bound?) -> NumberBounds.Bound? {
            guard var bound else { return nil }
            if !bound.value.isZero { bound.value.isNegative.toggle() }
            return bound
        }
        let negative = magnitudes(
            lower: mirrored(bounds.upper), upper: mirrored(bounds.lower), isInteger)
        return alternatives([positive, concatenation(minus, negative)])
    }

    /// Numbers without a sign.
    private mutating func magnitudes(
        lower: NumberBounds.Bound?, upper: NumberBounds.Bound?, _ isInteger: Bool
    ) -> ID {
        let natural = alternatives([
            byte(48), concatenation(digit(1, 9), digits(0)),
        ])
        let point = byte(UInt8(ascii: "."))
        let fraction = alternatives([Self.empty, concatenation(point, digits(1))])
        let whole = isInteger ? natural : concatenation(natural, fraction)
        var parts: [ID] = []
        if let lower, !lower.value.isNegative, !lower.value.isZero || lower.isExclusive {
            parts.append(atLeast(lower, isInteger))
        }
        if let upper {
            if upper.value.isNegative { return Self.nothing }
            parts.append(atMost(upper, isInteger))
        }
        if parts.isEmpty {
            if isInteger { return whole }
            let sign = alternatives([Self.empty, bytes(ByteSet(43).union(ByteSet(45)))])
            let exponent = sequence([bytes(ByteSet(69).union(ByteSet(101))), sign, digits(1)])
            return concatenation(whole, alternatives([Self.empty, exponent]))
        }
        return parts.count == 1 ? parts[0] : conjunction(parts)
    }

    private mutating func atLeast(_ bound: NumberBounds.Bound, _ isInteger: Bool) -> ID {
        let value = bound.value
        let tail =
            isInteger
            ? Self.empty
            : alternatives([Self.empty, concatenation(byte(46), digits(1))])
        var parts = [concatenation(wholes(above: value.whole), tail)]
        let same = literal(value.whole.map { $0 + 48 })
        let needsMore = !value.fraction.isEmpty || bound.isExclusive
        if isInteger {
            if !needsMore { parts.append(same) }
        } else {
            if !needsMore { parts.append(same) }
            let more = fractions(atLeast: value.fraction[...], bound.isExclusive, isFirst: true)
            parts.append(sequence([same, byte(46), more]))
        }
        return alternatives(parts)
    }

    private mutating func atMost(_ bound: NumberBounds.Bound, _ isInteger: Bool) -> ID {
        let value = bound.value
        let tail =
            isInteger
            ? Self.empty
            : alternatives([Self.empty, concatenation(byte(46), digits(1))])
        var parts = [concatenation(wholes(below: value.whole), tail)]
        let same = literal(value.whole.map { $0 + 48 })
        if !bound.isExclusive || !value.fraction.isEmpty { parts.append(same) }
        if !isInteger {
            let less = fractions(atMost: value.fraction[...], bound.isExclusive, isFirst: true)
            parts.append(sequence([same, byte(46), less]))
        }
        return alternatives(parts)
    }

    /// Whole numbers above one, without leading zeros.
    private mutating func wholes(above bound: [UInt8]) -> ID {
        var parts = [concatenation(digit(1, 9), digits(bound.count))]
        for place in bound.indices where bound[place] < 9 {
            parts.append(
                sequence([
                    literal(bound[..<place].map { $0 + 48 }), digit(bound[place] + 1),
                    digits(bound.count - place - 1, bound.count - place - 1),
                ]))
        }
        return alternatives(parts)
    }

    private mutating func wholes(below bound: [UInt8]) -> ID {
        var parts: [ID] = []
        if bound.count > 1 {
            parts.append(byte(48))
            parts.append(concatenation(digit(1, 9), digits(0, bound.count - 2)))
        }
        for place in bound.indices where bound[place] > 0 {
            let low: UInt8 = place == 0 && bound.count > 1 ? 1 : 0
            parts.append(
                sequence([
                    literal(bound[..<place].map { $0 + 48 }), digit(low, bound[place] - 1),
                    digits(bound.count - place - 1, bound.count - place - 1),
                ]))
        }
        return alternatives(parts)
    }

    /// Digits behind the point that are at least (or more than) these.
    private mutating func fractions(
        atLeast bound: ArraySlice<UInt8>, _ isExclusive: Bool, isFirst: Bool
    ) -> ID {
        guard let first = bound.first else {
            return isExclusive
                ? sequence([digits(0), digit(1, 9), digits(0)]) : digits(isFirst ? 1 : 0)
        }
        let rest = fractions(atLeast: bound.dropFirst(), isExclusive, isFirst: false)
        var parts = [concatenation(byte(first + 48), rest)]
        if first < 9 { parts.append(concatenation(digit(first + 1), digits(0))) }
        return alternatives(parts)
    }

    private mutating func fractions(
        atMost bound: ArraySlice<UInt8>, _ isExclusive: Bool, isFirst: Bool
    ) -> ID {
        guard let first = bound.first else {
            return isExclusive ? Self.nothing : repetition(byte(48), isFirst ? 1 : 0, nil)
        }
        let rest = fractions(atMost: bound.dropFirst(), isExclusive, isFirst: false)
        var parts = [concatenation(byte(first + 48), rest)]
        if first > 0 { parts.append(concatenation(digit(0, first - 1), digits(0))) }
        // Ending here leaves a smaller number, for the bound has no zero at its end.
        if !isFirst { parts.append(Self.empty) }
        return alternatives(parts)
    }
}
