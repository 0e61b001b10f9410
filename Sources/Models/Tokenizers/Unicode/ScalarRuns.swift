/// Reads the words of base-36 numbers that the scripts in Tools/unicode write: runs of scalars and
/// what belongs to them.
struct ScalarRuns: Sequence, IteratorProtocol {
    struct Run {
        var scalars: Range<UInt32>
        /// What belongs to the first scalar of the run.
        var values: [UInt32]
        /// Whether `!` follows.
        var isMarked: Bool

        /// The values of a scalar of the run, when the last one counts up.
        func targets(of scalar: UInt32) -> [UInt32] {
            var targets = values
            targets[targets.count - 1] += scalar - scalars.lowerBound
            return targets
        }
    }

    private var bytes: String.UTF8View.Iterator
    private var end: UInt32 = 0

    init(_ text: String) {
        bytes = text.utf8.makeIterator()
    }

    mutating func next() -> Run? {
        var numbers: [UInt32] = []
        var number: UInt32?
        var isMarked = false
        reading: while let byte = bytes.next() {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                number = (number ?? 0) * 36 + UInt32(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "z"):
                number = (number ?? 0) * 36 + UInt32(byte - UInt8(ascii: "a")) + 10
            case UInt8(ascii: "."):
                numbers.append(number ?? 0)
                number = nil
            case UInt8(ascii: "!"):
                isMarked = true
            default:
                // Line breaks and spaces between words.
                if number != nil { break reading }
            }
        }
        guard let number else { return nil }
        numbers.append(number)
        let start = end + numbers[0]
        end = start + numbers[1]
        return Run(scalars: start..<end, values: Array(numbers[2...]), isMarked: isMarked)
    }
}

/// When a scalar came into Unicode.
enum ScalarAge {
    /// Whether `scalar` is assigned in Unicode `major`.0.
    static func isAssigned(_ scalar: UInt32, by major: Int) -> Bool {
        guard let age = Unicode.Scalar(scalar)?.properties.age else { return false }
        return age.major < major || age.major == major && age.minor == 0
    }
}
