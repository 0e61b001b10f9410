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
    /// How many answers each prompt gets (`n`).
    package var choices: Int
    package var form: AnswerForm?
    /// Whether an answer that nears its token limit is led to the end of its form (`complete_form`).
    package var completesForm: Bool

    /// Most stop strings in a request; OpenAI allows 4.
    package static let maximumStopStrings = 16
    /// Most answers of a request, of all its prompts together; as OpenAI's.
    package static let mostChoices = 128

    /// Reads the fields of a request's root object, whose `max_tokens` is at least `leastTokens`.
    package init(_ root: JSONField, leastTokens: Int = 0) throws(JSONError) {
        model = try root["model"].ifPresent?.string()
        if model == "" { model = nil }
        sampling = try SamplingOptions(root)
        maximumTokens = try root["max_tokens"].ifPresent?.int(in: leastTokens...Int.max)
        stopStrings = try Self.stopStrings(root["stop"])
        streams = try root["stream"].ifPresent?.bool() ?? false
        includesUsage =
            try root["stream_options"].ifPresent?["include_usage"].ifPresent?.bool() ?? false
        choices = try root["n"].ifPresent?.int(in: 1...Self.mostChoices) ?? 1
        form = try AnswerForm.openAI(root)
        completesForm = try root["complete_form"].ifPresent?.bool() ?? false
        if let field = root["best_of"].ifPresent, try field.int(in: 1...Int.max) != choices {
            throw field.invalid("must be n: answers are not made to be thrown away")
        }
    }

    /// States these fields in a request to the engine.
    func apply(to request: inout CompletionRequest) {
        request.sampling = sampling
        request.maximumTokens = maximumTokens
        request.stopStrings = stopStrings
        request.form = form
        request.completesForm = completesForm
    }

    /// A string or an array of strings, none of them empty.
    static func stopStrings(_ field: JSONField) throws(JSONError) -> [String] {
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
}

extension CompletionRequest {
    /// The same request so many times; each draws from a seed of its own.
    func choices(_ count: Int) -> [CompletionRequest] {
        (0..<count).map { index in
            var choice = self
            choice.sampling.seed = sampling.seed.map { $0 &+ UInt64(index) }
            return choice
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
