import Foundation
import Testing
import Tokenizers

@Suite("Unicode normal forms")
struct NormalFormTests {
    /// Foundation's own normalization.
    private static func expected(_ text: String, _ form: NormalForms.Form) -> String {
        switch form {
        case .nfc: text.precomposedStringWithCanonicalMapping
        case .nfd: text.decomposedStringWithCanonicalMapping
        case .nfkc: text.precomposedStringWithCompatibilityMapping
        case .nfkd: text.decomposedStringWithCompatibilityMapping
        }
    }

    private static func normalized(_ text: String, _ form: NormalForms.Form) -> String {
        let bytes = Array(text.utf8)
        let result = NormalForms.unicode16.normalized(bytes, form)
        return String(decoding: result ?? bytes, as: UTF8.self)
    }

    @Test("Every scalar becomes what Foundation makes of it", arguments: NormalForms.Form.allCases)
    func everyScalar(form: NormalForms.Form) {
        var differences = 0
        for value in UInt32(0)..<0x110000 {
            // Foundation's tables are of Unicode 15.0 or later.
            guard let scalar = Unicode.Scalar(value), let age = scalar.properties.age,
                age.major <= 15
            else { continue }
            let text = String(scalar)
            if !Self.normalized(text, form).isIdentical(to: Self.expected(text, form)) {
                differences += 1
                Issue.record("U+\(String(value, radix: 16))")
                guard differences < 10 else { return }
            }
        }
    }

    @Test(
        "Random sequences become what Foundation makes of them",
        arguments: NormalForms.Form.allCases)
    func sequences(form: NormalForms.Form) {
        var state: UInt64 = 20_261_124
        func draw(_ count: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % count
        }
        // Without presentation forms of several marks, and without Hangul: after the former
        // Foundation leaves marks unsorted, and it composes Hangul wrongly.
        let ranges: [Range<UInt32>] = [
            0x20..<0x7F, 0xC0..<0x250, 0x300..<0x362, 0x591..<0x5C8, 0x64B..<0x660, 0x900..<0xA00,
            0x1E00..<0x1FBD, 0x3041..<0x30FF,
        ]
        for _ in 0..<20_000 {
            let text = (0...draw(8)).reduce(into: "") { text, _ in
                let range = ranges[draw(ranges.count)]
                let value = range.lowerBound + UInt32(draw(range.count))
                if let scalar = Unicode.Scalar(value), let age = scalar.properties.age,
                    age.major < 15
                {
                    text.unicodeScalars.append(scalar)
                }
            }
            func escape(_ text: String) -> String {
                text.unicodeScalars.map { $0.escaped(asASCII: true) }.joined()
            }
            let result = Self.normalized(text, form)
            #expect(
                result.isIdentical(to: Self.expected(text, form)),
                "\(escape(text)): \(escape(result)), expected \(escape(Self.expected(text, form)))")
        }
    }

    @Test("Scalars younger than Unicode 9 stay as they are in the tokenizers package")
    func age() {
        // U+32FF came with Unicode 12.1, U+2167 (Roman numeral eight) with 1.1.
        let text = Array("\u{32FF}\u{2167}".utf8)
        #expect(NormalForms.unicode9.normalized(text, .nfkc) == Array("\u{32FF}VIII".utf8))
        #expect(NormalForms.unicode16.normalized(text, .nfkc) == Array("令和VIII".utf8))
    }

    @Test("A Hangul syllable takes up its trailing consonant")
    func hangul() {
        #expect(Self.normalized("\u{AC54}\u{11C2}", .nfc).isIdentical(to: "\u{AC6F}"))
        #expect(Self.normalized("\u{AC6F}", .nfd).isIdentical(to: "\u{1100}\u{1164}\u{11C2}"))
        #expect(Self.normalized("\u{1102}\u{1176}", .nfc).isIdentical(to: "\u{1102}\u{1176}"))
    }

    @Test("A megabyte of combining marks is sorted in less than a second", .timeLimit(.minutes(1)))
    func marks() {
        let text = Array(String(repeating: "\u{327}\u{301}", count: 250_000).utf8)
        let result = NormalForms.unicode16.normalized(text, .nfc)
        #expect(result?.count == text.count)
    }
}
