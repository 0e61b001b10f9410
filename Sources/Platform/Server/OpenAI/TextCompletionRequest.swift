package import CompletionAPI
package import StructuredJSON

/// The body of `POST /v1/completions`.
package struct TextCompletionRequest: Sendable, Equatable {
    package var prompts: [Prompt]
    package var generation: GenerationFields
    /// Whether the answer starts with the prompt.
    package var echoes: Bool
    package var reports: TokenReportOptions?

    /// OpenAI's own default, kept because a base model seldom stops by itself.
    package static let defaultMaximumTokens = 16

    /// - Throws: an error that names the field.
    package init(parsing body: [UInt8]) throws(JSONError) {
        var prompts: [Prompt] = []
        let root = try JSONField(body: body, except: "prompt") { reader throws(JSONError) in
            prompts = try Self.prompts(&reader)
        }
        self.prompts = prompts
        generation = try GenerationFields(root)
        generation.maximumTokens = generation.maximumTokens ?? Self.defaultMaximumTokens
        guard prompts.count * generation.choices <= GenerationFields.mostChoices else {
            throw root["n"].invalid(
                "must be at most \(GenerationFields.mostChoices) answers of all prompts together")
        }
        echoes = try root["echo"].ifPresent?.bool() ?? false
        if let field = root["logprobs"].ifPresent {
            reports = TokenReportOptions(top: try field.int(in: 0...20), includesPrompt: echoes)
        }
        if let suffix = root["suffix"].ifPresent, try !suffix.string().isEmpty {
            throw suffix.invalid("must be empty: text to insert before is not supported")
        }
    }

    /// The requests to the engine: every prompt's choices in a row.
    package func completions(model: String) -> [CompletionRequest] {
        prompts.flatMap { prompt in
            var request = CompletionRequest(model: model, prompt: prompt, tokenReports: reports)
            generation.apply(to: &request)
            return request.choices(generation.choices)
        }
    }

    /// A string, token ids, or an array of either.
    private static func prompts(_ reader: inout JSONReader) throws(JSONError) -> [Prompt] {
        guard reader.next == .array else {
            let field = try reader.field()
            guard case .string(let text) = try field.present() else {
                throw field.invalid(
                    "must be a string, token ids, or an array of either", .wrongType)
            }
            return [.text(text)]
        }
        var prompts: [Prompt] = []
        var tokens: [Int] = []
        var left = JSONReader.mostTokenIDs
        try reader.array { reader, _ throws(JSONError) in
            guard tokens.isEmpty, reader.next != .number || !prompts.isEmpty else {
                guard tokens.count < left else { throw reader.tooManyTokenIDs }
                tokens.append(try reader.int(in: 0...Int.max))
                return
            }
            guard prompts.count < GenerationFields.mostChoices else {
                throw reader.invalid(
                    "is one prompt more than the \(GenerationFields.mostChoices) of a request")
            }
            if reader.next == .array {
                let tokens = try reader.tokenIDs(most: left)
                left -= tokens.count
                prompts.append(.tokens(tokens))
            } else {
                prompts.append(.text(try reader.field().string()))
            }
        }
        if !tokens.isEmpty { return [.tokens(tokens)] }
        guard !prompts.isEmpty else { throw reader.invalid("must hold at least one prompt") }
        return prompts
    }
}
