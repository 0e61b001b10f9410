/// Unicode normal forms (UAX #15) of UTF-8 text.
///
/// Tables of about 100 KB, built once in some milliseconds. Text that is already normal, which most
/// text is, costs one look-up a scalar outside ASCII.
package struct NormalForms: Sendable {
    package enum Form: String, Sendable, CaseIterable {
        case nfc, nfd, nfkc, nfkd
    }

    /// All of Unicode 16.
    package static let unicode16 = NormalForms(newestAge: nil)
    /// Only scalars of Unicode 15 and before, which is what llama.cpp knows.
    package static let unicode15 = NormalForms(newestAge: 15)
    /// Only scalars of Unicode 9 and before decompose or combine: what the `tokenizers` package does.
    package static let unicode9 = NormalForms(newestAge: 9)

    /// What normalization has to know about a scalar.
    private struct Entry: Hashable {
        /// Canonical combining class.
        var combiningClass: UInt8 = 0
        /// Whether the scalar may change, or the one before it, by form.
        var nfd = false
        var nfkd = false
        var nfc = false
        var nfkc = false
        /// Number of its decompositions, 0 for none.
        var decomposition: UInt16 = 0

        @inline(__always)
        func mayChange(_ form: Form) -> Bool {
            switch form {
            case .nfc: nfc
            case .nfd: nfd
            case .nfkc: nfkc
            case .nfkd: nfkd
            }
        }
    }

    /// The block of a scalar's upper bits.
    private var blocks = [UInt16](repeating: 0, count: 0x110000 >> 7)
    /// 128 to a block; block 0 is all zero.
    private var entries = [Entry](repeating: Entry(), count: 128)
    /// Full decompositions by number.
    private var canonical: [[UInt32]] = [[]]
    private var compatibility: [[UInt32]] = [[]]
    /// What a starter and the scalar after it compose to.
    private var compositions: [UInt64: UInt32] = [:]

    private init(newestAge: Int?) {
        var steps: [UInt32: (targets: [UInt32], isCanonical: Bool)] = [:]
        func isKnown(_ scalar: UInt32) -> Bool {
            guard let newestAge else { return true }
            return ScalarAge.isAssigned(scalar, by: newestAge)
        }
        for run in ScalarRuns(CanonicalDecompositions.mappings) {
            for scalar in run.scalars where isKnown(scalar) {
                let targets = run.targets(of: scalar)
                steps[scalar] = (targets, true)
                if !run.isMarked, targets.count == 2 {
                    compositions[Self.pair(targets[0], targets[1])] = scalar
                    update(targets[1]) {
                        $0.nfc = true
                        $0.nfkc = true
                    }
                } else {
                    update(scalar) {
                        $0.nfc = true
                        $0.nfkc = true
                    }
                }
            }
        }
        for run in ScalarRuns(CompatibilityDecompositions.mappings) {
            for scalar in run.scalars where isKnown(scalar) {
                steps[scalar] = (run.targets(of: scalar), false)
            }
        }
        for run in ScalarRuns(CanonicalDecompositions.combiningClasses) {
            for scalar in run.scalars where isKnown(scalar) {
                update(scalar) {
                    $0.combiningClass = UInt8(truncatingIfNeeded: run.values[0])
                    ($0.nfc, $0.nfd, $0.nfkc, $0.nfkd) = (true, true, true, true)
                }
            }
        }
        for (scalar, step) in steps {
            addDecomposition(of: scalar, isCanonical: step.isCanonical, steps)
        }
        for scalar in Hangul.composing {
            update(scalar) { ($0.nfc, $0.nfkc) = (true, true) }
        }
        for scalar in Hangul.syllables {
            update(scalar) { ($0.nfd, $0.nfkd) = (true, true) }
        }
    }

    private mutating func addDecomposition(
        of scalar: UInt32, isCanonical: Bool,
        _ steps: [UInt32: (targets: [UInt32], isCanonical: Bool)]
    ) {
        // Decompositions nest at most five deep in any version of Unicode.
        func expanded(_ scalar: UInt32, canonicalOnly: Bool) -> [UInt32] {
            guard let step = steps[scalar], step.isCanonical || !canonicalOnly else {
                return [scalar]
            }
            return step.targets.flatMap { expanded($0, canonicalOnly: canonicalOnly) }
        }
        let full = expanded(scalar, canonicalOnly: true)
        let compatible = expanded(scalar, canonicalOnly: false)
        let number = UInt16(canonical.count)
        canonical.append(full)
        compatibility.append(compatible)
        update(scalar) {
            $0.decomposition = number
            $0.nfd = $0.nfd || isCanonical
            $0.nfkd = true
            $0.nfkc = $0.nfkc || full != compatible
        }
    }

    private mutating func update(_ scalar: UInt32, _ change: (inout Entry) -> Void) {
        let block = Int(scalar >> 7)
        if blocks[block] == 0 {
            blocks[block] = UInt16(entries.count >> 7)
            entries.append(contentsOf: repeatElement(Entry(), count: 128))
        }
        change(&entries[Int(blocks[block]) << 7 | Int(scalar & 0x7F)])
    }

    @inline(__always)
    private func entry(of scalar: UInt32) -> Entry {
        entries[Int(blocks[Int(scalar >> 7)]) << 7 | Int(scalar & 0x7F)]
    }

    private static func pair(_ first: UInt32, _ second: UInt32) -> UInt64 {
        UInt64(first) << 32 | UInt64(second)
    }

    /// The canonical combining class of `scalar`: not 0 for marks that move.
    package func combiningClass(of scalar: UInt32) -> UInt8 {
        entry(of: scalar).combiningClass
    }

    /// The first scalar of the canonical decomposition of `scalar`.
    @inline(__always)
    func canonicalBase(of scalar: UInt32) -> UInt32 {
        if Hangul.syllables.contains(scalar) {
            return Hangul.leadingConsonant(of: scalar)
        }
        let entry = entry(of: scalar)
        return entry.nfd && entry.decomposition > 0
            ? canonical[Int(entry.decomposition)][0] : scalar
    }

    // MARK: Normalizing

    /// `text`, well-formed UTF-8, in the normal form; `nil` when it is in it already.
    package func normalized(_ text: [UInt8], _ form: Form) -> [UInt8]? {
        let span = text.span
        var result: [UInt8] = []
        /// Bytes before here are in `result`.
        var done = 0
        var position = 0
        var lastStart = 0
        let composes = form == .nfc || form == .nfkc
        while position < span.count {
            if span[position] < 0x80 {
                lastStart = position
                position += 1
                continue
            }
            let (scalar, length) = UTF8Text.scalar(in: span, at: position)
            guard entry(of: scalar).mayChange(form) else {
                lastStart = position
                position += length
                continue
            }
            // From the last scalar that nothing can change, if what follows may compose with it, to the
            // next one.
            let start = composes ? max(lastStart, done) : position
            var end = position + length
            while end < span.count, span[end] >= 0x80 {
                let (scalar, length) = UTF8Text.scalar(in: span, at: end)
                guard entry(of: scalar).mayChange(form) else { break }
                end += length
            }
            if result.isEmpty { result.reserveCapacity(text.count + 16) }
            result.append(contentsOf: text[done..<start])
            append(text[start..<end], form, to: &result)
            (done, lastStart, position) = (end, end, end)
        }
        guard done > 0 else { return nil }
        result.append(contentsOf: text[done...])
        return result == text ? nil : result
    }

    private func append(_ text: ArraySlice<UInt8>, _ form: Form, to result: inout [UInt8]) {
        var scalars: [UInt32] = []
        let span = text.span
        var position = 0
        while position < span.count {
            let (scalar, length) = UTF8Text.scalar(in: span, at: position)
            appendDecomposition(of: scalar, form, to: &scalars)
            position += length
        }
        reorder(&scalars)
        if form == .nfc || form == .nfkc {
            compose(&scalars)
        }
        for scalar in scalars {
            UTF8Text.append(scalar, to: &result)
        }
    }

    private func appendDecomposition(
        of scalar: UInt32, _ form: Form, to scalars: inout [UInt32]
    ) {
        if Hangul.syllables.contains(scalar) {
            Hangul.decompose(scalar, into: &scalars)
            return
        }
        let number = Int(entry(of: scalar).decomposition)
        if number == 0 {
            scalars.append(scalar)
        } else if form == .nfd || form == .nfc {
            scalars.append(contentsOf: canonical[number])
        } else {
            scalars.append(contentsOf: compatibility[number])
        }
    }

    /// Puts marks between two starters in the order of their classes; equal ones stay in theirs.
    private func reorder(_ scalars: inout [UInt32]) {
        var start = 0
        while start < scalars.count {
            guard combiningClass(of: scalars[start]) != 0 else {
                start += 1
                continue
            }
            var end = start
            while end < scalars.count, combiningClass(of: scalars[end]) != 0 { end += 1 }
            if end - start > 1 {
                // Class, then place.
                let keys = scalars[start..<end].enumerated().map { offset, scalar in
                    UInt64(combiningClass(of: scalar)) << 56 | UInt64(offset)
                }.sorted()
                let marks = Array(scalars[start..<end])
                for (offset, key) in keys.enumerated() {
                    scalars[start + offset] = marks[Int(key & 0xFF_FFFF_FFFF_FFFF)]
                }
            }
            start = end
        }
    }

    private func compose(_ scalars: inout [UInt32]) {
        var count = 0
        /// Where the last starter is.
        var starter: Int?
        var lastClass: UInt8 = 0
        for scalar in scalars {
            let combiningClass = combiningClass(of: scalar)
            // A mark is blocked from its starter by one between of the same or a higher class.
            if let place = starter, lastClass < combiningClass || place == count - 1,
                let composed = composition(scalars[place], scalar)
            {
                scalars[place] = composed
                continue
            }
            if combiningClass == 0 {
                starter = count
            }
            lastClass = combiningClass
            scalars[count] = scalar
            count += 1
        }
        scalars.removeLast(scalars.count - count)
    }

    private func composition(_ first: UInt32, _ second: UInt32) -> UInt32? {
        Hangul.composition(first, second) ?? compositions[Self.pair(first, second)]
    }
}

/// Hangul syllables, whose decompositions are arithmetic (The Unicode Standard, section 3.12).
private enum Hangul {
    static let syllables: Range<UInt32> = 0xAC00..<0xD7A4
    /// Vowels and trailing consonants.
    static let composing: [UInt32] = Array(0x1161..<0x1176) + Array(0x11A8..<0x11C3)
    private static let leading: Range<UInt32> = 0x1100..<0x1113
    private static let vowels: Range<UInt32> = 0x1161..<0x1176
    private static let trailing: Range<UInt32> = 0x11A8..<0x11C3

    static func leadingConsonant(of syllable: UInt32) -> UInt32 {
        leading.lowerBound + (syllable - syllables.lowerBound) / 588
    }

    static func decompose(_ syllable: UInt32, into scalars: inout [UInt32]) {
        let index = syllable - syllables.lowerBound
        scalars.append(leadingConsonant(of: syllable))
        scalars.append(vowels.lowerBound + index % 588 / 28)
        if index % 28 != 0 {
            scalars.append(trailing.lowerBound + index % 28 - 1)
        }
    }

    static func composition(_ first: UInt32, _ second: UInt32) -> UInt32? {
        if leading.contains(first), vowels.contains(second) {
            let index = (first - leading.lowerBound) * 588 + (second - vowels.lowerBound) * 28
            return syllables.lowerBound + index
        }
        if syllables.contains(first), (first - syllables.lowerBound).isMultiple(of: 28),
            trailing.contains(second)
        {
            return first + second - trailing.lowerBound + 1
        }
        return nil
    }
}
