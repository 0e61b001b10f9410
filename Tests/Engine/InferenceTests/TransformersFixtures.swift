import Foundation

/// Folders that transformers saved, with what it computes; `Tools/fixtures/make_huggingface_fixtures.py` writes them.
struct TransformersFixture: Decodable {
    struct Text: Decodable {
        let text: String
        /// With what the tokenizer adds.
        let ids: [Int]
    }

    let name: String
    /// Present for models that continue text.
    let tokens: [Int]?
    let vocabulary: Int?
    let texts: [Text]

    static let decoders = [
        "llama-sharded", "mistral-BF16", "qwen2-F16", "qwen3-BF16", "qwen3moe-BF16",
        "qwen3moe-stacked",
    ]
    static let all = decoders + ["bert-sentences"]

    private static var root: URL {
        get throws {
            guard let resources = Bundle.module.resourceURL else {
                throw CocoaError(.fileNoSuchFile)
            }
            return resources.appending(path: "Fixtures/Transformers")
        }
    }

    static func load(_ name: String) throws -> TransformersFixture {
        let list = try JSONDecoder().decode(
            [TransformersFixture].self,
            from: Data(contentsOf: root.appending(path: "expected.json")))
        guard let fixture = list.first(where: { $0.name == name }) else {
            throw CocoaError(.fileNoSuchFile)
        }
        return fixture
    }

    static func folder(_ name: String) throws -> String {
        try root.appending(path: name).path(percentEncoded: false)
    }

    /// A row of logits for each token.
    func logits() throws -> [[Float]] {
        let bytes = try Data(contentsOf: Self.root.appending(path: "\(name).logits"))
        let columns = vocabulary ?? 0
        return (tokens ?? []).indices.map { row in
            (0..<columns).map { column in
                let start = 4 * (row * columns + column)
                let bits = bytes[start..<start + 4].reversed().reduce(UInt32(0)) {
                    $0 << 8 | UInt32($1)
                }
                return Float(bitPattern: bits)
            }
        }
    }
}

/// A copy of a fixture's folder for as long as the body runs, to be changed.
func withCopy<Result>(of name: String, _ body: (URL) throws -> Result) throws -> Result {
    let copy = URL(filePath: NSTemporaryDirectory() + "berth-folder-\(UUID().uuidString)")
    try FileManager.default.copyItem(
        at: URL(filePath: TransformersFixture.folder(name)), to: copy)
    defer { try? FileManager.default.removeItem(at: copy) }
    return try body(copy)
}
