import Checkpoints
import Foundation
import Testing
import Tokenizers

/// What Tools/parity/tokenizer_speed.py prepared: a text and vocabularies.
private let speedFolder = ProcessInfo.processInfo.environment["BERTH_TOKENIZER_SPEED"]

@Suite(
    "Speed of tokenizers",
    .enabled(
        if: speedFolder != nil,
        "did not run: set BERTH_TOKENIZER_SPEED to a folder that Tools/parity/tokenizer_speed.py prepared"
    ))
struct TokenizerSpeedTests {
    @Test("The times of a text with every vocabulary are written to seconds.json")
    func speed() throws {
        let folder = URL(filePath: try #require(speedFolder))
        let text = try String(contentsOf: folder.appending(path: "text.txt"), encoding: .utf8)
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        var seconds: [String: Double] = [:]
        for file in files.sorted() where file.hasSuffix(".gguf") {
            let path = folder.appending(path: file).path
            let tokenizer = try Tokenizer(
                TokenizerDefinition(metadata: Checkpoint.open(path: path)))
            var times: [Double] = []
            for _ in 0..<5 {
                let duration = ContinuousClock().measure {
                    #expect(!tokenizer.encode(text, addSpecial: false, parseSpecial: false).isEmpty)
                }
                times.append(duration / .seconds(1))
            }
            seconds[String(file.dropLast(5))] = times.sorted()[2]
        }
        #expect(!seconds.isEmpty)
        try JSONEncoder().encode(seconds).write(to: folder.appending(path: "seconds.json"))
    }
}
