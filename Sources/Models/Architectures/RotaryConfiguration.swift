import Checkpoints
import Foundation

/// Rotary position embedding (RoFormer, Su 2021), and how it was stretched to longer texts: which pairs of a
/// head's dimensions turn how fast.
///
/// Keys stand after `ARCH.rope.`; `scaling.type` is `none`, `linear`, `yarn` or `longrope`.
package struct RotaryConfiguration: Sendable, Equatable {
    /// How many leading dimensions of a head are rotated (`dimension_count`); even.
    package var dimensions: Int
    /// Base of the geometric series of wavelengths (`freq_base`).
    package var base: Double
    /// Positions are divided by this (`scaling.factor`); 1 leaves them.
    package var positionScale = 1.0
    /// Cosines and sines are multiplied by this (`scaling.attn_factor`, and YaRN's own): scores by its square.
    package var magnitude = 1.0
    /// Which pairs keep their speed although positions are divided.
    package var yarn: YaRN?
    /// Set where the file holds two lists of factors (LongRoPE, Ding 2024): up to so many positions the
    /// short list is right, beyond it the long one (`scaling.original_context_length`).
    package var shortContext: Int?

    /// YaRN (Peng 2023): pairs that turn often within the context the model was first trained on keep
    /// their speed, pairs that do not even turn once are slowed down, with a ramp between.
    package struct YaRN: Sendable, Equatable {
        /// Positions of the first training (`scaling.original_context_length`).
        package var originalContext: Int
        /// Turns from which on a pair keeps its speed (`scaling.yarn_beta_fast`).
        package var fastTurns = 32.0
        /// Turns below which a pair is slowed down wholly (`scaling.yarn_beta_slow`).
        package var slowTurns = 1.0
        /// How far the speed is kept where it is, 0 to 1 (`scaling.yarn_ext_factor`).
        package var extrapolation = 1.0
    }

    /// Reads and checks every field.
    ///
    /// - `contextLength`: what stands for a missing `original_context_length`.
    init(file: Checkpoint, architecture: String, headDimension: Int, contextLength: Int) throws {
        let fields = RotaryFields(file: file, prefix: "\(architecture).rope")
        dimensions = try fields.integer(
            "dimension_count", in: 2...max(2, headDimension), default: headDimension)
        guard dimensions.isMultiple(of: 2) else {
            throw fields.error("dimension_count", "is \(dimensions); it must be even")
        }
        base = try fields.number("freq_base", in: 1.001...1e12, default: 10_000)
        // Files from before the type was invented scale linearly, if at all, under an older name.
        let type = try fields.optionalString("scaling.type") ?? "linear"
        let factorKey = fields.has("scaling.factor") ? "scaling.factor" : "scale_linear"
        magnitude = try fields.number("scaling.attn_factor", in: 0.001...1000, default: 1)
        guard type != "none" else { return }
        let factor = try fields.number(factorKey, in: 0...1e6, default: 0)
        guard factor == 0 || factor >= 1 else {
            throw fields.error(factorKey, "is \(factor); it must be at least 1, or 0 for none")
        }
        positionScale = max(1, factor)
        switch type {
        case "linear": break
        case "yarn":
            let yarn = try YaRN(fields, contextLength: contextLength)
            magnitude *= try yarn.magnitude(fields, positionScale: positionScale)
            self.yarn = yarn
        case "longrope":
            shortContext = try fields.originalContext(contextLength)
        default:
            throw ModelError(
                code: .unsupportedFeature, file: file.path, field: fields.key("scaling.type"),
                message: """
                    is "\(CheckpointError.printable(type))"; Berth runs none, linear, yarn and longrope
                    """)
        }
    }

    /// Angle per position of every rotated pair, in radians; `factors` divide them (Llama 3.1's
    /// `rope_freqs.weight`, LongRoPE's lists).
    package func frequencies(factors: [Float]?) -> [Double] {
        (0..<dimensions / 2).map { pair in
            let exponent = 2 * Double(pair) / Double(dimensions)
            let whole = 1 / (pow(base, exponent) * Double(factors?[pair] ?? 1))
            let kept = yarn?.keptShare(pair: pair, dimensions: dimensions, base: base) ?? 0
            return whole * (kept + (1 - kept) / positionScale)
        }
    }
}

extension RotaryConfiguration.YaRN {
    fileprivate init(_ fields: RotaryFields, contextLength: Int) throws {
        originalContext = try fields.originalContext(contextLength)
        fastTurns = try fields.number("scaling.yarn_beta_fast", in: 1e-3...1e6, default: fastTurns)
        slowTurns = try fields.number("scaling.yarn_beta_slow", in: 1e-3...1e6, default: slowTurns)
        guard slowTurns <= fastTurns else {
            throw fields.error(
                "scaling.yarn_beta_slow",
                "is \(slowTurns), above yarn_beta_fast of \(fastTurns); it must not be")
        }
        extrapolation = try fields.number(
            "scaling.yarn_ext_factor", in: 0...1, default: extrapolation)
    }

    /// What cosines and sines are multiplied by: what the file says (`yarn_attn_factor`), or the paper's
    /// `1 + 0.1 ln(scale)`, which `yarn_log_multiplier` may take back in part.
    ///
    /// Without extrapolation this is linear scaling, which has none.
    fileprivate func magnitude(_ fields: RotaryFields, positionScale: Double) throws -> Double {
        let stated = try fields.number("scaling.yarn_attn_factor", in: 0...1000, default: 0)
        let multiplier = try fields.number("scaling.yarn_log_multiplier", in: 0...1000, default: 0)
        if stated != 0 { return stated }
        guard extrapolation != 0 else { return 1 }
        let growth = 0.1 * log(positionScale)
        return (1 + growth) / (1 + multiplier * growth)
    }

    /// Which share of its speed a pair keeps, 0 to 1.
    fileprivate func keptShare(pair: Int, dimensions: Int, base: Double) -> Double {
        // The pair that turns so many times within the original context.
        func pairTurning(_ turns: Double) -> Double {
            Double(dimensions) * log(Double(originalContext) / (turns * 2 * .pi)) / (2 * log(base))
        }
        let first = max(0, pairTurning(fastTurns).rounded(.down))
        let last = min(Double(dimensions - 1), pairTurning(slowTurns).rounded(.up))
        let ramp = (Double(pair) - first) / max(0.001, last - first)
        return extrapolation * (1 - min(1, max(0, ramp)))
    }
}

extension WeightReader {
    /// What every pair's frequency is divided by, as the file's tensors say; `nil` for nothing.
    ///
    /// One list serves a whole context, as keys in the cache are turned already: of two, the one that is right for
    /// the longest text, as in llama.cpp and vLLM (transformers changes over within a text).
    ///
    /// - `contextLength`: most positions of a text.
    func rotaryFactors(contextLength: Int) throws -> [Float]? {
        let rotary = configuration.rotary
        let count = rotary.dimensions / 2
        guard let shortContext = rotary.shortContext else {
            let name = "rope_freqs.weight"
            return try optionalVector(name, count: count).map { try checkedFactors($0, name) }
        }
        let lists = try ["rope_factors_short.weight", "rope_factors_long.weight"].map {
            try checkedFactors(try vector($0, count: count), $0)
        }
        return lists[contextLength > shortContext ? 1 : 0]
    }

    private func checkedFactors(_ factors: [Float], _ name: String) throws -> [Float] {
        guard let wrong = factors.first(where: { !($0.isFinite && $0 > 0) }) else { return factors }
        throw ModelError(
            code: .invalidConfiguration, file: file.path, field: name,
            message: "holds \(wrong); every factor must be a positive number")
    }
}

/// The metadata below one prefix, each number checked against its range.
private struct RotaryFields {
    let file: Checkpoint
    let prefix: String

    func key(_ name: String) -> String {
        "\(prefix).\(name)"
    }

    func has(_ name: String) -> Bool {
        file.value(key(name)) != nil
    }

    func optionalString(_ name: String) throws -> String? {
        try file.optionalString(key(name))
    }

    func integer(_ name: String, in range: ClosedRange<Int>, default fallback: Int) throws -> Int {
        let value = try file.optionalInteger(key(name)) ?? fallback
        guard range.contains(value) else {
            throw error(name, "is \(value); it must be \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    func number(_ name: String, in range: ClosedRange<Double>, default fallback: Double) throws
        -> Double
    {
        guard let value = try file.optionalFloat(key(name)) else { return fallback }
        guard range.contains(Double(value)) else {
            throw error(name, "is \(value); it must be \(range.lowerBound) to \(range.upperBound)")
        }
        return Double(value)
    }

    /// Positions that the model was trained on before it was stretched.
    func originalContext(_ contextLength: Int) throws -> Int {
        try integer(
            "scaling.original_context_length", in: 1...1 << 30, default: contextLength)
    }

    func error(_ name: String, _ message: String) -> ModelError {
        ModelError(
            code: .invalidConfiguration, file: file.path, field: key(name), message: message)
    }
}
