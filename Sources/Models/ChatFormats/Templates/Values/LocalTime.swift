#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A moment as a clock on the wall shows it; what `strftime_now` tells a template.
package struct LocalTime: Sendable, Equatable {
    package var year: Int
    /// From 1.
    package var month: Int
    package var day: Int
    package var hour: Int
    package var minute: Int
    package var second: Int

    package init(
        year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0
    ) {
        self.year = year
        self.month = month
        self.day = day
        self.hour = hour
        self.minute = minute
        self.second = second
    }

    /// The present moment in this machine's time zone.
    package static func now() -> LocalTime {
        var seconds = time(nil)
        var parts = unsafe tm()
        _ = unsafe localtime_r(&seconds, &parts)
        // The structure counts as unsafe for the pointer to the zone's name that it holds.
        return unsafe LocalTime(
            year: Int(parts.tm_year) + 1900, month: Int(parts.tm_mon) + 1, day: Int(parts.tm_mday),
            hour: Int(parts.tm_hour), minute: Int(parts.tm_min), second: Int(parts.tm_sec))
    }

    /// The text for a format of `strftime`, in English.
    ///
    /// Knows every directive of C but those of time zones, and the flags `-`, `_`, `0` and `^`; what it
    /// does not know stays as it stands, as on Linux.
    package func formatted(_ format: String) -> String {
        var text = ""
        var rest = format.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            guard scalar == "%" else {
                text.unicodeScalars.append(scalar)
                continue
            }
            let directive = rest
            var flag: UnicodeScalar?
            if let first = rest.first, "-_0^".unicodeScalars.contains(first) {
                flag = first
                rest.removeFirst()
            }
            if let letter = rest.popFirst(), let value = value(of: letter, flag: flag) {
                text += value
            } else {
                text += "%"
                rest = directive
            }
        }
        return text
    }

    private func value(of letter: UnicodeScalar, flag: UnicodeScalar?) -> String? {
        func padded(_ value: Int, _ width: Int, _ fill: Character = "0") -> String {
            let fill = flag == "_" ? " " : flag == "0" ? "0" : fill
            let digits = String(value)
            let missing = flag == "-" ? 0 : max(width - digits.count, 0)
            return String(repeating: fill, count: missing) + digits
        }
        func name(_ text: String) -> String { flag == "^" ? text.uppercased() : text }
        let twelve = (hour + 11) % 12 + 1
        switch letter {
        case "Y": return padded(year, 1)
        case "C": return padded(year / 100, 2)
        case "y": return padded(year % 100, 2)
        case "m": return padded(month, 2)
        case "d": return padded(day, 2)
        case "e": return padded(day, 2, " ")
        case "H": return padded(hour, 2)
        case "k": return padded(hour, 2, " ")
        case "I": return padded(twelve, 2)
        case "l": return padded(twelve, 2, " ")
        case "M": return padded(minute, 2)
        case "S": return padded(second, 2)
        case "j": return padded(dayOfYear, 3)
        case "u": return padded((weekday + 6) % 7 + 1, 1)
        case "w": return padded(weekday, 1)
        case "U": return padded((dayOfYear + 6 - weekday) / 7, 2)
        case "W": return padded((dayOfYear + 6 - (weekday + 6) % 7) / 7, 2)
        case "G": return padded(isoWeek.year, 1)
        case "g": return padded(isoWeek.year % 100, 2)
        case "V": return padded(isoWeek.week, 2)
        case "B": return name(Self.months[month - 1])
        case "b", "h": return name(String(Self.months[month - 1].prefix(3)))
        case "A": return name(Self.weekdays[weekday])
        case "a": return name(String(Self.weekdays[weekday].prefix(3)))
        case "p": return hour < 12 ? "AM" : "PM"
        case "P": return hour < 12 ? "am" : "pm"
        case "f": return "000000"
        case "c": return formatted("%a %b %e %H:%M:%S %Y")
        case "D", "x": return formatted("%m/%d/%y")
        case "F": return formatted("%Y-%m-%d")
        case "R": return formatted("%H:%M")
        case "r": return formatted("%I:%M:%S %p")
        case "T", "X": return formatted("%H:%M:%S")
        case "z", "Z": return ""
        case "n": return "\n"
        case "t": return "\t"
        case "%": return "%"
        default: return nil
        }
    }

    // MARK: Calendar

    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September",
        "October", "November", "December",
    ]

    private static let weekdays = [
        "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
    ]

    private static func isLeap(_ year: Int) -> Bool {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }

    /// From 1.
    private var dayOfYear: Int {
        let before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334][month - 1]
        return before + day + (month > 2 && Self.isLeap(year) ? 1 : 0)
    }

    /// From Sunday, which is 0.
    private var weekday: Int {
        let last = year - 1
        // Monday, 1 January of the year 1 is where the Gregorian count begins.
        return (last * 365 + last / 4 - last / 100 + last / 400 + dayOfYear) % 7
    }

    /// The week of ISO 8601, which belongs to the year that has its Thursday.
    private var isoWeek: (year: Int, week: Int) {
        let mondayBased = (weekday + 6) % 7
        let week = (dayOfYear - 1 - mondayBased + 10) / 7
        if week < 1 {
            let lastDay = LocalTime(year: year - 1, month: 12, day: 31)
            return (year - 1, lastDay.isoWeek.week)
        }
        let length = Self.isLeap(year) ? 366 : 365
        if week == 53, length - dayOfYear < 3 - mondayBased { return (year + 1, 1) }
        return (year, week)
    }
}
