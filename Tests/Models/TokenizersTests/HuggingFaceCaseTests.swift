import Foundation
import Testing
import Tokenizers

/// Where Tools/parity/huggingface_cases.py wrote tokenizer.json files, texts and what the package makes of them.
private let caseFolder = ProcessInfo.processInfo.environment["BERTH_HUGGINGFACE_CASES"]

@Suite(
    "Random texts beside the tokenizers package", .serialized,
    .enabled(
        if: caseFolder != nil,
        "did not run: set BERTH_HUGGINGFACE_CASES to a folder that Tools/parity/huggingface_cases.py wrote"
    ))
struct HuggingFaceCaseTests {
    private static let names: [String] = {
        guard let caseFolder,
            let files = try? FileManager.default.contentsOfDirectory(atPath: caseFolder)
        else { return [] }
        return files.filter { $0.hasSuffix(".cases") }.map { String($0.dropLast(6)) }.sorted()
    }()

    private static func tokenizer(_ name: String) throws -> Tokenizer {
        let folder = try #require(caseFolder)
        return try Tokenizer(
            huggingFace: Array(Data(contentsOf: URL(filePath: "\(folder)/\(name).json"))))
    }

    @Test("Every text has the ids of the package, and they decode to its text", arguments: names)
    func cases(name: String) throws {
        let folder = try #require(caseFolder)
        let tokenizer = try Self.tokenizer(name)
        var texts = try LengthPrefixed(path: "\(folder)/texts.bin")
        var expected = try LengthPrefixed(path: "\(folder)/\(name).cases")
        var count = 0
        var failures = 0
        while let text = texts.nextText() {
            count += 1
            var differences: [String] = []
            let ids = tokenizer.encode(text, addSpecial: false, parseSpecial: true)
            let wanted = expected.nextIDs()
            if ids != wanted {
                differences.append(
                    "ids \(Self.shown(ids, tokenizer)), not \(Self.shown(wanted, tokenizer))")
            }
            let special = expected.nextIDs()
            let found = tokenizer.encode(text, addSpecial: true, parseSpecial: true)
            if found != special, ids == wanted {
                differences.append("special ids \(found), not \(special)")
            }
            for skips in [false, true] {
                let decoded = expected.nextText() ?? ""
                let whole = tokenizer.decode(special, skipSpecial: skips)
                if !Self.isSame(whole, decoded) {
                    differences.append("\(whole.debugDescription), not \(decoded.debugDescription)")
                }
            }
            guard !differences.isEmpty else { continue }
            failures += 1
            if failures <= 5 {
                Issue.record("\(text.debugDescription): \(differences.joined(separator: "; "))")
            }
        }
        #expect(failures == 0, "\(failures) of \(count) texts differ")
        #expect(count > 0)
    }

    @Test("A megabyte is encoded faster than by the package", arguments: names)
    func speed(name: String) throws {
        let folder = try #require(caseFolder)
        let tokenizer = try Self.tokenizer(name)
        let text = try String(contentsOfFile: "\(folder)/long.txt", encoding: .utf8)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let size = Double(text.utf8.count) / 1e6
        let peer = try String(contentsOfFile: "\(folder)/\(name).speed", encoding: .utf8)
            .split(separator: " ").compactMap { Double($0) }
        let one = Self.seconds { _ = tokenizer.encode(text, addSpecial: true, parseSpecial: true) }
        let parts = Self.seconds {
            for line in lines { _ = tokenizer.encode(line, addSpecial: true, parseSpecial: true) }
        }
        func figure(_ value: Double) -> String { String(format: "%.4f", value) }
        print(
            "\(name): \(figure(one / size)) s/MB, the package \(figure(peer[0])), ratio \(figure(peer[0] * size / one));",
            "in lines \(figure(parts / size)), \(figure(peer[1])), \(figure(peer[1] * size / parts))"
        )
        #expect(one / size < peer[0])
        #expect(parts / size < peer[1])
    }

    private static func seconds(_ work: () -> Void) -> Double {
        let clock = ContinuousClock()
        let times = (0..<5).map { _ in clock.measure(work) }.sorted()
        return times[2] / .seconds(1)
    }

    private static func isSame(_ left: String, _ right: String) -> Bool {
        left.unicodeScalars.elementsEqual(right.unicodeScalars)
    }

    private static func shown(_ ids: [Int], _ tokenizer: Tokenizer) -> String {
        "\(ids.map { "\($0) \(tokenizer.text(of: $0).debugDescription)" })"
    }
}

/// Texts and lists of ids, each after its length as a little-endian 32-bit number.
private struct LengthPrefixed {
    private let content: [UInt8]
    private var position = 0

    init(path: String) throws {
        content = Array(try Data(contentsOf: URL(filePath: path)))
    }

    private mutating func next() -> Int? {
        guard position + 4 <= content.count else { return nil }
        defer { position += 4 }
        return (0..<4).reduce(0) { $0 | Int(content[position + $1]) << (8 * $1) }
    }

    mutating func nextText() -> String? {
        guard let length = next() else { return nil }
        defer { position += length }
        return String(decoding: content[position..<position + length], as: UTF8.self)
    }

    mutating func nextIDs() -> [Int] {
        (0..<(next() ?? 0)).compactMap { _ in next() }
    }
}
