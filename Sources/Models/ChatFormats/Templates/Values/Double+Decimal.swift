/// Exact decimal digits, for rounding and for `%.2f`, where the shortest ones will not do.
extension Double {
    /// With so many digits behind the point, rounded half to even from the exact value.
    func fixedText(places: Int) -> String {
        guard isFinite else { return isNaN ? "nan" : self < 0 ? "-inf" : "inf" }
        var (digits, scale) = exactDecimal
        if scale > places {
            Self.round(&digits, dropping: scale - places)
            scale = places
        }
        digits.append(contentsOf: repeatElement(0, count: places - scale))
        if digits.count <= places {
            digits.insert(contentsOf: repeatElement(0, count: places + 1 - digits.count), at: 0)
        }
        let characters = digits.map { UInt8(ascii: "0") + $0 }
        let integer = String(decoding: characters.dropLast(places), as: UTF8.self)
        let fraction = String(decoding: characters.suffix(places), as: UTF8.self)
        return (sign == .minus ? "-" : "") + integer + (places > 0 ? "." + fraction : "")
    }

    /// Rounded half to even at that decimal place, as Python's `round`; negative places are before
    /// the point.
    func rounded(toPlaces places: Int) -> Double {
        guard isFinite, places < 320 else { return self }
        if places >= 0 { return Double(fixedText(places: places)) ?? self }
        guard places > -320 else { return 0 }
        var (digits, scale) = exactDecimal
        Self.round(&digits, dropping: scale - places)
        let text = String(decoding: digits.map { UInt8(ascii: "0") + $0 }, as: UTF8.self)
        let magnitude = Double("\(text.isEmpty ? "0" : text)e\(-places)") ?? self
        return sign == .minus ? -magnitude : magnitude
    }

    /// One digit before the point, so many behind it, and the power of ten: `1.50e+03`.
    func scientificText(places: Int) -> String {
        guard isFinite else { return fixedText(places: 0) }
        let (digits, power) = significantDigits(places + 1)
        let characters = digits.map { UInt8(ascii: "0") + $0 }
        let fraction = String(decoding: characters.dropFirst(), as: UTF8.self)
        let padding = power.magnitude < 10 ? "0" : ""
        return (sign == .minus ? "-" : "") + String(decoding: characters.prefix(1), as: UTF8.self)
            + (places > 0 ? "." + fraction : "") + (power < 0 ? "e-" : "e+") + padding
            + String(power.magnitude)
    }

    /// So many significant digits without zeros at the end, in the shorter of both notations.
    ///
    /// `keepsZeros` keeps those zeros; `keepsPoint` makes the text that of a number with a fraction,
    /// `12.0`, as Python's formats without a type do.
    func generalText(
        digits count: Int, keepsZeros: Bool = false, keepsPoint: Bool = false
    ) -> String {
        guard isFinite else { return fixedText(places: 0) }
        let power = significantDigits(count).power
        let isScientific = power < -4 || power >= count - (keepsPoint ? 1 : 0)
        let text =
            isScientific
            ? scientificText(places: count - 1) : fixedText(places: Swift.max(count - 1 - power, 0))
        if keepsZeros { return text }
        let parts = text.split(separator: "e")
        guard parts[0].contains(".") else {
            return text + (keepsPoint && !isScientific ? ".0" : "")
        }
        var mantissa = String(parts[0])
        while mantissa.hasSuffix("0") { mantissa.removeLast() }
        if mantissa.hasSuffix(".") {
            if keepsPoint, !isScientific { mantissa += "0" } else { mantissa.removeLast() }
        }
        return parts.count > 1 ? "\(mantissa)e\(parts[1])" : mantissa
    }

    /// Digits rounded half to even, and the power of ten that the first one counts.
    private func significantDigits(_ count: Int) -> (digits: [UInt8], power: Int) {
        var (digits, scale) = exactDecimal
        guard !digits.isEmpty else { return (Array(repeating: 0, count: count), 0) }
        var power = digits.count - 1 - scale
        if digits.count > count {
            Self.round(&digits, dropping: digits.count - count)
            if digits.count > count {
                digits.removeLast()
                power += 1
            }
        }
        return (digits + Array(repeating: 0, count: count - digits.count), power)
    }

    /// All digits of the magnitude without leading zeros, and how many of them follow the point.
    private var exactDecimal: (digits: [UInt8], scale: Int) {
        let mantissa = magnitude == 0 ? 0 : significandBitPattern | (isNormal ? 1 << 52 : 0)
        var power = (isNormal ? Int(exponent) : -1022) - 52
        var value = mantissa
        while power < 0, value != 0, value & 1 == 0 {
            value >>= 1
            power += 1
        }
        guard value != 0 else { return ([], 0) }
        // value * 2^power, where 2^-n is 5^n with the point n digits from the right.
        var limbs = [UInt32(value % 1_000_000_000), UInt32(value / 1_000_000_000 % 1_000_000_000)]
        let factor: UInt64 = power < 0 ? 5 : 2
        for _ in 0..<power.magnitude {
            var carry: UInt64 = 0
            for index in limbs.indices {
                let product = UInt64(limbs[index]) * factor + carry
                limbs[index] = UInt32(product % 1_000_000_000)
                carry = product / 1_000_000_000
            }
            if carry > 0 { limbs.append(UInt32(carry)) }
        }
        var digits: [UInt8] = []
        for limb in limbs {
            var rest = limb
            for _ in 0..<9 {
                digits.append(UInt8(rest % 10))
                rest /= 10
            }
        }
        while digits.last == 0 { digits.removeLast() }
        return (digits.reversed(), max(-power, 0))
    }

    private static func round(_ digits: inout [UInt8], dropping count: Int) {
        guard count <= digits.count else {
            digits = []
            return
        }
        let dropped = digits.suffix(count)
        digits.removeLast(count)
        guard let first = dropped.first else { return }
        let isTie = first == 5 && dropped.dropFirst().allSatisfy { $0 == 0 }
        let isOdd = (digits.last ?? 0) & 1 == 1
        guard first > 5 || (first == 5 && (!isTie || isOdd)) else { return }
        var index = digits.count - 1
        while index >= 0, digits[index] == 9 {
            digits[index] = 0
            index -= 1
        }
        if index >= 0 { digits[index] += 1 } else { digits.insert(1, at: 0) }
    }
}
