extension Double {
    /// The shortest text that reads back as this number, spelled as Python's `repr` does.
    ///
    /// `1.0`, `0.0001`, `1e-05`, `9999999999999998.0`, `1e+16`, `nan`, `inf`, `-inf`. Swift finds the
    /// same digits but changes to the exponent elsewhere, so they are set out anew.
    package var shortestText: String {
        guard isFinite else { return isNaN ? "nan" : self < 0 ? "-inf" : "inf" }
        // Between these bounds both languages write plain decimals; above, doubles are integers.
        if self == 0 || (1e-4..<9e15).contains(magnitude) { return description }
        let (digits, exponent) = decimalDigits
        let text = (self < 0 ? "-" : "") + String(decoding: digits.prefix(1), as: UTF8.self)
        let rest = digits.dropFirst()
        if exponent == 15 {
            let zeros = String(repeating: "0", count: 15 - rest.count)
            return text + String(decoding: rest, as: UTF8.self) + zeros + ".0"
        }
        let fraction = rest.isEmpty ? "" : "." + String(decoding: rest, as: UTF8.self)
        let padding = exponent.magnitude < 10 ? "0" : ""
        return text + fraction + (exponent < 0 ? "e-" : "e+") + padding + String(exponent.magnitude)
    }

    /// The shortest digits without outer zeros, and the power of ten that the first one counts.
    private var decimalDigits: (digits: [UInt8], exponent: Int) {
        let parts = magnitude.description.split(separator: "e")
        var exponent = -1 + (parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
        var digits: [UInt8] = []
        var pointSeen = false
        for byte in parts[0].utf8 {
            if byte == UInt8(ascii: ".") {
                pointSeen = true
            } else if digits.isEmpty, byte == UInt8(ascii: "0") {
                exponent -= pointSeen ? 1 : 0
            } else {
                exponent += pointSeen ? 0 : 1
                digits.append(byte)
            }
        }
        while digits.last == UInt8(ascii: "0") { digits.removeLast() }
        return (digits, exponent)
    }
}
