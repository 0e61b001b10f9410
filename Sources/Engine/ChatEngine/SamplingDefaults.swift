package import Checkpoints
package import CompletionAPI
package import Sampling

extension SamplingOptions {
    /// What the model's makers recommend in the file (`general.sampling.*`), read where present.
    package init(recommendedBy file: Checkpoint) {
        func number(_ name: String) -> Double? {
            // A recommendation that cannot be read is no reason to refuse the model.
            (try? file.optionalFloat("general.sampling.\(name)")).flatMap { $0 }.map(Double.init)
        }
        let stated = SamplingOptions(
            temperature: number("temp"),
            topK: (try? file.optionalInteger("general.sampling.top_k")).flatMap { $0 },
            topP: number("top_p"), minP: number("min_p"),
            repetitionPenalty: number("penalty_repeat"))
        let parameters = SamplingParameters(SamplingOptions(), recommended: stated)
        // Nor one that no request could follow.
        self = (try? parameters.validate()) == nil ? SamplingOptions() : stated
    }
}

extension SamplingParameters {
    /// The request's wishes, then the model's recommendations, then the field's neutral values.
    package init(_ request: SamplingOptions, recommended: SamplingOptions) {
        self.init(
            temperature: Float(request.temperature ?? recommended.temperature ?? 1),
            topK: request.topK ?? recommended.topK ?? 0,
            topP: Float(request.topP ?? recommended.topP ?? 1),
            minP: Float(request.minP ?? recommended.minP ?? 0),
            repetitionPenalty: Float(
                request.repetitionPenalty ?? recommended.repetitionPenalty ?? 1),
            presencePenalty: Float(request.presencePenalty ?? 0),
            frequencyPenalty: Float(request.frequencyPenalty ?? 0),
            logitBias: request.logitBias.mapValues { Float($0) },
            seed: request.seed ?? UInt64.random(in: .min ... .max))
    }
}
