package import CompletionAPI
package import StructuredJSON

/// The body of `POST /tokenize`, in llama.cpp's form (`content`) or in vLLM's (`prompt` or `messages`).
package struct TokenizationBody: Sendable, Equatable {
    /// `nil` means the first model.
    package var model: String?
    package var prompt: Prompt
    package var addsSpecial: Bool
    package var parsesSpecial: Bool
    package var reasoning = ReasoningOptions()
    /// Whether the answer has vLLM's form.
    package var countsTokens: Bool
    /// Whether the answer says what each token stands for.
    package var wantsPieces: Bool

    /// - Throws: an error that names the field.
    package init(parsing body: JSONValue) throws(JSONError) {
        let root = JSONField(body)
        model = try root["model"].ifPresent?.string()
        if model == "" { model = nil }
        if let content = root["content"].ifPresent {
            prompt = .text(try content.string())
            addsSpecial = try root["add_special"].ifPresent?.bool() ?? false
            parsesSpecial = try root["parse_special"].ifPresent?.bool() ?? true
            wantsPieces = try root["with_pieces"].ifPresent?.bool() ?? false
            countsTokens = false
            return
        }
        addsSpecial = try root["add_special_tokens"].ifPresent?.bool() ?? true
        parsesSpecial = true
        wantsPieces = try root["return_token_strs"].ifPresent?.bool() ?? false
        countsTokens = true
        guard root["messages"].ifPresent != nil else {
            prompt = .text(try root["prompt"].string())
            return
        }
        if let field = root["add_generation_prompt"].ifPresent, try !field.bool() {
            throw field.invalid("must be true: a conversation is read as one to be answered")
        }
        let chat = try ChatCompletionRequest(parsing: body)
        prompt = .chat(chat.shownConversation)
        reasoning = chat.reasoning
    }

    /// The answer to this request.
    package func answer(
        _ tokens: [Int], pieces: [[UInt8]]?, contextLength: Int
    ) -> JSONValue {
        let ids = JSONValue.array(tokens.map(JSONValue.integer))
        guard countsTokens else {
            guard let pieces else { return ["tokens": ids] }
            let items = zip(tokens, pieces).map { token, piece -> JSONValue in
                // A part of a character is no text, so its bytes are given.
                let text = String(validating: piece, as: UTF8.self).map(JSONValue.string)
                return [
                    "id": .integer(token),
                    "piece": text ?? .array(piece.map { .integer(Int($0)) }),
                ]
            }
            return ["tokens": .array(items)]
        }
        return [
            "count": .integer(tokens.count), "max_model_len": .integer(contextLength),
            "tokens": ids,
            "token_strs": pieces.map { pieces in
                .array(pieces.map { .string(String(decoding: $0, as: UTF8.self)) })
            } ?? .null,
        ]
    }
}

extension ChatCompletionRequest {
    /// What the chat template sees.
    fileprivate var shownConversation: Conversation {
        var conversation = conversation
        conversation.tools = tools.tools
        return conversation
    }
}
