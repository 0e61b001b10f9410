import Sampling
import Testing

@Suite("Sampling parameters")
struct SamplingParametersTests {
    @Test(
        "What is outside its range is refused by name",
        arguments: [
            ("temperature", SamplingParameters(temperature: -0.1)),
            ("temperature", SamplingParameters(temperature: .nan)),
            ("temperature", SamplingParameters(temperature: .infinity)),
            ("top_k", SamplingParameters(topK: -1)), ("top_p", SamplingParameters(topP: -0.1)),
            ("top_p", SamplingParameters(topP: 1.1)), ("min_p", SamplingParameters(minP: 2)),
            ("repetition_penalty", SamplingParameters(repetitionPenalty: 0)),
            ("presence_penalty", SamplingParameters(presencePenalty: 1_000)),
            ("frequency_penalty", SamplingParameters(frequencyPenalty: -1_000)),
            ("logit_bias", SamplingParameters(logitBias: [1: .nan])),
            ("logit_bias", SamplingParameters(logitBias: [1: .infinity])),
            ("logit_bias", SamplingParameters(logitBias: [-1: 1])),
        ])
    func refused(field: String, parameters: SamplingParameters) {
        let error = #expect(throws: SamplingError.self) { try parameters.validate() }
        #expect(error?.field == field)
        #expect(error?.message.contains(field) == true)
    }

    @Test(
        "Every range's ends are allowed",
        arguments: [
            SamplingParameters(), SamplingParameters(temperature: 0, topP: 0, minP: 1),
            SamplingParameters(temperature: 100, topK: 1 << 40, repetitionPenalty: 0.01),
            SamplingParameters(presencePenalty: -100, frequencyPenalty: 100),
            SamplingParameters(logitBias: [0: -.infinity, 1: 100, 1 << 40: -100]),
        ])
    func allowed(parameters: SamplingParameters) throws {
        try parameters.validate()
    }
}
