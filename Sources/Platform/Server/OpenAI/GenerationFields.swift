package import CompletionAPI
package import StructuredJSON

/// The fields that chat and text completions share: sampling, stopping, and the form of the answer.
///
/// Absent and null are the same; unknown fields are ignored. A field that asks for something this
/// server cannot do is refused, never quietly dropped, because the answer would not be what the
/// client asked for.
package struct GenerationFields: Sendable, Equatable {
    /// `nil` means the server's default model.
    package var model: String?
    package var sampling: SamplingOptions
    package var maximumTokens: Int?
    package var stopStrings: [String]
    package var streams: Bool
    /// Whether a stream ends with a chunk that holds the usage (`stream_options.include_usage`).
    package var includesUsage: Bool

    /// Most stop strings in a request; OpenAI allows 4.
    package static let maximumStopStrings = 16

    /// Reads the fields of a request's root object.
    package init(_ root: JSONField) throws(JSONError) {
        model = try root["model"].ifPresent?.string()
        if model == "" { model = nil }
        sampling = try SamplingOptions(root)
        maximumTokens = try root["max_tokens"].ifPresent?.int(in: 1...Int.max)
        stopStrings = try Self.stopStrings(root["stop"])
        streams = try root["stream"].ifPresent?.bool() ?? false
        includesUsage =
            try root["stream_options"].ifPresent?["include_usage"].ifPresent?.bool() ?? false
        try Self.refuseUnsupported(root)
    }

    private static func stopStrings(_ field: JSONField) throws(JSONError) -> [String] {
        guard let present = field.ifPresent else { return [] }
        let items = present.value?.string == nil ? try present.array() : [present]
        guard items.count <= maximumStopStrings else {
            throw field.invalid("must hold at most \(maximumStopStrings) strings")
        }
        var strings: [String] = []
        for item in items {
            let string = try item.string()
            guard !string.isEmpty else { throw item.invalid("must not be empty") }
            strings.append(string)
        }
        return strings
    }

    private static func refuseUnsupported(_ root: JSONField) throws(JSONError) {
        for name in ["n", "best_of"] {
            guard let field = root[name].ifPresent else { continue }
            guard try field.int(in: 1...Int.max) == 1 else {
                throw field.invalid(
                    "must be 1: more than one answer a request is not supported yet")
            }
        }
        if let format = root["response_format"].ifPresent {
            let kind = try format["type"].oneOf(["text", "json_object", "json_schema"])
            guard kind == "text" else {
                throw format["type"].invalid("must be 'text': other formats are not supported yet")
            }
        }
    }
}

extension SamplingOptions {
    /// Reads OpenAI's sampling fields and the usual ones beside them.
    package init(_ root: JSONField) throws(JSONError) {
        self.init()
        temperature = try root["temperature"].ifPresent?.double(in: 0...2)
        topP = try root["top_p"].ifPresent?.double(in: 0...1)
        // -1 means all tokens to several servers; here that is 0.
        topK = try root["top_k"].ifPresent?.int(in: -1...Int.max).orZero
        minP = try root["min_p"].ifPresent?.double(in: 0...1)
        // Both names are in use; neither is OpenAI's.
        let penalty = root["repetition_penalty"].ifPresent ?? root["repeat_penalty"].ifPresent
        repetitionPenalty = try penalty?.double(in: 0.01...10)
        presencePenalty = try root["presence_penalty"].ifPresent?.double(in: -2...2)
        frequencyPenalty = try root["frequency_penalty"].ifPresent?.double(in: -2...2)
        seed = try root["seed"].ifPresent?.int().bits
        logitBias = try Self.logitBias(root["logit_bias"])
    }

    private static func logitBias(_ field: JSONField) throws(JSONError) -> [Int: Double] {
        guard let present = field.ifPresent else { return [:] }
        var bias: [Int: Double] = [:]
        for (key, _) in try present.object() {
            guard let token = Int(key), token >= 0 else {
                throw field[key].invalid("must be named by a token id such as \"1234\"")
            }
            bias[token] = try field[key].double(in: -100...100)
        }
        return bias
    }
}

extension Int {
    fileprivate var orZero: Int { Swift.max(self, 0) }

    fileprivate var bits: UInt64 { UInt64(bitPattern: Int64(self)) }
}
