import Architectures
import Checkpoints
import Foundation
import Tensors
import Testing

@Suite("What a file says about positions")
struct PositionTests {
    private static let scaling = "qwen2.rope.scaling"

    /// A Qwen 2 of two layers, 16 rotated pairs and a context of 4,096 that says this beside.
    private func configuration(_ metadata: [String: GGUFTypedValue?]) throws -> ModelConfiguration {
        let plain = Dictionary(
            uniqueKeysWithValues: ["yarn_beta_fast", "yarn_beta_slow", "yarn_attn_factor"].map {
                ("\(Self.scaling).\($0)", GGUFTypedValue?.none)
            })
        return try ModelFamilies.configuration(
            of: ModelVariant.open(
                "qwen2-slim+yarnfine", metadata: plain.merging(metadata) { $1 }))
    }

    @Test("YaRN keeps the speed of fast pairs, slows slow ones down, and ramps between")
    func yarn() throws {
        let rotary = try configuration([:]).rotary
        let yarn = try #require(rotary.yarn)
        #expect(yarn.originalContext == 512 && yarn.extrapolation == 1)
        #expect(yarn.fastTurns == 32 && yarn.slowTurns == 1)
        #expect(abs(rotary.magnitude - (1 + 0.1 * log(4))) < 1e-12)
        var plain = rotary
        (plain.yarn, plain.positionScale) = (nil, 1)
        let ratios = zip(rotary.frequencies(factors: nil), plain.frequencies(factors: nil)).map(/)
        // 512 / 2π turns of pair 0; 32 turns lie at pair 1.08, one at pair 5.1.
        #expect(ratios[0] == 1 && ratios[1] == 1)
        #expect(ratios[6...].allSatisfy { $0 == 0.25 })
        for (pair, share) in [(2, 0.8), (3, 0.6), (4, 0.4), (5, 0.2)] {
            #expect(abs(ratios[pair] - (share + (1 - share) / 4)) < 1e-12)
        }
    }

    @Test("YaRN's fine points change what they are for")
    func fineYaRN() throws {
        func rotary(_ key: String, _ value: Float) throws -> RotaryConfiguration {
            try configuration(["\(Self.scaling).\(key)": .float32(value)]).rotary
        }
        let natural = 1 + 0.1 * log(4.0)
        #expect(try rotary("yarn_attn_factor", 1.5).magnitude == 1.5)
        #expect(try abs(rotary("attn_factor", 2).magnitude - 2 * natural) < 1e-12)
        #expect(try abs(rotary("yarn_log_multiplier", 1).magnitude - 1) < 1e-12)
        #expect(try rotary("yarn_ext_factor", 0).magnitude == 1)
        #expect(
            try rotary("yarn_ext_factor", 0).frequencies(factors: nil)
                == configuration(["\(Self.scaling).type": .string("linear")]).rotary.frequencies(
                    factors: nil))
        let natural16 = try configuration([:]).rotary.frequencies(factors: nil)
        for (key, value) in [("yarn_beta_fast", Float(8)), ("yarn_beta_slow", 4)] {
            #expect(try rotary(key, value).frequencies(factors: nil) != natural16)
        }
    }

    @Test("Without scaling, or with type none, positions are what they are")
    func unscaled() throws {
        for type in [GGUFTypedValue.string("none"), nil] {
            let rotary = try configuration([
                "\(Self.scaling).type": type,
                "\(Self.scaling).factor": type.map { _ in .float32(8) },
            ]).rotary
            #expect(rotary.positionScale == 1 && rotary.magnitude == 1 && rotary.yarn == nil)
        }
    }

    @Test("Older files name the linear factor otherwise, and 0 is none")
    func olderFactor() throws {
        for (factor, expected) in [(Float(2), 2.0), (0, 1)] {
            let rotary = try configuration([
                "\(Self.scaling).type": nil, "\(Self.scaling).factor": nil,
                "qwen2.rope.scale_linear": .float32(factor),
            ]).rotary
            #expect(rotary.positionScale == expected)
        }
    }

    @Test(
        "Numbers that make no rotary embedding are refused with their key",
        arguments: [
            ("scaling.type", GGUFTypedValue.string("dynamic")), ("scaling.factor", .float32(0.5)),
            ("scaling.factor", .float32(-1)), ("scaling.factor", .float32(.nan)),
            ("scaling.factor", .float32(.infinity)),
            ("scaling.original_context_length", .uint32(0)),
            ("scaling.yarn_beta_fast", .float32(0.5)), ("scaling.yarn_beta_slow", .float32(0)),
            ("scaling.yarn_ext_factor", .float32(2)), ("scaling.yarn_attn_factor", .float32(.nan)),
            ("scaling.attn_factor", .float32(0)), ("scaling.yarn_log_multiplier", .float32(-1)),
            ("freq_base", .float32(1)), ("freq_base", .float32(.nan)),
            ("dimension_count", .uint32(7)), ("dimension_count", .uint32(34)),
        ])
    func refusedNumbers(name: String, value: GGUFTypedValue) {
        #expect {
            try configuration(["qwen2.rope.\(name)": value])
        } throws: { error in
            // Of beta_fast below beta_slow, either is at fault.
            let field = name.replacing("beta_fast", with: "beta_slow")
            return [name, field].map { "qwen2.rope.\($0)" }
                .contains((error as? ModelError)?.field)
        }
    }

    @Test(
        "Factors that are no positive numbers, or too few, are refused with the tensor's name",
        arguments: [
            [Float](repeating: 0, count: 16), [Float](repeating: .nan, count: 16),
            [Float](repeating: -1, count: 16), [Float](repeating: 1, count: 15),
        ])
    func refusedFactors(factors: [Float]) {
        for (file, name) in [
            ("llama-slim+llama3", "rope_freqs.weight"),
            ("llama-slim+longrope", "rope_factors_short.weight"),
            ("llama-slim+longrope", "rope_factors_long.weight"),
        ] {
            #expect {
                let file = try ModelVariant.open(file, vectors: [name: factors])
                _ = try ModelFamilies.load(file, on: Compute(threads: 1))
            } throws: { error in
                (error as? ModelError)?.field == name
            }
        }
    }

    @Test("LongRoPE without its lists of factors is refused")
    func missingFactors() {
        #expect {
            let file = try ModelVariant.open(
                "llama-slim+linear", metadata: ["llama.rope.scaling.type": .string("longrope")])
            _ = try ModelFamilies.load(file, on: Compute(threads: 1))
        } throws: { error in
            (error as? ModelError)?.field == "rope_factors_short.weight"
        }
    }

    @Test("Which layers have a window is what the file says, or else what the family says")
    func windows() throws {
        let length = GGUFTypedValue.uint32(100)
        func windows(_ family: String, _ length: GGUFTypedValue?, _ pattern: GGUFTypedValue?) throws
            -> [Int?]
        {
            let file = family == "llama" ? "llama-slim+window" : "qwen2-slim+upperwindow"
            return try ModelFamilies.configuration(
                of: ModelVariant.open(
                    file,
                    metadata: [
                        "\(family).attention.sliding_window": length,
                        "\(family).attention.sliding_window_pattern": pattern,
                    ])
            ).windows
        }
        #expect(try windows("llama", length, nil) == [100, 100])
        #expect(try windows("qwen2", length, nil) == [nil, nil])
        #expect(try windows("llama", nil, nil) == [nil, nil])
        #expect(try windows("llama", .uint32(0), nil) == [nil, nil])
        let flags = GGUFTypedValue.array(.bool, [.bool(true), .bool(false)])
        #expect(try windows("qwen2", length, flags) == [100, nil])
        #expect(try windows("qwen2", length, .uint32(2)) == [100, nil])
        #expect(try windows("qwen2", length, .uint32(0)) == [100, 100])
        #expect(try windows("llama", length, .uint32(1)) == [nil, nil])
        #expect(throws: ModelError.self) { try windows("llama", .int32(-5), nil) }
        #expect(throws: ModelError.self) { try windows("llama", length, .int32(-1)) }
        #expect(throws: ModelError.self) {
            try windows("llama", length, .array(.bool, [.bool(true)]))
        }
        #expect(throws: CheckpointError.self) { try windows("llama", length, .string("all")) }
    }
}
