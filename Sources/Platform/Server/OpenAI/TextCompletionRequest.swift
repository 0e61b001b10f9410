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
    package init(parsing body: [UInt8]) throws(JSONError) {
        var prompt = Prompt.text("")
        let root = try JSONField(body: body, except: "prompt") { reader throws(JSONError) in
            prompt = try Self.prompt(&reader)
        }
        self.prompt = prompt
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
    private static func prompt(_ reader: inout JSONReader) throws(JSONError) -> Prompt {
        guard reader.next == .array else {
            let field = try reader.field()
            guard case .string(let text) = try field.present() else {
                throw field.invalid("must be a string or an array of token ids", .wrongType)
            }
            return .text(text)
        }
        var prompts: [Prompt] = []
        var tokens: [Int] = []
        var isOne = true
        try reader.array { reader, index throws(JSONError) in
            guard prompts.isEmpty else {
                isOne = false
                _ = try reader.field()
                return
            }
            switch reader.next {
            case .string where index == 0: prompts = [.text(try reader.field().string())]
            case .array where index == 0: prompts = [.tokens(try reader.tokenIDs())]
            default:
                guard tokens.count < JSONReader.mostTokenIDs else { throw reader.tooManyTokenIDs }
                tokens.append(try reader.int(in: 0...Int.max))
            }
        }
        guard isOne else {
            throw reader.invalid("must hold one prompt: several are not supported yet")
        }
        if let prompt = prompts.first { return prompt }
        guard !tokens.isEmpty else { throw reader.invalid("must hold at least one token id") }
        return .tokens(tokens)
    }
}
