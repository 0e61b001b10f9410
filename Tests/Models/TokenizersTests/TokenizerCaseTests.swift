import Checkpoints
import Foundation
import Testing
import Tokenizers

extension Checkpoint: TokenizerMetadata {}

/// Where Tools/parity/tokenizer_cases.py wrote vocabularies, texts and what llama.cpp makes of them.
private let caseFolder = ProcessInfo.processInfo.environment["BERTH_TOKENIZER_CASES"]

@Suite(
    "Random texts beside llama.cpp",
    .enabled(
        if: caseFolder != nil,
        "did not run: set BERTH_TOKENIZER_CASES to a folder that Tools/parity/tokenizer_cases.py wrote"
    ))
struct TokenizerCaseTests {
    private static let names: [String] = {
        guard let caseFolder,
            let files = try? FileManager.default.contentsOfDirectory(atPath: caseFolder)
        else { return [] }
        return files.filter { $0.hasSuffix(".ids") }.map { String($0.dropLast(4)) }.sorted()
    }()

    @Test("Every text has the ids of llama.cpp, with and without special tokens", arguments: names)
    func cases(name: String) throws {
        let folder = try #require(caseFolder)
        let file = try Checkpoint.open(path: "\(folder)/\(name).gguf")
        let tokenizer = try Tokenizer(TokenizerDefinition(metadata: file))
        var texts = try Reader(path: "\(folder)/texts.bin")
        var expected = try Reader(path: "\(folder)/\(name).ids")
        let first = expected.next()
        let step = try #require(first)
        var place = 0
        var count = 0
        var failures = 0
        while let length = texts.next() {
            let text = texts.bytes(length)
            defer { place += 1 }
            guard place.isMultiple(of: step) else { continue }
            count += 1
            for special in [false, true] {
                let idCount = expected.next()
                let ids = expected.integers(try #require(idCount))
                let found = tokenizer.encode(
                    bytes: text, addSpecial: special, parseSpecial: special)
                guard found != ids else { continue }
                failures += 1
                if failures <= 5 {
                    let shown = String(decoding: text, as: UTF8.self).debugDescription
                    let wanted = ids.map { tokenizer.text(of: $0) }
                    Issue.record(
                        "\(shown), special \(special): \(found.map { tokenizer.text(of: $0) }), not \(wanted)"
                    )
                }
            }
        }
        #expect(failures == 0, "\(failures) of \(2 * count) encodings differ")
        #expect(count > 0)
    }

    /// Little-endian 32-bit numbers and bytes.
    private struct Reader {
        private let content: Data
        private var position = 0

        init(path: String) throws {
            content = try Data(contentsOf: URL(filePath: path))
        }

        mutating func next() -> Int? {
            guard position + 4 <= content.count else { return nil }
            defer { position += 4 }
            return Int(
                content[position..<position + 4].reversed().reduce(UInt32(0)) {
                    $0 << 8 | UInt32($1)
                })
        }

        mutating func bytes(_ count: Int) -> [UInt8] {
            defer { position += count }
            return Array(content[position..<position + count])
        }

        mutating func integers(_ count: Int) -> [Int] {
            (0..<count).compactMap { _ in next() }
        }
    }
}
