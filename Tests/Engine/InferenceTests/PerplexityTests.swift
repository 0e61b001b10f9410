import CDefaultModel
import Checkpoints
import Foundation
import Testing

/// Held-out text as windows of token ids, with the perplexities that llama.cpp finds in it;
/// `Tools/default-model/compare_perplexity.py` writes it.
private struct HeldOutText: Decodable {
    let perplexity: [String: Double]
    let windows: [[Int]]

    static var folder: URL {
        get throws {
            guard let resources = Bundle.module.resourceURL else {
                throw CocoaError(.fileNoSuchFile)
            }
            return resources.appending(path: "Fixtures/Harbour")
        }
    }

    static func load() throws -> HeldOutText {
        try JSONDecoder().decode(
            HeldOutText.self, from: Data(contentsOf: folder.appending(path: "perplexity.json")))
    }
}

@Suite("Perplexity of trained weights beside llama.cpp")
struct PerplexityTests {
    /// How far a perplexity may lie from llama.cpp's on the same file and text.
    static let tolerance = 0.005

    @Test(
        "Weights that llama.cpp quantized, and the embedded model, agree on held-out text",
        arguments: ["embedded", "Q4_K_M"])
    func agrees(name: String) throws {
        let text = try HeldOutText.load()
        let theirs = try #require(text.perplexity[name])
        let file = try name == "embedded" ? embedded() : quantized(name)
        var surprise = 0.0
        var count = 0
        for window in text.windows {
            let rows = try ParityTests.logits(of: file, tokens: window, step: 128)
            for (row, next) in zip(rows, window.dropFirst()) {
                surprise -= logProbabilities(row)[next]
                count += 1
            }
        }
        let ours = exp(surprise / Double(count))
        #expect(abs(ours / theirs - 1) <= Self.tolerance, "\(ours) instead of \(theirs)")
    }

    private func embedded() throws -> Checkpoint {
        try unsafe Checkpoint.open(
            staticBytes: UnsafeRawBufferPointer(
                start: berth_default_model, count: berth_default_model_size),
            name: "embedded")
    }

    private func quantized(_ name: String) throws -> Checkpoint {
        try Checkpoint.open(
            path: HeldOutText.folder.appending(path: "berth-harbour-\(name).gguf").path())
    }
}
