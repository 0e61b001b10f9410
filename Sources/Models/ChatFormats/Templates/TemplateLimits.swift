/// Bounds on what one rendering may take; a template comes with a model file, from anywhere.
package struct TemplateLimits: Sendable {
    /// Most steps: nodes evaluated, items visited, one for every 64 bytes that are produced, and one for every 12 that a
    /// filter or method reads.
    package var steps: Int
    /// Longest string, in bytes, and so also the longest output.
    package var stringBytes: Int
    /// Longest list.
    package var listItems: Int
    /// Deepest nesting of macro calls, expressions and statements together.
    package var depth: Int

    package init(
        steps: Int = 3_000_000, stringBytes: Int = 1 << 26, listItems: Int = 1_000_000,
        depth: Int = 400
    ) {
        self.steps = steps
        self.stringBytes = stringBytes
        self.listItems = listItems
        self.depth = depth
    }

    package static let standard = TemplateLimits()

    /// Longest source of a template in bytes.
    static let sourceBytes = 1 << 21
    /// Deepest nesting in a template's source.
    static let syntaxDepth = 120
    /// Longest chain of operators on one level, which nests the tree without nesting the source.
    static let chainLength = 400
    /// Deepest nesting of values within values.
    static let valueNesting = 256
    /// Longest range, as in Python's sandbox.
    static let rangeItems = 100_000
}
