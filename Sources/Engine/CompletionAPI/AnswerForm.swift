package import StructuredJSON

/// What form an answer must have; the engine admits no token that would break it.
package enum AnswerForm: Sendable, Equatable {
    /// Any JSON object.
    case jsonObject
    /// JSON that a JSON Schema (draft 7 or 2020-12) accepts.
    case jsonSchema(JSONValue)
    /// Text that a regular expression matches from its beginning to its end.
    case regularExpression(String)
    /// Text of a grammar in llama.cpp's GBNF.
    case grammar(String)
    /// One of these texts.
    case choice([String])
}

/// Whether the model may, must not or must call tools.
package enum ToolChoice: Sendable, Equatable {
    /// The model decides.
    case auto
    /// No calls, although the tools are there to be seen.
    case none
    /// At least one call of any tool.
    case required
    /// A call of this tool.
    case named(String)
}

/// Whether the model thinks before it answers.
package struct ReasoningOptions: Sendable, Equatable {
    /// `nil` leaves it to the model.
    package var isEnabled: Bool?
    /// Most tokens of a thought; it is then closed for the model, and the answer begins.
    package var budget: Int?

    package init(isEnabled: Bool? = nil, budget: Int? = nil) {
        self.isEnabled = isEnabled
        self.budget = budget
    }
}
