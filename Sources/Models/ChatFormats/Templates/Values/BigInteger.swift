/// An integer of any size up to a bound, for the few templates that leave 64 bits.
///
/// Schoolbook arithmetic on 32-bit limbs: products and quotients take quadratic time, which the bound
/// keeps below a millisecond.
struct BigInteger: Sendable, Hashable {
    /// Most limbs of a result; what Python prints has at most 4300 digits.
    static let maximumLimbs = 440

    private(set) var isNegative: Bool
    /// Least significant first, without zeros at the end; empty for zero.
    private(set) var magnitude: [UInt32]

    init(isNegative: Bool, magnitude: [UInt32]) {
        self.magnitude = magnitude
        while self.magnitude.last == 0 { self.magnitude.removeLast() }
        self.isNegative = isNegative && !self.magnitude.isEmpty
    }

    init(_ value: Int) {
        let bits = value.magnitude
        self.init(
            isNegative: value < 0,
            magnitude: [UInt32(truncatingIfNeeded: bits), UInt32(truncatingIfNeeded: bits >> 32)])
    }

    /// The integer part of a finite number.
    init(_ value: Double) {
        let number = value.magnitude.rounded(.towardZero)
        guard number >= 1 else {
            self.init(0)
            return
        }
        let shift = Int(number.exponent) - 52
        let bits = number.significandBitPattern | 1 << 52
        let significand = BigInteger(Int(shift < 0 ? bits >> UInt64(-shift) : bits))
        self = significand.shiftedLeft(by: max(shift, 0))
        isNegative = value < 0
    }

    /// Digits of that base, which were checked.
    init(digits: String, radix: UInt32) {
        var magnitude: [UInt32] = []
        for digit in digits {
            var carry = UInt64(digit.hexDigitValue ?? Int(digit.asciiValue ?? 0) % 32 + 9)
            for index in magnitude.indices {
                let product = UInt64(magnitude[index]) * UInt64(radix) + carry
                magnitude[index] = UInt32(truncatingIfNeeded: product)
                carry = product >> 32
            }
            if carry > 0 { magnitude.append(UInt32(carry)) }
        }
        self.init(isNegative: false, magnitude: magnitude)
    }

    /// The same value in 64 bits, where it fits.
    var asInt: Int? {
        guard magnitude.count <= 2 else { return nil }
        let bits = magnitude.reversed().reduce(UInt(0)) { $0 << 32 | UInt($1) }
        if isNegative { return bits <= 1 << 63 ? Int(truncatingIfNeeded: 0 &- bits) : nil }
        return Int(exactly: bits)
    }

    var negated: BigInteger { BigInteger(isNegative: !isNegative, magnitude: magnitude) }

    var bitWidth: Int {
        magnitude.last.map { magnitude.count * 32 - $0.leadingZeroBitCount } ?? 0
    }

    /// Rounded to the nearest double; infinite where there is none.
    var asDouble: Double {
        let excess = max(bitWidth - 64, 0)
        let top = shiftedRight(by: excess)
        var bits = top.magnitude.reversed().reduce(UInt64(0)) { $0 << 32 | UInt64($1) }
        // The last of 64 bits can stand for all that were lost.
        if top.shiftedLeft(by: excess).magnitude != magnitude { bits |= 1 }
        let value = Double(bits) * Double(sign: .plus, exponent: min(excess, 1100), significand: 1)
        return isNegative ? -value : value
    }

    /// The digits with a sign where there is one, in base ten.
    var digits: String { (isNegative ? "-" : "") + digits(radix: 10) }

    /// The digits of the magnitude.
    func digits(radix: UInt32) -> String {
        guard !magnitude.isEmpty else { return "0" }
        // As many at once as fit a limb.
        var (step, count) = (radix, 1)
        while UInt64(step) * UInt64(radix) <= UInt64(UInt32.max) {
            step *= radix
            count += 1
        }
        var rest = magnitude
        var digits: [UInt8] = []
        while !rest.isEmpty {
            var group = Self.divide(&rest, by: step)
            for _ in 0..<count where group > 0 || !rest.isEmpty {
                let digit = UInt8(group % radix)
                digits.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
                group /= radix
            }
        }
        return String(decoding: digits.reversed(), as: UTF8.self)
    }

    // MARK: Arithmetic

    static func + (left: BigInteger, right: BigInteger) -> BigInteger {
        if left.isNegative == right.isNegative {
            let sum = add(left.magnitude, right.magnitude)
            return BigInteger(isNegative: left.isNegative, magnitude: sum)
        }
        if isLess(left.magnitude, right.magnitude) {
            let difference = subtract(right.magnitude, left.magnitude)
            return BigInteger(isNegative: right.isNegative, magnitude: difference)
        }
        let difference = subtract(left.magnitude, right.magnitude)
        return BigInteger(isNegative: left.isNegative, magnitude: difference)
    }

    static func - (left: BigInteger, right: BigInteger) -> BigInteger {
        left + right.negated
    }

    static func * (left: BigInteger, right: BigInteger) -> BigInteger {
        var product = [UInt32](repeating: 0, count: left.magnitude.count + right.magnitude.count)
        for (index, limb) in left.magnitude.enumerated() {
            var carry: UInt64 = 0
            for (other, factor) in right.magnitude.enumerated() {
                let sum = UInt64(limb) * UInt64(factor) + UInt64(product[index + other]) + carry
                product[index + other] = UInt32(truncatingIfNeeded: sum)
                carry = sum >> 32
            }
            product[index + right.magnitude.count] = UInt32(carry)
        }
        return BigInteger(isNegative: left.isNegative != right.isNegative, magnitude: product)
    }

    /// Quotient and remainder as Python's: rounded down, the remainder with the divisor's sign.
    ///
    /// The divisor is not zero.
    func divided(by divisor: BigInteger) -> (quotient: BigInteger, remainder: BigInteger) {
        // Bit by bit: rare, and bounded.
        var quotient = [UInt32](repeating: 0, count: magnitude.count)
        var rest: [UInt32] = []
        for bit in stride(from: bitWidth - 1, through: 0, by: -1) {
            Self.double(&rest, adding: magnitude[bit / 32] >> UInt32(bit % 32) & 1)
            if !Self.isLess(rest, divisor.magnitude) {
                rest = Self.subtract(rest, divisor.magnitude)
                while rest.last == 0 { rest.removeLast() }
                quotient[bit / 32] |= 1 << UInt32(bit % 32)
            }
        }
        let isNegative = isNegative != divisor.isNegative
        let whole = BigInteger(isNegative: isNegative, magnitude: quotient)
        let remainder = BigInteger(isNegative: self.isNegative, magnitude: rest)
        guard isNegative, !rest.isEmpty else { return (whole, remainder) }
        return (whole - BigInteger(1), remainder + divisor)
    }

    /// The quotient as a number, rounded once.
    func quotient(by divisor: BigInteger) -> Double {
        let shift = max(divisor.bitWidth - bitWidth + 66, 0)
        let numerator = BigInteger(isNegative: false, magnitude: magnitude).shiftedLeft(by: shift)
        let positive = BigInteger(isNegative: false, magnitude: divisor.magnitude)
        var (quotient, remainder) = numerator.divided(by: positive)
        if !remainder.magnitude.isEmpty, !quotient.magnitude.isEmpty { quotient.magnitude[0] |= 1 }
        let value =
            quotient.asDouble * Double(sign: .plus, exponent: -min(shift, 1074), significand: 1)
        return isNegative == divisor.isNegative ? value : -value
    }

    func shiftedLeft(by count: Int) -> BigInteger {
        let (limbs, bits) = (count / 32, UInt32(count % 32))
        var shifted = [UInt32](repeating: 0, count: limbs)
        var carry: UInt64 = 0
        for limb in magnitude {
            let wide = UInt64(limb) << UInt64(bits) | carry
            shifted.append(UInt32(truncatingIfNeeded: wide))
            carry = wide >> 32
        }
        shifted.append(UInt32(carry))
        return BigInteger(isNegative: isNegative, magnitude: shifted)
    }

    /// Without the lowest bits; of the magnitude.
    private func shiftedRight(by count: Int) -> BigInteger {
        let (limbs, bits) = (count / 32, UInt32(count % 32))
        guard limbs < magnitude.count else { return BigInteger(0) }
        var shifted: [UInt32] = []
        for index in limbs..<magnitude.count {
            let high = index + 1 < magnitude.count ? UInt64(magnitude[index + 1]) << 32 : 0
            shifted.append(
                UInt32(truncatingIfNeeded: (high | UInt64(magnitude[index])) >> UInt64(bits)))
        }
        return BigInteger(isNegative: isNegative, magnitude: shifted)
    }

    // MARK: Limbs

    private static func isLess(_ left: [UInt32], _ right: [UInt32]) -> Bool {
        if left.count != right.count { return left.count < right.count }
        for (left, right) in zip(left.reversed(), right.reversed()) where left != right {
            return left < right
        }
        return false
    }

    private static func add(_ left: [UInt32], _ right: [UInt32]) -> [UInt32] {
        var sum: [UInt32] = []
        var carry: UInt64 = 0
        for index in 0..<max(left.count, right.count) {
            let total =
                carry + (index < left.count ? UInt64(left[index]) : 0)
                + (index < right.count ? UInt64(right[index]) : 0)
            sum.append(UInt32(truncatingIfNeeded: total))
            carry = total >> 32
        }
        return sum + [UInt32(carry)]
    }

    /// The first is not less than the second.
    private static func subtract(_ left: [UInt32], _ right: [UInt32]) -> [UInt32] {
        var difference = left
        var borrow: Int64 = 0
        for index in left.indices {
            let total =
                Int64(left[index]) - (index < right.count ? Int64(right[index]) : 0) - borrow
            borrow = total < 0 ? 1 : 0
            difference[index] = UInt32(truncatingIfNeeded: total)
        }
        return difference
    }

    private static func double(_ limbs: inout [UInt32], adding bit: UInt32) {
        var carry = bit
        for index in limbs.indices {
            let next = limbs[index] >> 31
            limbs[index] = limbs[index] << 1 | carry
            carry = next
        }
        if carry > 0 { limbs.append(carry) }
    }

    /// Divides in place and gives the remainder.
    private static func divide(_ limbs: inout [UInt32], by divisor: UInt32) -> UInt32 {
        var rest: UInt64 = 0
        for index in limbs.indices.reversed() {
            let wide = rest << 32 | UInt64(limbs[index])
            limbs[index] = UInt32(wide / UInt64(divisor))
            rest = wide % UInt64(divisor)
        }
        while limbs.last == 0 { limbs.removeLast() }
        return UInt32(rest)
    }
}

extension BigInteger: Comparable {
    static func < (left: BigInteger, right: BigInteger) -> Bool {
        if left.isNegative != right.isNegative { return left.isNegative }
        return left.isNegative
            ? isLess(right.magnitude, left.magnitude) : isLess(left.magnitude, right.magnitude)
    }
}
