/// Values without quotes and brackets.
enum TOMLScalar {
    static func value(_ word: String) -> TOMLNode.Value? {
        switch word {
        case "true": return .boolean(true)
        case "false": return .boolean(false)
        case "inf", "+inf": return .float(.infinity)
        case "-inf": return .float(-.infinity)
        case "nan", "+nan", "-nan": return .float(.nan)
        default: break
        }
        if let integer = integer(word) { return .integer(integer) }
        if let float = float(word) { return .float(float) }
        return isTime(word) ? .time(word) : nil
    }

    private static func integer(_ word: String) -> Int64? {
        for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where word.hasPrefix(prefix) {
            let digits = word.dropFirst(2)
            guard isSeparatedWell(digits, radix: radix) else { return nil }
            return Int64(digits.filter { $0 != "_" }, radix: radix)
        }
        let digits = unsigned(word)
        guard isSeparatedWell(digits, radix: 10), hasNoLeadingZero(digits) else { return nil }
        return Int64(word.filter { $0 != "_" })
    }

    private static func float(_ word: String) -> Double? {
        let parts = unsigned(word).split(
            maxSplits: 1, omittingEmptySubsequences: false,
            whereSeparator: { $0 == "e" || $0 == "E" })
        let mantissa = parts[0].split(
            separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let isFloat = parts.count == 2 || mantissa.count == 2
        guard isFloat, mantissa.allSatisfy({ isSeparatedWell($0, radix: 10) }),
            hasNoLeadingZero(mantissa[0])
        else { return nil }
        if parts.count == 2, !isSeparatedWell(unsigned(parts[1]), radix: 10) { return nil }
        return Double(word.filter { $0 != "_" })
    }

    private static func unsigned(_ word: some StringProtocol) -> Substring {
        Substring(word.hasPrefix("+") || word.hasPrefix("-") ? word.dropFirst() : word[...])
    }

    /// Digits, with single underscores between them only.
    private static func isSeparatedWell(_ digits: Substring, radix: Int) -> Bool {
        digits.split(separator: "_", omittingEmptySubsequences: false).allSatisfy { group in
            !group.isEmpty
                && group.allSatisfy { digit in
                    digit.isASCII && (digit.hexDigitValue.map { $0 < radix } ?? false)
                }
        }
    }

    private static func hasNoLeadingZero(_ digits: Substring) -> Bool {
        digits.count == 1 || !digits.hasPrefix("0")
    }

    // MARK: Times (RFC 3339)

    static func isDate(_ word: String) -> Bool {
        guard let numbers = numbers(word[...], "dddd-dd-dd") else { return false }
        let (year, month, day) = (numbers[0], numbers[1], numbers[2])
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return year >= 1 && (1...12).contains(month) && (1...days[month - 1]).contains(day)
    }

    private static func isTime(_ word: String) -> Bool {
        if isDate(word) || isClock(word[...]) { return true }
        guard isDate(String(word.prefix(10))), let separator = word.dropFirst(10).first,
            separator == "T" || separator == "t"
        else { return false }
        var clock = word.dropFirst(11)
        if clock.last == "Z" || clock.last == "z" {
            clock.removeLast()
        } else if let sign = clock.lastIndex(where: { $0 == "+" || $0 == "-" }) {
            guard let offset = numbers(clock[clock.index(after: sign)...], "dd:dd"),
                offset[0] < 24, offset[1] < 60
            else { return false }
            clock = clock[..<sign]
        }
        return isClock(clock)
    }

    private static func isClock(_ text: Substring) -> Bool {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let numbers = numbers(parts[0], "dd:dd:dd") else { return false }
        let isFractionRight =
            parts.count == 1 || !parts[1].isEmpty && parts[1].utf8.allSatisfy { 48...57 ~= $0 }
        return numbers[0] < 24 && numbers[1] < 60 && numbers[2] < 60 && isFractionRight
    }

    /// The numbers of a text of that pattern, where `d` is a digit.
    private static func numbers(_ text: Substring, _ pattern: String) -> [Int]? {
        guard text.utf8.count == pattern.utf8.count else { return nil }
        var numbers = [0]
        for (byte, wanted) in zip(text.utf8, pattern.utf8) {
            if wanted == UInt8(ascii: "d") {
                guard 48...57 ~= byte else { return nil }
                numbers[numbers.count - 1] = numbers[numbers.count - 1] * 10 + Int(byte) - 48
            } else {
                guard byte == wanted else { return nil }
                numbers.append(0)
            }
        }
        return numbers
    }
}
