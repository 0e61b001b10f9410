/// A set of scalars as the places where it begins and ends: set algebra in one pass.
struct ScalarRangeSet: Sendable, Equatable {
    /// Ascending; at even places a run begins, at odd ones it ends before.
    private(set) var bounds: [UInt32]

    static let limit: UInt32 = 0x110000
    static let empty = ScalarRangeSet(bounds: [])
    static let all = ScalarRangeSet(bounds: [0, limit])

    private init(bounds: [UInt32]) {
        self.bounds = bounds
    }

    init(_ range: ClosedRange<UInt32>) {
        bounds = [range.lowerBound, range.upperBound + 1]
    }

    init(_ scalar: UInt32) {
        self.init(scalar...scalar)
    }

    /// Scalars of these kinds.
    init(_ kinds: ScalarSet) {
        self = Self.byKind.enumerated().reduce(into: .empty) { set, entry in
            guard kinds.rawValue >> UInt32(entry.offset) & 1 == 1 else { return }
            set = set.union(entry.element)
        }
    }

    /// The set of each ``ScalarKind``, by raw value.
    private static let byKind: [ScalarRangeSet] = {
        var bounds = [[UInt32]](repeating: [], count: 32)
        var last = 32
        for scalar in 0..<limit {
            let kind = ScalarKinds.table.kind(of: scalar).rawValue.trailingZeroBitCount
            guard kind != last else { continue }
            if last < 32 { bounds[last].append(scalar) }
            bounds[kind].append(scalar)
            last = kind
        }
        bounds[last].append(limit)
        return bounds.map { ScalarRangeSet(bounds: $0) }
    }()

    var isEmpty: Bool { bounds.isEmpty }

    var ranges: [Range<UInt32>] {
        stride(from: 0, to: bounds.count, by: 2).map { bounds[$0]..<bounds[$0 + 1] }
    }

    var inverted: ScalarRangeSet {
        var bounds = bounds
        if bounds.first == 0 { bounds.removeFirst() } else { bounds.insert(0, at: 0) }
        if bounds.last == Self.limit { bounds.removeLast() } else { bounds.append(Self.limit) }
        return ScalarRangeSet(bounds: bounds)
    }

    func union(_ other: ScalarRangeSet) -> ScalarRangeSet {
        combined(with: other) { $0 || $1 }
    }

    func intersection(_ other: ScalarRangeSet) -> ScalarRangeSet {
        combined(with: other) { $0 && $1 }
    }

    private func combined(
        with other: ScalarRangeSet, _ isMember: (Bool, Bool) -> Bool
    ) -> ScalarRangeSet {
        var result: [UInt32] = []
        var (left, right) = (0, 0)
        var isInside = false
        while left < bounds.count || right < other.bounds.count {
            let next = min(
                left < bounds.count ? bounds[left] : .max,
                right < other.bounds.count ? other.bounds[right] : .max)
            if left < bounds.count, bounds[left] == next { left += 1 }
            if right < other.bounds.count, other.bounds[right] == next { right += 1 }
            let belongs = isMember(left % 2 == 1, right % 2 == 1)
            if belongs != isInside {
                result.append(next)
                isInside = belongs
            }
        }
        return ScalarRangeSet(bounds: result)
    }

    func contains(_ scalar: UInt32) -> Bool {
        ranges.contains { $0.contains(scalar) }
    }
}

/// A set of scalars made for asking: one bit each in two stages, about 5 KB.
struct ScalarTable: Sendable {
    /// The block of a scalar's upper bits.
    private var blocks: [UInt16]
    /// 256 bits to a block.
    private var bits: [UInt64]

    init(_ set: ScalarRangeSet) {
        var blocks: [UInt16] = []
        blocks.reserveCapacity(0x1100)
        // Blocks 0 and 1: nothing and everything.
        var bits = [UInt64](repeating: 0, count: 4) + [UInt64](repeating: .max, count: 4)
        var ranges = set.ranges[...]
        for start in stride(from: UInt32(0), to: ScalarRangeSet.limit, by: 256) {
            while let first = ranges.first, first.upperBound <= start { ranges.removeFirst() }
            guard let first = ranges.first, first.lowerBound < start + 256 else {
                blocks.append(0)
                continue
            }
            if first.lowerBound <= start, first.upperBound >= start + 256 {
                blocks.append(1)
                continue
            }
            var block: [UInt64] = [0, 0, 0, 0]
            for range in ranges {
                guard range.lowerBound < start + 256 else { break }
                for scalar in max(range.lowerBound, start)..<min(range.upperBound, start + 256) {
                    block[Int(scalar >> 6 & 3)] |= 1 << UInt64(scalar & 63)
                }
            }
            blocks.append(UInt16(bits.count >> 2))
            bits.append(contentsOf: block)
        }
        self.blocks = blocks
        self.bits = bits
    }

    @inline(__always)
    func contains(_ scalar: UInt32) -> Bool {
        let block = Int(blocks[Int(scalar >> 8)])
        return bits[block << 2 | Int(scalar >> 6 & 3)] >> UInt64(scalar & 63) & 1 == 1
    }
}

/// Scalars that differ only in case, one for one (simple case folding).
enum CaseFolding {
    private static let groups: [UInt32: [UInt32]] = {
        var groups: [UInt32: [UInt32]] = [:]
        let cased: ScalarSet = .cased
        for range in ScalarRangeSet(cased).ranges {
            for scalar in range {
                groups[folded(scalar), default: []].append(scalar)
            }
        }
        return groups
    }()

    private static func folded(_ scalar: UInt32) -> UInt32 {
        func single(_ scalar: UInt32, _ mapping: (Unicode.Scalar.Properties) -> String) -> UInt32 {
            guard let properties = Unicode.Scalar(scalar)?.properties else { return scalar }
            let mapped = mapping(properties).unicodeScalars
            return mapped.count == 1 ? mapped.first?.value ?? scalar : scalar
        }
        return single(single(scalar, \.uppercaseMapping), \.lowercaseMapping)
    }

    /// `set` and everything that differs from one of its members only in case.
    static func closure(of set: ScalarRangeSet) -> ScalarRangeSet {
        let cased = set.intersection(ScalarRangeSet(.cased))
        var bounds = ScalarRangeSet.empty
        var seen: Set<UInt32> = []
        for range in cased.ranges {
            for scalar in range {
                let fold = folded(scalar)
                guard seen.insert(fold).inserted else { continue }
                for member in groups[fold] ?? [] {
                    bounds = bounds.union(ScalarRangeSet(member))
                }
            }
        }
        return set.union(bounds)
    }
}

extension ScriptRuns {
    /// The scalars of the script whose name, in lowercase and without underlines, is `name`.
    static func set(named name: String) -> ScalarRangeSet? {
        text[name].map { runs in
            ScalarRuns(runs).reduce(.empty) { set, run in
                set.union(ScalarRangeSet(run.scalars.lowerBound...run.scalars.upperBound - 1))
            }
        }
    }
}
