import Testing
import Tokenizers

@Suite("Classes of Unicode scalars")
struct ScalarKindTests {
    @Test("Letters, numbers, punctuation and white space are those of the standard library")
    func sameAsStandardLibrary() {
        let kinds = ScalarKinds.table
        var compared = 0
        for value in UInt32(0)..<0x110000 {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let properties = scalar.properties
            // The table is Unicode 16; the toolchain may know later scalars.
            guard let age = properties.age, age.major <= 16 else {
                #expect(kinds.kind(of: value).isDisjoint(with: [.letter, .number, .whitespace]))
                continue
            }
            let kind = kinds.kind(of: value)
            let expected = Self.sets(of: properties)
            for set in [ScalarSet.letter, .number, .punctuation, .whitespace] {
                let isMember = !kind.isDisjoint(with: set)
                if isMember != expected.contains(set) {
                    Issue.record("U+\(String(value, radix: 16)) \(properties.generalCategory)")
                }
            }
            compared += 1
        }
        #expect(compared > 280_000)
    }

    private static func sets(of properties: Unicode.Scalar.Properties) -> ScalarSet {
        var sets: ScalarSet = properties.isWhitespace ? .whitespace : []
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
            sets.formUnion(.letter)
        case .decimalNumber, .letterNumber, .otherNumber:
            sets.formUnion(.number)
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
            .initialPunctuation, .finalPunctuation, .otherPunctuation:
            sets.formUnion(.punctuation)
        default:
            break
        }
        return sets
    }
}
