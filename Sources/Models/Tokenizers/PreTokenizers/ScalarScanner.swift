/// Reads scalars and their kinds from well-formed UTF-8 that ends at `end`.
struct ScalarScanner {
    var end: Int
    let kinds: ScalarKinds

    /// The kind of the scalar at `position` and where the next one begins; nothing is in no set at the end.
    @inline(__always)
    func kind(_ text: borrowing Span<UInt8>, at position: Int) -> (kind: ScalarSet, next: Int) {
        guard position < end else { return ([], position) }
        let (scalar, length) = UTF8Text.scalar(in: text, at: position)
        return (kinds.kind(of: scalar), position + length)
    }

    @inline(__always)
    func kind(of scalar: UInt32) -> ScalarSet {
        kinds.kind(of: scalar)
    }

    /// Where the run of scalars in `set` that begins at `position` ends.
    @inline(__always)
    func runEnd(
        of set: ScalarSet, _ text: borrowing Span<UInt8>, from position: Int
    ) -> Int {
        var position = position
        while position < end {
            let (kind, next) = kind(text, at: position)
            guard !kind.isDisjoint(with: set) else { break }
            position = next
        }
        return position
    }

    /// Where the run of scalars that are not in `set` ends.
    @inline(__always)
    func runEnd(
        outside set: ScalarSet, _ text: borrowing Span<UInt8>, from position: Int
    ) -> Int {
        var position = position
        while position < end {
            let (kind, next) = kind(text, at: position)
            guard kind.isDisjoint(with: set) else { break }
            position = next
        }
        return position
    }

    /// `\s+(?!\S)|\s+` where a scalar of white space stands at `position`.
    ///
    /// A run leaves its last scalar to the word that follows, unless it has no other.
    @inline(__always)
    func spaceEnd(_ text: borrowing Span<UInt8>, from position: Int) -> Int {
        var last = position
        var next = position
        while next < end {
            let (kind, following) = kind(text, at: next)
            guard !kind.isDisjoint(with: .whitespace) else { break }
            (last, next) = (next, following)
        }
        return next == end || last == position ? next : last
    }

    /// `\s*[\r\n]+`: the run of white space up to its last line break, if it has one.
    func lineBreaksEnd(_ text: borrowing Span<UInt8>, from start: Int) -> Int? {
        var lastBreakEnd: Int?
        var position = start
        while position < end {
            let (kind, next) = kind(text, at: position)
            guard !kind.isDisjoint(with: .whitespace) else { break }
            if isLineBreak(text[position]) {
                lastBreakEnd = next
            }
            position = next
        }
        return lastBreakEnd
    }

    /// `'s|'t|'re|'ve|'m|'ll|'d` where an apostrophe stands at `position`; case is that of ASCII.
    @inline(__always)
    func contractionEnd(
        _ text: borrowing Span<UInt8>, from position: Int, ignoringCase: Bool
    ) -> Int? {
        func letter(_ index: Int) -> UInt8 {
            guard position + index < end else { return 0 }
            let byte = text[position + index]
            let isUppercase = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
            return ignoringCase && isUppercase ? byte | 0x20 : byte
        }
        switch letter(1) {
        case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"):
            return position + 2
        case UInt8(ascii: "r"), UInt8(ascii: "v"):
            return letter(2) == UInt8(ascii: "e") ? position + 3 : nil
        case UInt8(ascii: "l"):
            return letter(2) == UInt8(ascii: "l") ? position + 3 : nil
        default:
            return nil
        }
    }

    @inline(__always)
    func isLineBreak(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
    }
}
