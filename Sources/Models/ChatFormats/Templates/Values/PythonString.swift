#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Python's string operations: strings are sequences of Unicode scalars, compared as they stand.
///
/// Swift's own count characters and take canonically equivalent texts for equal.
extension String {
    init(scalars: some Sequence<UnicodeScalar>) {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        self.init(view)
    }

    /// The scalars, for access by index.
    var scalars: [UnicodeScalar] { Array(unicodeScalars) }

    func containsText(_ part: String) -> Bool {
        part.isEmpty || Array(utf8).firstIndex(of: Array(part.utf8), from: 0) != nil
    }

    // MARK: Cutting

    enum Side {
        case left
        case right
        case both
    }

    /// Without these scalars, or without white space, at its ends.
    func stripped(_ side: Side, of characters: String?) -> String {
        if characters == nil, let stripped = strippedOfASCIISpace(side) { return stripped }
        let set = characters.map { Set($0.unicodeScalars) }
        func drops(_ scalar: UnicodeScalar) -> Bool {
            set?.contains(scalar) ?? scalar.isPythonSpace
        }
        var rest = unicodeScalars[...]
        if side != .right { rest = rest.drop(while: drops) }
        if side != .left {
            while let last = rest.last, drops(last) { rest.removeLast() }
        }
        return String(rest)
    }

    /// The same for white space where ASCII stands at both ends; nil elsewhere.
    private func strippedOfASCIISpace(_ side: Side) -> String? {
        var rest = utf8[...]
        if side != .right {
            while let first = rest.first, first < 0x80, UnicodeScalar(first).isPythonSpace {
                rest.removeFirst()
            }
            if let first = rest.first, first >= 0x80 { return nil }
        }
        if side != .left {
            while let last = rest.last, last < 0x80, UnicodeScalar(last).isPythonSpace {
                rest.removeLast()
            }
            if let last = rest.last, last >= 0x80 { return nil }
        }
        if rest.startIndex == startIndex, rest.endIndex == endIndex { return self }
        return String(Substring(rest))
    }

    /// Pieces between the separators, at most that many cuts, counted from the left or the right.
    func split(at separator: String, maximum: Int?, fromRight: Bool) -> [String] {
        let bytes = Array(utf8)
        let pattern = Array(separator.utf8)
        let cuts =
            fromRight
            ? bytes.lastIndices(of: pattern, maximum: maximum)
            : bytes.firstIndices(of: pattern, maximum: maximum)
        var pieces: [String] = []
        var position = 0
        for cut in cuts {
            pieces.append(String(decoding: bytes[position..<cut], as: UTF8.self))
            position = cut + pattern.count
        }
        return pieces + [String(decoding: bytes[position...], as: UTF8.self)]
    }

    /// Words between white space, without empty ones; what is left over keeps its space.
    func splitWords(maximum: Int?, fromRight: Bool) -> [String] {
        let scalars = fromRight ? scalars.reversed() : scalars
        var words: [ArraySlice<UnicodeScalar>] = []
        var position = 0
        while position < scalars.count {
            if scalars[position].isPythonSpace {
                position += 1
                continue
            }
            if let maximum, words.count == maximum {
                words.append(scalars[position...])
                break
            }
            let end = scalars[position...].firstIndex { $0.isPythonSpace } ?? scalars.count
            words.append(scalars[position..<end])
            position = end
        }
        guard fromRight else { return words.map { String(scalars: $0) } }
        return words.reversed().map { String(scalars: $0.reversed()) }
    }

    func splitLines(keepEnds: Bool) -> [String] {
        let scalars = scalars
        var lines: [String] = []
        var start = 0
        var position = 0
        while position < scalars.count {
            guard scalars[position].endsPythonLine else {
                position += 1
                continue
            }
            let pair =
                scalars[position] == "\r" && position + 1 < scalars.count
                && scalars[position + 1] == "\n"
            let next = position + (pair ? 2 : 1)
            lines.append(String(scalars: scalars[start..<(keepEnds ? next : position)]))
            (start, position) = (next, next)
        }
        if start < scalars.count { lines.append(String(scalars: scalars[start...])) }
        return lines
    }

    /// Where `part` begins, counted in scalars, within a range of scalars.
    func scalarIndex(of part: String, in range: Range<Int>, fromRight: Bool) -> Int? {
        let scalars = scalars
        let bytes = Array(String(scalars: scalars[range]).utf8)
        let pattern = Array(part.utf8)
        let found =
            fromRight
            ? bytes.lastIndices(of: pattern, maximum: 1).first
            : bytes.firstIndex(of: pattern, from: 0)
        guard let found else { return nil }
        let before = bytes[..<found].count { $0 & 0xC0 != 0x80 }
        return range.lowerBound + before
    }

    /// How often `part` occurs without overlapping.
    func occurrences(of part: String) -> Int {
        part.isEmpty
            ? unicodeScalars.count + 1 : split(at: part, maximum: nil, fromRight: false).count - 1
    }

    func replacing(_ old: String, with new: String, maximum: Int?) -> String {
        guard !old.isEmpty else {
            var text = ""
            var count = 0
            for scalar in unicodeScalars {
                if count < maximum ?? .max { text += new }
                count += 1
                text.unicodeScalars.append(scalar)
            }
            return count < maximum ?? .max ? text + new : text
        }
        return split(at: old, maximum: maximum, fromRight: false).joined(separator: new)
    }

    // MARK: Letters

    /// In lower case; a sigma at a word's end takes its own form.
    var pythonLowercased: String {
        guard utf8.contains(0xCE) else { return lowercased() }
        let scalars = scalars
        var text = ""
        for (index, scalar) in scalars.enumerated() {
            guard scalar == "\u{3A3}" else {
                text += scalar.properties.lowercaseMapping
                continue
            }
            let before = scalars[..<index].last { !$0.properties.isCaseIgnorable }
            let after = scalars[(index + 1)...].first { !$0.properties.isCaseIgnorable }
            let endsWord =
                before?.properties.isCased ?? false && !(after?.properties.isCased ?? false)
            text += endsWord ? "\u{3C2}" : "\u{3C3}"
        }
        return text
    }

    /// Without differences in case that lower case still shows.
    var pythonCaseFolded: String {
        unicodeScalars.reduce(into: "") { folded, scalar in
            switch scalar {
            case "\u{DF}", "\u{1E9E}": folded += "ss"
            case "\u{3C2}": folded += "\u{3C3}"
            case "\u{17F}": folded += "s"
            case "\u{FB00}"..."\u{FB06}", "\u{149}", "\u{1F0}":
                folded += scalar.properties.uppercaseMapping.lowercased()
            default: folded += scalar.properties.lowercaseMapping
            }
        }
    }

    /// The first scalar in title case, the others in lower case.
    var pythonCapitalized: String {
        guard let first = unicodeScalars.first else { return "" }
        let rest = String(unicodeScalars.dropFirst())
        return first.properties.titlecaseMapping + rest.pythonLowercased
    }

    /// Letters that follow no letter in title case, the others in lower case.
    var pythonTitled: String {
        var text = ""
        var followsLetter = false
        for scalar in unicodeScalars {
            let properties = scalar.properties
            text += followsLetter ? properties.lowercaseMapping : properties.titlecaseMapping
            followsLetter = properties.isCased
        }
        return text
    }

    /// Whether words begin with a capital and go on in lower case, and there is a word.
    var isPythonTitle: Bool {
        var followsCased = false
        var hasWord = false
        for scalar in unicodeScalars {
            let properties = scalar.properties
            let beginsWord =
                properties.isUppercase || properties.generalCategory == .titlecaseLetter
            if beginsWord, followsCased { return false }
            if properties.isLowercase, !followsCased { return false }
            followsCased = beginsWord || properties.isLowercase
            hasWord = hasWord || followsCased
        }
        return hasWord
    }

    var swappedCase: String {
        var text = ""
        for scalar in unicodeScalars {
            let properties = scalar.properties
            text +=
                properties.isUppercase ? properties.lowercaseMapping : properties.uppercaseMapping
        }
        return text
    }

    /// Whether there is a cased letter and every one satisfies the condition.
    func allCased(_ condition: (UnicodeScalar.Properties) -> Bool) -> Bool {
        var found = false
        for scalar in unicodeScalars where scalar.properties.isCased {
            guard condition(scalar.properties) else { return false }
            found = true
        }
        return found
    }

    func allScalars(_ condition: (UnicodeScalar) -> Bool) -> Bool {
        !isEmpty && unicodeScalars.allSatisfy(condition)
    }
}

extension UnicodeScalar {
    /// Where Python's `splitlines` cuts.
    fileprivate var endsPythonLine: Bool {
        switch value {
        case 0xA...0xD, 0x1C...0x1E, 0x85, 0x2028, 0x2029: true
        default: false
        }
    }

    var isPythonLetter: Bool {
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
            true
        default: false
        }
    }

    var isPythonDecimal: Bool { properties.generalCategory == .decimalNumber }

    var isPythonNumeric: Bool { properties.numericType != nil }

    var isPythonDigit: Bool {
        properties.numericType == .decimal || properties.numericType == .digit
    }
}

extension [UInt8] {
    /// Where a pattern begins at or after a position, in linear time.
    func firstIndex(of pattern: [UInt8], from start: Int) -> Int? {
        guard let first = pattern.first else { return start <= count ? start : nil }
        var position = start
        // Jumping from one first byte to the next is quickest, as long as few of them mislead.
        var budget = count - start
        while position + pattern.count <= count {
            guard let candidate = index(of: first, from: position),
                candidate + pattern.count <= count
            else { return nil }
            if self[candidate..<candidate + pattern.count].elementsEqual(pattern) {
                return candidate
            }
            position = candidate + 1
            budget -= pattern.count
            guard budget > 0 else { return firstIndexByBorders(of: pattern, from: position) }
        }
        return nil
    }

    private func index(of byte: UInt8, from start: Int) -> Int? {
        unsafe withUnsafeBytes { bytes in
            // The caller checked that a byte is left.
            guard let base = bytes.baseAddress,
                let found = unsafe memchr(base + start, Int32(byte), bytes.count - start)
            else { return nil }
            return unsafe UnsafeRawPointer(found) - base
        }
    }

    /// The same with no byte looked at twice (Knuth, Morris, Pratt).
    private func firstIndexByBorders(of pattern: [UInt8], from start: Int) -> Int? {
        // For every prefix of the pattern: the longest border, at which a mismatch goes on.
        var borders = [0]
        borders.reserveCapacity(pattern.count)
        var border = 0
        for byte in pattern.dropFirst() {
            while border > 0, pattern[border] != byte { border = borders[border - 1] }
            if pattern[border] == byte { border += 1 }
            borders.append(border)
        }
        var matched = 0
        for index in Swift.min(start, count)..<count {
            while matched > 0, pattern[matched] != self[index] { matched = borders[matched - 1] }
            if pattern[matched] == self[index] { matched += 1 }
            if matched == pattern.count { return index + 1 - matched }
        }
        return nil
    }

    /// Where a pattern occurs without overlapping, from the left.
    func firstIndices(of pattern: [UInt8], maximum: Int? = nil) -> [Int] {
        var found: [Int] = []
        var position = 0
        while found.count < maximum ?? .max, let index = firstIndex(of: pattern, from: position) {
            found.append(index)
            position = index + Swift.max(pattern.count, 1)
        }
        return found
    }

    /// The same from the right, in ascending order.
    func lastIndices(of pattern: [UInt8], maximum: Int? = nil) -> [Int] {
        let mirrored = [UInt8](reversed())
            .firstIndices(of: [UInt8](pattern.reversed()), maximum: maximum)
        return mirrored.reversed().map { count - $0 - pattern.count }
    }
}
