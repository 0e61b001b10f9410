/// What a parser accepts from somebody it does not trust.
package struct JSONLimits: Sendable {
    /// What to do with a second member of the same name.
    ///
    /// RFC 8259 leaves it open, and two readers that choose differently can be played against each
    /// other, so the default refuses.
    package enum DuplicateKeys: Sendable {
        case refuse
        /// The last value wins and keeps the first one's place, as in Python and JavaScript.
        case keepLast
    }

    /// Deepest nesting of arrays and objects; at most 1024, since parsing recurses.
    package var maximumDepth: Int
    /// Longest text in bytes.
    package var maximumBytes: Int
    /// Most values, those inside others included: a value takes many times the two bytes that it can be written in.
    package var maximumValues: Int
    package var duplicateKeys: DuplicateKeys

    package init(
        maximumDepth: Int = 128, maximumBytes: Int = .max, maximumValues: Int = .max,
        duplicateKeys: DuplicateKeys = .refuse
    ) {
        self.maximumDepth = min(maximumDepth, 1024)
        self.maximumBytes = maximumBytes
        self.maximumValues = maximumValues
        self.duplicateKeys = duplicateKeys
    }

    package static let standard = JSONLimits()
}
