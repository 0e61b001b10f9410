/// How a value is written as text.
package struct JSONWritingOptions: Sendable {
    /// JSON has no word for NaN and the infinities.
    package enum NonFiniteNumbers: Sendable {
        /// `null`, as JavaScript writes them: the text stays JSON.
        case null
        /// `NaN`, `Infinity`, `-Infinity`, as Python writes them: the text is no longer JSON.
        case python
    }

    package var itemSeparator: String
    package var keySeparator: String
    /// Written once a level before every element, on a line of its own; `nil` keeps one line.
    package var indentation: String?
    /// Everything outside ASCII becomes `\u` escapes.
    package var escapesNonASCII: Bool
    /// Members in the order of their names' scalars instead of their own.
    package var sortsKeys: Bool
    package var nonFiniteNumbers: NonFiniteNumbers

    package init(
        itemSeparator: String = ",", keySeparator: String = ":", indentation: String? = nil,
        escapesNonASCII: Bool = false, sortsKeys: Bool = false,
        nonFiniteNumbers: NonFiniteNumbers = .null
    ) {
        self.itemSeparator = itemSeparator
        self.keySeparator = keySeparator
        self.indentation = indentation
        self.escapesNonASCII = escapesNonASCII
        self.sortsKeys = sortsKeys
        self.nonFiniteNumbers = nonFiniteNumbers
    }

    /// No white space at all.
    package static let compact = JSONWritingOptions()
    /// Two spaces a level.
    package static let pretty = JSONWritingOptions(keySeparator: ": ", indentation: "  ")
    /// As Python's `json.dumps` writes by default, but with text outside ASCII as it stands.
    package static let python = JSONWritingOptions(
        itemSeparator: ", ", keySeparator: ": ", nonFiniteNumbers: .python)

    /// A number's text; ``Double/shortestText`` where there is one.
    func spelling(of number: Double) -> String {
        switch (number.isFinite, nonFiniteNumbers) {
        case (true, _): number.shortestText
        case (false, .null): "null"
        case (false, .python): number.isNaN ? "NaN" : number < 0 ? "-Infinity" : "Infinity"
        }
    }
}
