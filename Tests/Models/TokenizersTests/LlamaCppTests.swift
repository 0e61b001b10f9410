import Foundation
import Testing
import Tokenizers

/// Small vocabularies, and the ids that llama.cpp gives the same texts with each.
private struct LlamaCppFixture: Decodable {
    struct File: Decodable {
        var metadata: [String: Value]
        var ids: [[[Int]]]
    }

    /// A value of a model file's metadata.
    enum Value: Decodable {
        case bool(Bool)
        case integer(Int)
        case string(String)
        case integers([Int])
        case floats([Float])
        case strings([String])

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let value = try? container.decode(Bool.self) {
                self = .bool(value)
            } else if let value = try? container.decode(Int.self) {
                self = .integer(value)
            } else if let value = try? container.decode(String.self) {
                self = .string(value)
            } else if let value = try? container.decode([Int].self) {
                self = .integers(value)
            } else if let value = try? container.decode([Float].self) {
                self = .floats(value)
            } else {
                self = .strings(try container.decode([String].self))
            }
        }
    }

    var texts: [String]
    /// A file without the name of its split rule.
    var byteLevel: [String: Value]
    /// For each text, the ids that one rule or another gives: without special tokens, and with.
    var variants: [[[[Int]]]]
    /// By name, which of them a rule gives.
    var splitRules: [String: [Int]]
    var files: [String: File]

    static let shared = Result { try decodeFixture("llama-cpp") as LlamaCppFixture }
}

/// Metadata as a file would give them.
private struct FixtureMetadata: TokenizerMetadata {
    var values: [String: LlamaCppFixture.Value]

    struct Missing: Error {
        var key: String
    }

    func string(_ key: String) throws -> String {
        guard let value = try optionalString(key) else { throw Missing(key: key) }
        return value
    }

    func optionalString(_ key: String) throws -> String? {
        guard case .string(let value) = values[key] else { return nil }
        return value
    }

    func optionalBool(_ key: String) throws -> Bool? {
        guard case .bool(let value) = values[key] else { return nil }
        return value
    }

    func optionalInteger(_ key: String) throws -> Int? {
        guard case .integer(let value) = values[key] else { return nil }
        return value
    }

    func strings(_ key: String) throws -> [String] {
        guard let value = try optionalStrings(key) else { throw Missing(key: key) }
        return value
    }

    func optionalStrings(_ key: String) throws -> [String]? {
        guard case .strings(let value) = values[key] else { return nil }
        return value
    }

    func optionalIntegers(_ key: String) throws -> [Int]? {
        guard case .integers(let value) = values[key] else { return nil }
        return value
    }

    func optionalFloats(_ key: String) throws -> [Float]? {
        switch values[key] {
        case .floats(let value): value
        case .integers(let value): value.map(Float.init)
        default: nil
        }
    }
}

@Suite("Tokenizers beside llama.cpp")
struct LlamaCppTests {
    private static let ruleNames = (try? LlamaCppFixture.shared.get())?.splitRules.keys.sorted()
    private static let fileNames = (try? LlamaCppFixture.shared.get())?.files.keys.sorted()

    @Test("A split rule gives the ids of llama.cpp", arguments: ruleNames ?? [])
    func splitRule(name: String) throws {
        let fixture = try LlamaCppFixture.shared.get()
        var metadata = fixture.byteLevel
        metadata["tokenizer.ggml.pre"] = .string(name)
        let chosen = try #require(fixture.splitRules[name])
        let ids = zip(fixture.variants, chosen).map { $0[$1] }
        try compare(metadata, fixture.texts, ids)
    }

    @Test("Other kinds of tokenizers give the ids of llama.cpp", arguments: fileNames ?? [])
    func otherKinds(name: String) throws {
        let fixture = try LlamaCppFixture.shared.get()
        let file = try #require(fixture.files[name])
        try compare(file.metadata, fixture.texts, file.ids)
    }

    @Test("The fixture tells the rules apart")
    func fixture() throws {
        let fixture = try LlamaCppFixture.shared.get()
        #expect(fixture.splitRules.count > 70)
        #expect(Set(fixture.splitRules.values).count >= 29)
        #expect(fixture.files.count == 7)
    }

    @Test("An unknown split rule is an error that lists the known ones")
    func unknownRule() throws {
        var metadata = try LlamaCppFixture.shared.get().byteLevel
        metadata["tokenizer.ggml.pre"] = .string("nobodys")
        let error = #expect(throws: TokenizerError.self) {
            try TokenizerDefinition(metadata: FixtureMetadata(values: metadata))
        }
        #expect(error?.code == .unsupportedPreTokenizer)
        #expect(error?.field == "tokenizer.ggml.pre")
        #expect(error?.message.contains("nobodys") == true)
        #expect(error?.message.contains("llama-bpe") == true)
    }

    @Test("A kind that is not built is an error that lists what is", arguments: ["rwkv", "plamo2"])
    func unknownKind(name: String) throws {
        let metadata = FixtureMetadata(values: ["tokenizer.ggml.model": .string(name)])
        let error = #expect(throws: TokenizerError.self) {
            try TokenizerDefinition(metadata: metadata)
        }
        #expect(error?.code == .unsupportedModel)
        #expect(error?.message.contains("\"bert\"") == true)
    }

    @Test(
        "A long run of one thing takes no longer than a text", .timeLimit(.minutes(1)),
        arguments: [
            "a", "A", "\u{C9}", " ", "\n", "1", "\u{663}", "\u{301}", "<|im_", "<sentinel:1", "'",
            "\u{6E2F}", "a ",
        ])
    func pathological(unit: String) throws {
        let fixture = try LlamaCppFixture.shared.get()
        let text = String(repeating: unit, count: 120_000 / unit.utf8.count)
        var all = fixture.files.values.map(\.metadata)
        for name in fixture.splitRules.keys {
            var metadata = fixture.byteLevel
            metadata["tokenizer.ggml.pre"] = .string(name)
            all.append(metadata)
        }
        for metadata in all {
            let tokenizer = try Tokenizer(
                TokenizerDefinition(metadata: FixtureMetadata(values: metadata)))
            #expect(!tokenizer.encode(text, addSpecial: true, parseSpecial: true).isEmpty)
        }
    }

    private func compare(
        _ metadata: [String: LlamaCppFixture.Value], _ texts: [String], _ ids: [[[Int]]]
    ) throws {
        let tokenizer = try Tokenizer(
            TokenizerDefinition(metadata: FixtureMetadata(values: metadata)))
        #expect(texts.count == ids.count && texts.count > 40)
        for (text, ids) in zip(texts, ids) {
            for (special, expected) in zip([false, true], ids) {
                let found = tokenizer.encode(text, addSpecial: special, parseSpecial: special)
                #expect(found == expected, "\(text.debugDescription), special \(special)")
            }
        }
    }
}
