import Foundation
import StructuredJSON
import Testing
import Tokenizers

@Suite("Regular expressions")
struct RegularExpressionTests {
    @Test("Expressions match what Oniguruma matches")
    func oniguruma() throws {
        let path = Bundle.module.bundleURL.appending(path: "Fixtures/regular-expressions.json")
        let document = try JSONValue(parsing: Array(try Data(contentsOf: path)))
        let texts = try #require(document["texts"]?.array).compactMap(\.string)
        let cases = try #require(document["cases"]?.array)
        #expect(cases.count > 50)
        for item in cases {
            let pattern = try #require(item["pattern"]?.string)
            let expression = try RegularExpression(pattern)
            for (text, expected) in zip(texts, try #require(item["matches"]?.array)) {
                // Empty matches leave no piece.
                let found = expression.matches(in: text).filter { !$0.isEmpty }
                    .map { Self.scalars(text, $0) }
                let wanted = (expected.array ?? []).map { $0.array?.compactMap(\.int) ?? [] }
                #expect(found == wanted, "\(pattern) in \(text.debugDescription)")
            }
        }
    }

    /// A range of bytes as one of scalars.
    private static func scalars(_ text: String, _ range: Range<Int>) -> [Int] {
        let bytes = Array(text.utf8)
        func count(_ end: Int) -> Int {
            String(decoding: bytes[..<end], as: UTF8.self).unicodeScalars.count
        }
        return [count(range.lowerBound), count(range.upperBound)]
    }

    @Test(
        "Expressions that double their work with every letter elsewhere take none longer here",
        .timeLimit(.minutes(1)),
        arguments: [
            "(a*)*b", "(a|aa)+$", "(?:a+)+b", "a*a*a*a*b", "(?=(a+)+b)a", "(a|a)*c", "(?>(a+)+)b",
            "a*b|a", "[^b]*b", "(?:a{1,20}){1,20}b",
        ])
    func bounded(pattern: String) throws {
        let expression = try RegularExpression(pattern)
        let clock = ContinuousClock()
        var found = 0
        let time = clock.measure {
            found = expression.matches(in: String(repeating: "a", count: 20_000)).count
        }
        #expect(found >= 0)
        #expect(time < .seconds(10))
    }

    @Test(
        "Expressions whose parts repeat or nest far are read at once", .timeLimit(.minutes(1)),
        arguments: [
            "(?:)" + String(repeating: "{10000}", count: 6) + "a",
            String(repeating: "(?:b?", count: 40) + "(?:|b)" + String(repeating: "){1}", count: 40)
                + "a",
            "(?<=" + String(repeating: "(?:", count: 60) + "b" + String(repeating: "|b)", count: 60)
                + ")a",
        ])
    func reading(pattern: String) throws {
        let matches = try RegularExpression(pattern).matches(in: "ba")
        #expect(matches.last?.upperBound == 2)
    }

    @Test(
        "What is no expression, or not built, is an error that says where",
        arguments: [
            ("(a", "without end"), ("a)", "too many"), ("[a", "without end"),
            ("*a", "nothing before"),
            ("a{3,2}", "interval"), ("\\p{Klingon}", "Klingon"), ("(a)\\1", "not built"),
            ("(?<=a*)b", "fixed length"), ("[z-a]", "range"), ("a{99999}", "more than"),
            ("(?:a{1000}){1000}", "too many"), ("\\", "backslash"), ("(?<name", "ends too early"),
            ("(?'name'a", "without end"), ("a" + String(repeating: "+", count: 100_000), "nested"),
            (String(repeating: "(", count: 100_000), "nested"),
            ("(?<=a" + String(repeating: "{10000}", count: 6) + ")b", "fixed length"),
        ])
    func errors(pattern: String, message: String) throws {
        let error = try #require(throws: TokenizerError.self) { try RegularExpression(pattern) }
        #expect(error.message.contains(message), "\(error.message)")
    }
}
