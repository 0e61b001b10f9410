import Foundation

/// Damages bytes: the same way for the same seed.
struct Mutator {
    /// `make soak` asks for more.
    static let iterations = wanted ?? 2_000
    static let isSoaking = wanted != nil
    private static let wanted =
        ProcessInfo.processInfo.environment["BERTH_FUZZ_ITERATIONS"].flatMap(Int.init)

    private var state: UInt64

    init(seed: UInt64) {
        state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    }

    mutating func below(_ bound: Int) -> Int {
        // Xorshift (Marsaglia 2003).
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int((state >> 11) % UInt64(max(1, bound)))
    }

    mutating func mutate(_ original: [UInt8]) -> [UInt8] {
        var bytes = original
        for _ in 0...below(3) where !bytes.isEmpty {
            mutateOnce(&bytes)
        }
        return bytes
    }

    /// As ``mutate(_:)``, and often by what damages JSON: a number for another, a piece of the text in another place.
    mutating func mutateText(_ original: [UInt8]) -> [UInt8] {
        var bytes = original
        for _ in 0...below(3) where !bytes.isEmpty {
            switch below(3) {
            case 0: mutateOnce(&bytes)
            case 1: replaceNumber(&bytes)
            default: replaceValue(&bytes)
            }
        }
        return bytes
    }

    /// Puts another number where one stands.
    private mutating func replaceNumber(_ bytes: inout [UInt8]) {
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        let start = below(bytes.count)
        guard let first = bytes[start...].firstIndex(where: { digits.contains($0) }) else { return }
        let end = bytes[first...].firstIndex { !digits.contains($0) } ?? bytes.count
        let others = ["\(interesting())", "-1", "0.5", "1e308", "null", "\(below(10))"]
        bytes.replaceSubrange(first..<end, with: Array(others[below(others.count)].utf8))
    }

    /// Puts another value where a name or bracket stands.
    private mutating func replaceValue(_ bytes: inout [UInt8]) {
        let marks = Array("\"[]{},:".utf8)
        let start = below(bytes.count)
        guard let first = bytes[start...].firstIndex(where: { marks.contains($0) }) else { return }
        let end = bytes[(first + 1)...].firstIndex { marks.contains($0) } ?? bytes.count
        let others = ["[[[[", "{}", "null", "\"F64\"", "\"\\ud800\"", "\"../x\"", "[]", "true", ""]
        bytes.replaceSubrange(first..<end, with: Array(others[below(others.count)].utf8))
    }

    private mutating func mutateOnce(_ bytes: inout [UInt8]) {
        let place = below(bytes.count)
        switch below(7) {
        case 0, 1: bytes[place] ^= 1 << UInt8(below(8))
        case 2: bytes[place] = UInt8(below(256))
        case 3: overwrite(&bytes, GGUFBytes.littleEndian(interesting()), at: place)
        case 4:
            overwrite(
                &bytes, GGUFBytes.littleEndian(UInt32(truncatingIfNeeded: interesting())), at: place
            )
        case 5:
            let length = min(below(64), bytes.count - place)
            let splice = Array(bytes[place..<place + length])
            let target = below(bytes.count)
            if below(2) == 0 {
                bytes.insert(contentsOf: splice, at: target)
            } else {
                overwrite(&bytes, splice, at: target)
            }
        default:
            if below(3) == 0 {
                bytes.removeLast(below(bytes.count))
            } else {
                bytes.removeSubrange(place..<min(bytes.count, place + below(16)))
            }
        }
    }

    private mutating func interesting() -> UInt64 {
        let edges: [UInt64] = [
            0, 1, 2, 3, 8, 9, 31, 32, 255, 1 << 16, 1 << 20, 1 << 31, 1 << 32, 1 << 40, 1 << 62,
            1 << 63, .max, .max - 7, UInt64(Int.max), UInt64(UInt32.max),
        ]
        return edges[below(edges.count)] &+ UInt64(below(3))
    }

    private func overwrite(_ bytes: inout [UInt8], _ values: [UInt8], at place: Int) {
        for (index, value) in values.enumerated() where place + index < bytes.count {
            bytes[place + index] = value
        }
    }
}
