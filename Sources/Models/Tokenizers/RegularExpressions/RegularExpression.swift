/// A regular expression with the meaning that Oniguruma gives it, over UTF-8.
///
/// Matching takes time in proportion to the text, whatever the expression: see ``ExpressionMatcher``.
package struct RegularExpression: Sendable {
    let fast: ExpressionProgram
    let safe: ExpressionProgram

    static let word = ScalarTable(ScalarProperties.word)

    /// Reads `pattern`.
    ///
    /// - Throws: what is not Oniguruma's syntax, or not built.
    package init(_ pattern: String) throws(TokenizerError) {
        func invalid(_ message: String) -> TokenizerError {
            TokenizerError(
                code: .invalidValue, field: "",
                message: "the expression \(String(pattern.prefix(80)).debugDescription) \(message)")
        }
        do throws(ExpressionParser.Fault) {
            var parser = ExpressionParser(pattern)
            let expression = try parser.parse()
            do throws(ExpressionProgram.TooLarge) {
                fast = try ExpressionProgram(expression, hasRuns: true)
                safe = try ExpressionProgram(expression, hasRuns: false)
            } catch {
                throw ExpressionParser.Fault(message: "repeats too many parts", position: 0)
            }
        } catch {
            throw invalid("\(error.message), at character \(error.position + 1)")
        }
    }

    /// Calls `body` with each match in `text[range]`, in order; matches may be empty.
    ///
    /// No empty match directly follows another match, as with Oniguruma's `find_iter`.
    func forEachMatch(
        in text: borrowing Span<UInt8>, _ range: Range<Int>,
        _ body: (borrowing Span<UInt8>, Range<Int>) -> Void
    ) {
        var matcher = ExpressionMatcher(self, range: range)
        var position = range.lowerBound
        var lastEnd = -1
        while position <= range.upperBound,
            let match = matcher.firstMatch(in: text, from: position)
        {
            if match.isEmpty, match.upperBound == lastEnd {
                guard position < range.upperBound else { return }
                position += UTF8Text.length(lead: text[position])
                continue
            }
            (position, lastEnd) = (match.upperBound, match.upperBound)
            body(text, match)
        }
    }

    /// The matches in `text`, as ranges of its UTF-8.
    package func matches(in text: String) -> [Range<Int>] {
        let bytes = Array(text.utf8)
        var matches: [Range<Int>] = []
        forEachMatch(in: bytes.span, 0..<bytes.count) { _, match in
            matches.append(match)
        }
        return matches
    }
}
