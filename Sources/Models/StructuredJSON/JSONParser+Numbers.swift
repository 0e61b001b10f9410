extension JSONParser {
    /// One number: an integer where it is written as one and fits, a double otherwise.
    mutating func parseNumber() throws(Fault) -> JSONValue {
        let start = position
        let negative = take(UInt8(ascii: "-"))
        let integerStart = position
        var magnitude = Magnitude()
        try scanDigits(&magnitude)
        if bytes[integerStart] == UInt8(ascii: "0"), position > integerStart + 1 {
            throw Fault(.syntax, "a number with a leading zero", at: start)
        }
        var exponent = 0
        var isInteger = true
        if take(UInt8(ascii: ".")) {
            isInteger = false
            let fractionStart = position
            try scanDigits(&magnitude)
            exponent = fractionStart - position
        }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            isInteger = false
            let down = !take(UInt8(ascii: "+")) && take(UInt8(ascii: "-"))
            var digits = Magnitude()
            try scanDigits(&digits)
            let shift = digits.overflowed ? 1 << 32 : Int(min(digits.value, 1 << 32))
            exponent += down ? -shift : shift
        }
        if isInteger, !magnitude.overflowed {
            if !negative, let value = Int(exactly: magnitude.value) { return .integer(value) }
            if negative, magnitude.value <= Int.min.magnitude {
                return .integer(Int(truncatingIfNeeded: 0 &- magnitude.value))
            }
        }
        let exact = magnitude.scaledExactly(by: exponent).map { negative ? -$0 : $0 }
        let text = bytes[start..<position]
        guard let value = exact ?? Double(String(decoding: text, as: UTF8.self)), value.isFinite
        else {
            throw Fault(.numberOutOfRange, "a number too large for a double", at: start)
        }
        return .number(value)
    }

    /// One digit or more.
    private mutating func scanDigits(_ magnitude: inout Magnitude) throws(Fault) {
        let start = position
        while position < bytes.count {
            let digit = bytes[position] &- UInt8(ascii: "0")
            guard digit < 10 else { break }
            magnitude.append(digit)
            position += 1
        }
        guard position == start else { return }
        throw position < bytes.count
            ? Fault(.syntax, "a number without a digit where one must be", at: position)
            : Fault(.unexpectedEnd, "the text ends inside a number", at: position)
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }
}

/// Decimal digits read as one integer.
private struct Magnitude {
    private(set) var value: UInt64 = 0
    private(set) var overflowed = false

    mutating func append(_ digit: UInt8) {
        let (product, tooLarge) = value.multipliedReportingOverflow(by: 10)
        let (sum, carried) = product.addingReportingOverflow(UInt64(digit))
        overflowed = overflowed || tooLarge || carried
        value = sum
    }

    /// The number times a power of ten, where one rounding gives the correct double.
    ///
    /// Integers to 2^53 and powers of ten to 10^22 are exact doubles, so their product or quotient
    /// is rounded once (Clinger 1990). `nil` elsewhere.
    func scaledExactly(by exponent: Int) -> Double? {
        guard !overflowed, value <= 1 << 53, (-22...22).contains(exponent) else { return nil }
        let power = Self.powersOfTen[Int(exponent.magnitude)]
        return exponent < 0 ? Double(value) / power : Double(value) * power
    }

    private static let powersOfTen: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
        1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ]
}
