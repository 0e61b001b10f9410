import ChatFormats
import Foundation
import StructuredJSON
import Testing

@Suite("Damaged templates")
struct TemplateMutationTests {
    /// Enough for every build; more with the variable set.
    static let iterations =
        ProcessInfo.processInfo.environment["BERTH_FUZZ_ITERATIONS"].flatMap(Int.init) ?? 2_000

    private enum Damage: CaseIterable {
        case removal
        case copy
        case repetition
        case scalar
        case truncation
    }

    @Test("Random damage to a template never crashes or stalls the compiler or a rendering")
    func mutations() throws {
        var sources: [[UnicodeScalar]] = []
        for entry in try #require(try TemplateFixture.load("templates")["templates"]?.array) {
            sources.append(Array(try #require(entry["source"]?.string).unicodeScalars))
        }
        let fixture = try TemplateFixture.load("snippets")
        for entry in try #require(fixture["snippets"]?.array) {
            sources.append(Array(try #require(entry["template"]?.string).unicodeScalars))
        }
        var context = try #require(fixture["context"]?.object)
        context["add_generation_prompt"] = true
        let marks = Array("{}%#-+()[]'\"|.,:=~*<> \n\\0\u{E9}\u{1F600}".unicodeScalars)
        var generator = SplitMix(state: 20_261_124)
        var rendered = 0
        for round in 0..<Self.iterations {
            // The whole templates are few and long: every fourth round is theirs.
            let choices = round % 4 == 0 ? sources.prefix(5) : sources.dropFirst(5)
            var source = try #require(choices.randomElement(using: &generator))
            for _ in 0...Int.random(in: 0..<4, using: &generator) where !source.isEmpty {
                Self.damage(&source, with: marks, using: &generator)
            }
            var text = String.UnicodeScalarView()
            text.append(contentsOf: source.prefix(20_000))
            do throws(TemplateError) {
                let limits = TemplateLimits(steps: 20_000)
                let template = try ChatTemplate(
                    source: String(text), name: "damaged", limits: limits)
                _ = try template.render(context: context, now: TemplateFixture.now)
                rendered += 1
            } catch {
                #expect(error.line > 0)
                #expect(!error.cause.isEmpty || error.code == .raised)
            }
        }
        // Neither all sound nor all broken: else this would test nothing.
        #expect((1..<Self.iterations).contains(rendered))
    }

    private static func damage(
        _ source: inout [UnicodeScalar], with marks: [UnicodeScalar],
        using generator: inout SplitMix
    ) {
        let start = Int.random(in: source.indices, using: &generator)
        let end = min(start + Int.random(in: 1..<8, using: &generator), source.count)
        switch Damage.allCases.randomElement(using: &generator) ?? .removal {
        case .removal: source.removeSubrange(start..<end)
        case .copy:
            let other = Int.random(in: source.indices, using: &generator)
            source.replaceSubrange(start..<end, with: source[other...].prefix(4))
        case .repetition:
            let piece = repeatElement(source[start..<end], count: 50).joined()
            source.insert(contentsOf: Array(piece), at: end)
        case .scalar:
            source[start] = marks.randomElement(using: &generator) ?? "x"
        case .truncation:
            if start > source.count / 2 { source.removeSubrange(start...) }
        }
    }
}

/// A small generator with a seed, so that a failure can be repeated.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
