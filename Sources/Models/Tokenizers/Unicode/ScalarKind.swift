/// What a Unicode scalar is: its general category, with the controls that are White_Space apart.
///
/// Raw values are the letters of ``GeneralCategoryRuns``.
enum ScalarKind: UInt8 {
    case uppercaseLetter
    case lowercaseLetter
    case titlecaseLetter
    case modifierLetter
    case otherLetter
    case nonspacingMark
    case spacingMark
    case enclosingMark
    case decimalNumber
    case letterNumber
    case otherNumber
    case connectorPunctuation
    case dashPunctuation
    case openPunctuation
    case closePunctuation
    case initialPunctuation
    case finalPunctuation
    case otherPunctuation
    case mathSymbol
    case currencySymbol
    case modifierSymbol
    case otherSymbol
    case spaceSeparator
    case lineSeparator
    case paragraphSeparator
    case control
    case format
    case surrogate
    case privateUse
    case unassigned
    /// Tab to carriage return, and next line: controls that are White_Space.
    case whitespaceControl
}

/// A set of scalar kinds, as regular expressions name them.
package struct ScalarSet: OptionSet {
    package let rawValue: UInt32

    package init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    private init(_ kinds: ScalarKind...) {
        rawValue = kinds.reduce(0) { $0 | 1 << UInt32($1.rawValue) }
    }

    /// Letters, `\p{L}`.
    package static let letter = ScalarSet(
        .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter)
    static let uppercaseOrTitlecase = ScalarSet(.uppercaseLetter, .titlecaseLetter)
    /// Controls that are no white space, and what is no character: `\p{C}` without unassigned ones.
    static let other = ScalarSet(.control, .format, .surrogate, .privateUse)
    static let unassigned = ScalarSet(.unassigned)
    /// Numbers, `\p{N}`.
    package static let number = ScalarSet(.decimalNumber, .letterNumber, .otherNumber)
    /// Marks, `\p{M}`.
    package static let mark = ScalarSet(.nonspacingMark, .spacingMark, .enclosingMark)
    /// Symbols, `\p{S}`.
    package static let symbol = ScalarSet(
        .mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol)
    /// Punctuation, `\p{P}`.
    package static let punctuation = ScalarSet(
        .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
        .initialPunctuation, .finalPunctuation, .otherPunctuation)
    /// White space, `\s`: the White_Space property.
    package static let whitespace = ScalarSet(
        .spaceSeparator, .lineSeparator, .paragraphSeparator, .whitespaceControl)
    /// The complement of `[^\s\p{L}\p{N}]`.
    static let wordOrSpace: ScalarSet = [.letter, .number, .whitespace]
    /// `[\p{L}\p{M}]`.
    static let letterOrMark: ScalarSet = [.letter, .mark]
    /// `[\p{P}\p{S}]`.
    static let punctuationOrSymbol: ScalarSet = [.punctuation, .symbol]
}

/// Kinds of all scalars in two stages: 256 scalars share a block, and equal blocks are kept once.
///
/// Unicode 16 for everybody: the standard library's own tables change with the toolchain and the
/// operating system, and token ids must not. About 60 KB, built once in a few milliseconds.
package final class ScalarKinds: Sendable {
    /// All of Unicode 16.
    package static let table = ScalarKinds(isAssigned: { _ in true })
    /// What llama.cpp knows: Unicode 15.1, scalars that came later being unassigned.
    package static let unicode15 = ScalarKinds { scalar in
        (Unicode.Scalar(scalar)?.properties.age?.major ?? .max) <= 15
    }

    /// The block of a scalar's upper bits.
    private let blocks: [UInt8]
    /// Raw values of ``ScalarKind``, 256 to a block.
    private let kinds: [UInt8]

    private init(isAssigned: (UInt32) -> Bool) {
        var all = Self.expanded(GeneralCategoryRuns.text.utf8)
        let neverNew: ScalarSet = [.other, .unassigned]
        for scalar in all.indices
        where neverNew.rawValue >> all[scalar] & 1 == 0 && !isAssigned(UInt32(scalar)) {
            all[scalar] = ScalarKind.unassigned.rawValue
        }
        var blocks: [UInt8] = []
        var kinds: [UInt8] = []
        var known: [ArraySlice<UInt8>: UInt8] = [:]
        for start in stride(from: 0, to: all.count, by: 256) {
            let block = all[start..<start + 256]
            if let index = known[block] {
                blocks.append(index)
                continue
            }
            let index = UInt8(known.count)
            known[block] = index
            blocks.append(index)
            kinds.append(contentsOf: block)
        }
        self.blocks = blocks
        self.kinds = kinds
    }

    /// The set that holds only the kind of `scalar`, which is below 0x110000.
    @inline(__always)
    package func kind(of scalar: UInt32) -> ScalarSet {
        let block = Int(blocks[Int(scalar >> 8)])
        return ScalarSet(rawValue: 1 << UInt32(kinds[block << 8 | Int(scalar & 0xFF)]))
    }

    private static func expanded(_ runs: String.UTF8View) -> [UInt8] {
        var all: [UInt8] = []
        all.reserveCapacity(0x110000)
        var kind: UInt8?
        var length = 0
        func endRun() {
            guard let kind else { return }
            all.append(contentsOf: repeatElement(kind, count: max(length, 1)))
        }
        for byte in runs {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                length = length * 10 + Int(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "z"):
                endRun()
                (kind, length) = (byte - UInt8(ascii: "a") + 26, 0)
            default:
                endRun()
                (kind, length) = (byte - UInt8(ascii: "A"), 0)
            }
        }
        endRun()
        precondition(all.count == 0x110000, "GeneralCategoryRuns does not cover Unicode")
        return all
    }
}
