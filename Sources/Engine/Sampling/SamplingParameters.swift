/// How the next token is chosen from a model's logits.
///
/// The steps come in this order: repetition, presence and frequency penalty, logit bias, temperature, top-k, top-p,
/// min-p. Why:
/// - Bias after the penalties, so that +-100 forces or bans whatever was said before (llama.cpp and vLLM put it first,
///   where a repetition penalty can weaken it).
/// - Temperature before the filters, as in transformers and vLLM, so that `topP` means a share of the distribution that
///   is really drawn from (llama.cpp's default puts it last: a high temperature then widens nothing).
/// - Top-p measures its share among what top-k left, as all of them do.
/// - Min-p last, as in llama.cpp (vLLM puts it before top-k). It compares with the likeliest token, which no filter
///   removes, so its place changes only what top-p takes its share of.
package struct SamplingParameters: Sendable, Equatable {
    /// Divides the logits; 0 always takes the likeliest token.
    package var temperature: Float
    /// Keep the k likeliest tokens; 0 keeps all.
    package var topK: Int
    /// Keep the fewest tokens whose probabilities reach this sum (Holtzman 2020); 1 keeps all.
    package var topP: Float
    /// Keep tokens at least this likely relative to the likeliest (Nguyen 2024); 0 keeps all.
    package var minP: Float
    /// Divides positive and multiplies negative logits of tokens in prompt or answer (Keskar 2019); 1 is off.
    package var repetitionPenalty: Float
    /// Subtracted once from the logit of every token in the answer; 0 is off.
    package var presencePenalty: Float
    /// Subtracted from a token's logit for every time the answer holds it; 0 is off.
    package var frequencyPenalty: Float
    /// Added to the logits of single tokens, by id; minus infinity bans one.
    package var logitBias: [Int: Float]
    /// Same seed, same logits, same tokens.
    package var seed: UInt64

    package init(
        temperature: Float = 1, topK: Int = 0, topP: Float = 1, minP: Float = 0,
        repetitionPenalty: Float = 1, presencePenalty: Float = 0, frequencyPenalty: Float = 0,
        logitBias: [Int: Float] = [:], seed: UInt64 = 0
    ) {
        self.temperature = temperature
        self.topK = topK
        self.topP = topP
        self.minP = minP
        self.repetitionPenalty = repetitionPenalty
        self.presencePenalty = presencePenalty
        self.frequencyPenalty = frequencyPenalty
        self.logitBias = logitBias
        self.seed = seed
    }

    /// Checks every number against its range.
    ///
    /// - Throws: ``SamplingError`` naming the first field outside it.
    package func validate() throws(SamplingError) {
        func check(_ field: String, _ value: Float, _ range: ClosedRange<Float>)
            throws(SamplingError)
        {
            guard range.contains(value) else {
                throw SamplingError(
                    field: field,
                    message:
                        "\(field) must be \(range.lowerBound) to \(range.upperBound), got \(value)")
            }
        }
        try check("temperature", temperature, 0...100)
        try check("top_p", topP, 0...1)
        try check("min_p", minP, 0...1)
        try check("repetition_penalty", repetitionPenalty, 0.01...100)
        try check("presence_penalty", presencePenalty, -100...100)
        try check("frequency_penalty", frequencyPenalty, -100...100)
        guard topK >= 0 else {
            throw SamplingError(field: "top_k", message: "top_k must not be negative, got \(topK)")
        }
        for (token, bias) in logitBias where token < 0 || !(bias < .infinity) {
            throw SamplingError(
                field: "logit_bias",
                message: "logit_bias needs token ids and finite numbers, got \(token): \(bias)")
        }
    }
}

/// A sampling parameter outside its range.
package struct SamplingError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The parameter, as requests spell it.
    package let field: String
    package let message: String

    package var description: String {
        message
    }
}
