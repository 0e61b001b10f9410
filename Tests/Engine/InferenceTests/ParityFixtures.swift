import Foundation

/// Small models with reference logits; `Tools/parity/make_fixtures.py` writes them.
struct ParityFixtures: Decodable {
    struct File: Decodable {
        let name: String
        let quantization: String
        /// Which rows of the reference the `.logits` file holds.
        let rows: [Int]
        /// Mean KL divergence of llama.cpp from the reference on these rows, in nats; not in the set of long texts.
        let llamaCppDivergence: Double?
        /// Most positions of a text that the model is loaded for, where that is less than it was made for.
        let contextLength: Int?
        /// How llama.cpp's cache kept keys and values, where not in float16.
        let cache: String?
    }

    let tokens: [Int]
    let vocabularySize: Int
    let float32Tolerance: Float
    let files: [File]

    private static var folder: URL {
        get throws {
            guard let resources = Bundle.module.resourceURL else {
                throw CocoaError(.fileNoSuchFile)
            }
            return resources.appending(path: "Fixtures/Parity")
        }
    }

    /// - `set`: `manifest` for 300 tokens of every family and quantization, `long` for texts past 2,000 tokens,
    ///   `caches` for other KV caches than of float16.
    static func load(_ set: String = "manifest") throws -> ParityFixtures {
        try JSONDecoder().decode(
            ParityFixtures.self, from: Data(contentsOf: folder.appending(path: "\(set).json")))
    }

    static func model(_ name: String) throws -> String {
        try folder.appending(path: "\(name).gguf").path()
    }

    /// The reference logits, a row for each of `file.rows`.
    func reference(_ file: File) throws -> [[Float]] {
        let name = file.name + (file.contextLength.map { "-\($0)" } ?? "")
        let bytes = try Data(contentsOf: Self.folder.appending(path: "\(name).logits"))
        guard bytes.count == 4 * file.rows.count * vocabularySize else {
            throw CocoaError(.fileReadCorruptFile)
        }
        return file.rows.indices.map { row in
            (0..<vocabularySize).map { column in
                let start = 4 * (row * vocabularySize + column)
                let bits = bytes[start..<start + 4].reversed().reduce(UInt32(0)) {
                    $0 << 8 | UInt32($1)
                }
                return Float(bitPattern: bits)
            }
        }
    }
}

/// Kullback-Leibler divergence of the distribution that `logits` give from the one that `reference` gives.
func divergence(from reference: [Float], to logits: [Float]) -> Double {
    let expected = logProbabilities(reference)
    let found = logProbabilities(logits)
    return zip(expected, found).reduce(0) { $0 + exp($1.0) * ($1.0 - $1.1) }
}

func logProbabilities(_ logits: [Float]) -> [Double] {
    let values = logits.map(Double.init)
    let largest = values.max() ?? 0
    let logSum = log(values.reduce(0) { $0 + exp($1 - largest) })
    return values.map { $0 - largest - logSum }
}
