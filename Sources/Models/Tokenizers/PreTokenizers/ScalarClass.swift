/// The characters of a bracket in a regular expression: kinds, single scalars and ranges.
final class ScalarClass: Sendable {
    /// By ASCII character.
    private let ascii: (low: UInt64, high: UInt64)
    private let kinds: ScalarSet
    /// In order, and apart.
    private let ranges: [ClosedRange<UInt32>]
    private let isNegated: Bool

    /// A class of what `kinds` or `characters` hold.
    ///
    /// - Parameters:
    ///   - kinds: sets such as `\p{L}`.
    ///   - characters: single characters, and ranges written with a dash between two (`a-z`); a dash at
    ///     the beginning stands for itself.
    ///   - ranges: more of them.
    ///   - isNegated: everything else instead.
    convenience init(
        _ kinds: ScalarSet = [], _ characters: String = "", _ ranges: ClosedRange<UInt32>...,
        isNegated: Bool = false
    ) {
        self.init(kinds, Self.ranges(characters) + ranges, isNegated: isNegated)
    }

    init(_ kinds: ScalarSet, _ all: [ClosedRange<UInt32>], isNegated: Bool = false) {
        self.kinds = kinds
        self.isNegated = isNegated
        ranges = Self.disjoint(all)
        var ascii: (low: UInt64, high: UInt64) = (0, 0)
        for scalar in UInt32(0)..<0x80 {
            let isListed = all.contains { $0.contains(scalar) }
            let isOfKind = !ScalarKinds.table.kind(of: scalar).isDisjoint(with: kinds)
            guard (isListed || isOfKind) != isNegated else { continue }
            if scalar < 64 {
                ascii.low |= 1 << UInt64(scalar)
            } else {
                ascii.high |= 1 << UInt64(scalar - 64)
            }
        }
        self.ascii = ascii
    }

    private static func disjoint(_ ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
        var disjoint: [ClosedRange<UInt32>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = disjoint.last, range.lowerBound <= last.upperBound {
                let end = max(last.upperBound, range.upperBound)
                disjoint[disjoint.count - 1] = last.lowerBound...end
            } else {
                disjoint.append(range)
            }
        }
        return disjoint
    }

    private static func ranges(_ characters: String) -> [ClosedRange<UInt32>] {
        var ranges: [ClosedRange<UInt32>] = []
        var scalars = characters.unicodeScalars.map(\.value)[...]
        while let first = scalars.popFirst() {
            if scalars.first == UInt32(UInt8(ascii: "-")), let last = scalars.dropFirst().first {
                ranges.append(first...last)
                scalars = scalars.dropFirst(2)
            } else {
                ranges.append(first...first)
            }
        }
        return ranges
    }

    /// Where the scalar at `position` ends if the class holds it.
    ///
    /// White space beyond ASCII counts as a vertical tab, as llama.cpp writes it before it looks.
    @inline(__always)
    func end(
        _ scanner: ScalarScanner, _ text: borrowing Span<UInt8>, at position: Int
    ) -> Int? {
        guard position < scanner.end else { return nil }
        let byte = text[position]
        if byte < 0x80 {
            let mask = byte < 64 ? ascii.low : ascii.high
            return mask >> UInt64(byte & 63) & 1 == 1 ? position + 1 : nil
        }
        let (scalar, length) = UTF8Text.scalar(in: text, at: position)
        let kind = scanner.kind(of: scalar)
        guard kind.isDisjoint(with: .whitespace) else {
            return ascii.low >> 0x0B & 1 == 1 ? position + length : nil
        }
        let isIn = !kind.isDisjoint(with: kinds) || isListed(scalar)
        return isIn != isNegated ? position + length : nil
    }

    private func isListed(_ scalar: UInt32) -> Bool {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < scalar {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low < ranges.count && ranges[low].contains(scalar)
    }
}
