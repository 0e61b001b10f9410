package import CompletionAPI
package import StructuredJSON

/// The body of `POST /v1/completions`.
package struct TextCompletionRequest: Sendable, Equatable {
    package var prompt: Prompt
    package var generation: GenerationFields
    /// Whether the answer starts with the prompt.
    package var echoes: Bool

    /// OpenAI's own default, kept because a base model seldom stops by itself.
    package static let defaultMaximumTokens = 16

    /// - Throws: an error that names the field.
    package init(parsing body: JSONValue) throws(JSONError) {
        let root = JSONField(body)
        prompt = try Self.prompt(root["prompt"])
        generation = try GenerationFields(root)
        generation.maximumTokens = generation.maximumTokens ?? Self.defaultMaximumTokens
        echoes = try root["echo"].ifPresent?.bool() ?? false
        if echoes, case .tokens = prompt {
            throw root["echo"].invalid("must be false where the prompt is token ids")
        }
        if let suffix = root["suffix"].ifPresent, try !suffix.string().isEmpty {
            throw suffix.invalid("must be empty: text to insert before is not supported yet")
        }
        if let field = root["logprobs"].ifPresent {
            throw field.invalid("must be absent: log probabilities are not supported yet")
        }
    }

    /// The request to the engine.
    package func completion(model: String) -> CompletionRequest {
        CompletionRequest(
            model: model, prompt: prompt, sampling: generation.sampling,
            maximumTokens: generation.maximumTokens, stopStrings: generation.stopStrings)
    }

    /// What ``echoes`` puts before the answer.
    package var echo: String {
        if echoes, case .text(let text) = prompt { text } else { "" }
    }

    /// A string, token ids, or an array that holds one of either.
    private static func prompt(_ field: JSONField) throws(JSONError) -> Prompt {
        if case .string(let text) = try field.present() { return .text(text) }
        guard field.value?.array != nil else {
            throw field.invalid("must be a string or an array of token ids", .wrongType)
        }
        let items = try field.array()
        switch items.first?.value {
        case .string, .array:
            guard items.count == 1, let first = items.first else {
                throw field.invalid("must hold one prompt: several a request are not supported yet")
            }
            if case .string(let text) = first.value { return .text(text) }
            return .tokens(try first.tokenIDs())
        default:
            return .tokens(try field.tokenIDs())
        }
    }
}
