/// Chooses the tokens of one answer: a pure state machine over logits.
///
/// Its state is the random stream and the tokens seen; the choice depends on nothing else, so neither the batch nor the
/// number of threads nor the platform can change an answer.
package struct Sampler: Sendable {
    /// Temperatures below this are greedy, as in vLLM: dividing by them would leave the range of floats.
    private static let smallestTemperature: Float = 1e-5

    private let parameters: SamplingParameters
    private var random: RandomStream
    /// How often the answer holds a token.
    private var counts: [Int: Int] = [:]
    /// Tokens of prompt and answer; kept only where the repetition penalty needs them.
    private var seen: Set<Int> = []
    // Memory reused from token to token.
    private var adjusted: [Float] = []
    private var peak = Peak()
    private var candidates = Candidates()

    package init(_ parameters: SamplingParameters) {
        self.parameters = parameters
        random = RandomStream(seed: parameters.seed)
    }

    /// Tells the repetition penalty what the prompt holds.
    package mutating func notePrompt(_ tokens: [Int]) {
        guard parameters.repetitionPenalty != 1 else { return }
        seen.formUnion(tokens)
    }

    /// Tells the penalties that `token` became part of the answer.
    package mutating func accept(_ token: Int) {
        if parameters.presencePenalty != 0 || parameters.frequencyPenalty != 0 {
            counts[token, default: 0] += 1
        }
        if parameters.repetitionPenalty != 1 {
            seen.insert(token)
        }
    }

    /// The next token's id, given a logit for every token of the vocabulary.
    ///
    /// NaN counts as minus infinity; of equal logits the lower id wins; token 0 when there is no number at all. Draws
    /// one random number, or none where there is nothing to draw. Cost, for 150,000 logits on one core: 20 us greedy,
    /// 50 us with a top-k of 40, 0.3 ms otherwise; a top-p of a nearly flat distribution takes 2 ms.
    /// A mask says which tokens may be chosen, at least one.
    package mutating func sample(_ logits: Span<Float>, admitting mask: TokenMask? = nil) -> Int {
        precondition(!logits.isEmpty, "a vocabulary has at least one token")
        guard !seen.isEmpty || !counts.isEmpty || !parameters.logitBias.isEmpty || mask != nil
        else {
            return choose(logits)
        }
        // Taken out while its span is lent.
        var adjusted: [Float] = []
        swap(&adjusted, &self.adjusted)
        adjust(logits, into: &adjusted)
        if let mask { Self.exclude(allBut: mask, from: &adjusted) }
        let token = choose(adjusted.span)
        swap(&adjusted, &self.adjusted)
        return token
    }

    /// Penalties, then bias, so that a bias means what it says.
    private func adjust(_ logits: Span<Float>, into adjusted: inout [Float]) {
        VectorPasses.copy(logits, into: &adjusted)
        let penalty = parameters.repetitionPenalty
        for token in seen where adjusted.indices.contains(token) {
            let logit = adjusted[token]
            adjusted[token] = logit > 0 ? logit / penalty : logit * penalty
        }
        for (token, count) in counts where adjusted.indices.contains(token) {
            adjusted[token] -=
                parameters.presencePenalty + parameters.frequencyPenalty * Float(count)
        }
        for (token, bias) in parameters.logitBias where adjusted.indices.contains(token) {
            adjusted[token] += bias
        }
    }

    /// After the bias, which could otherwise bring back what the mask took out.
    private static func exclude(allBut mask: TokenMask, from logits: inout [Float]) {
        for (index, word) in mask.words.enumerated() where word != .max {
            let start = index * 64
            for bit in 0..<min(64, logits.count - start) where word >> UInt64(bit) & 1 == 0 {
                logits[start + bit] = -.infinity
            }
        }
        // A model whose vocabulary is padded has logits for tokens that no mask knows.
        for index in min(mask.words.count * 64, logits.count)..<logits.count {
            logits[index] = -.infinity
        }
    }

    private mutating func choose(_ logits: Span<Float>) -> Int {
        peak.find(in: logits)
        guard parameters.temperature >= Self.smallestTemperature, parameters.topK != 1,
            peak.logit.isFinite
        else {
            return peak.token
        }
        if parameters.topK > 0, parameters.topK < logits.count {
            candidates.takeTop(
                parameters.topK, of: logits, peak: peak, temperature: parameters.temperature)
        } else {
            candidates.takeAll(logits, peak: peak, temperature: parameters.temperature)
        }
        if parameters.topP < 1 {
            candidates.keepShare(parameters.topP)
        }
        if parameters.minP > 0 {
            candidates.keepRelative(parameters.minP)
        }
        return candidates.token(at: random.nextUnit())
    }
}
