/// Sets of scalars as the Rust crates under the `tokenizers` package know them, which are of several
/// versions of Unicode.
enum PackageScalars {
    /// `char::is_whitespace`: White_Space.
    static let whitespace = ScalarTable(ScalarRangeSet(.whitespace))
    /// `char::is_numeric`, Unicode 17: the decimal digits of Tolong Siki and three Chinese small numbers more.
    static let numbers = ScalarTable(
        ScalarRangeSet(.number).union(ScalarRangeSet(0x11DE0...0x11DE9))
            .union(ScalarRangeSet(0x16FF4...0x16FF6)))
    /// `\w` of the regex crate: joiners are parts of words, superscripts are not.
    static let word = ScalarTable(
        ScalarProperties.word.union(ScalarRangeSet(0x200C...0x200D))
            .intersection(
                ScalarRangeSet(0xB2...0xB3).union(ScalarRangeSet(0xB9))
                    .union(ScalarRangeSet(0xBC...0xBE)).inverted))
    /// ASCII punctuation and, of Unicode 8, `\p{P}`.
    static let punctuation = ScalarTable(
        assigned(.punctuation, by: 8).union(asciiPunctuation)
            .union(ScalarRangeSet(0x166D)).union(ScalarRangeSet(0x111C9)))
    /// What BERT takes out of texts: of Unicode 8, controls, formats and private scalars, and U+0000 and U+FFFD.
    static let dropped = ScalarTable(
        assigned(.other, by: 8).union(ScalarRangeSet(0xFFFD)).union(ScalarRangeSet(0x0B...0x0C))
            .union(ScalarRangeSet(0x85)))
    /// Accents for BERT: `\p{Mn}` of Unicode 8.
    static let accents = ScalarTable(
        assigned(ScalarSet([.nonspacingMark]), by: 8)
            .intersection(
                ScalarRangeSet(0x1885...0x1886).union(ScalarRangeSet(0xA9BD))
                    .union(ScalarRangeSet(0x111C9)).union(ScalarRangeSet(0x111CF)).inverted
            )
            .union(ScalarRangeSet(0x1734)).union(ScalarRangeSet(0x1171E)))
    /// Accents for `StripAccents`: `\p{M}` of Unicode 9.
    static let marks = ScalarTable(
        assigned(.mark, by: 9)
            .intersection(
                ScalarRangeSet(0x1CF7).union(ScalarRangeSet(0x111C9)).union(ScalarRangeSet(0x111CF))
                    .inverted
            )
            .union(ScalarRangeSet(0x1CF2...0x1CF3)))

    private static let asciiPunctuation = ScalarRangeSet(0x21...0x2F)
        .union(ScalarRangeSet(0x3A...0x40)).union(ScalarRangeSet(0x5B...0x60))
        .union(ScalarRangeSet(0x7B...0x7E))

    private static func assigned(_ kinds: ScalarSet, by major: Int) -> ScalarRangeSet {
        ScalarRangeSet(kinds).assigned(by: major)
    }

    /// Chinese characters for BERT, by block.
    @inline(__always)
    static func isChinese(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F,
            0x2B740...0x2B81F, 0x2B920...0x2CEAF, 0xF900...0xFAFF, 0x2F800...0x2FA1F:
            true
        default:
            false
        }
    }

    /// Appends what `char::to_lowercase` gives.
    @inline(__always)
    static func appendLowercase(of scalar: UInt32, to bytes: inout [UInt8]) {
        if scalar < 0x80 {
            let byte = UInt8(truncatingIfNeeded: scalar)
            bytes.append((0x41...0x5A).contains(byte) ? byte | 0x20 : byte)
            return
        }
        if scalar == 0x130 {
            bytes.append(contentsOf: [0x69, 0xCC, 0x87])
            return
        }
        UTF8Text.append(lowercase[scalar] ?? scalar, to: &bytes)
    }

    /// Lowercase letters of letters outside ASCII.
    private static let lowercase: [UInt32: UInt32] = {
        var letters: [UInt32: UInt32] = [:]
        for range in ScalarRangeSet(.cased).ranges {
            for scalar in range {
                guard let mapping = Unicode.Scalar(scalar)?.properties.lowercaseMapping,
                    let letter = mapping.unicodeScalars.first, letter.value != scalar
                else { continue }
                letters[scalar] = letter.value
            }
        }
        // Letters of Unicode 17, which Rust knows and our tables do not.
        for scalar: UInt32 in [0xA7CE, 0xA7D2, 0xA7D4] { letters[scalar] = scalar + 1 }
        for scalar in UInt32(0x16EA0)...0x16EB8 { letters[scalar] = scalar + 27 }
        return letters
    }()
}

extension ScalarRangeSet {
    /// Those that are assigned in Unicode `major`.0.
    func assigned(by major: Int) -> ScalarRangeSet {
        var set = ScalarRangeSet.empty
        for range in ranges {
            // Private use and large blocks of ideographs are old; a few at their ends do not matter here.
            if range.count > 30_000 {
                set = set.union(ScalarRangeSet(range.lowerBound...range.upperBound - 1))
                continue
            }
            var start: UInt32?
            for scalar in range.lowerBound...range.upperBound {
                let belongs = scalar < range.upperBound && ScalarAge.isAssigned(scalar, by: major)
                if belongs, start == nil { start = scalar }
                if !belongs, let first = start {
                    set = set.union(ScalarRangeSet(first...scalar - 1))
                    start = nil
                }
            }
        }
        return set
    }
}
