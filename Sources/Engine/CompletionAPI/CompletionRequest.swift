package import StructuredJSON

/// One request for generated text, as every front end (HTTP, command line, agents) states it.
package struct CompletionRequest: Sendable, Equatable {
    /// Name of the model, as listed by ``CompletionBackend/models()``.
    package var model: String
    package var prompt: Prompt
    package var sampling: SamplingOptions
    /// Most tokens to generate; `nil` means until the model stops or its context is full.
    package var maximumTokens: Int?
    /// Generation ends before any of these; the matched text is not part of the answer.
    package var stopStrings: [String]
    /// What is reported about tokens; `nil` reports none.
    package var tokenReports: TokenReportOptions?
    /// `nil` admits any text.
    package var form: AnswerForm?
    /// Whether an answer that nears its token limit is led to the end of its ``form``.
    package var completesForm: Bool
    package var toolChoice: ToolChoice
    /// Whether several tools may be called in one answer.
    package var callsToolsInParallel: Bool
    package var reasoning: ReasoningOptions
    package var origin: RequestOrigin

    package init(
        model: String, prompt: Prompt, sampling: SamplingOptions = SamplingOptions(),
        maximumTokens: Int? = nil, stopStrings: [String] = [],
        tokenReports: TokenReportOptions? = nil, form: AnswerForm? = nil,
        completesForm: Bool = false, toolChoice: ToolChoice = .auto,
        callsToolsInParallel: Bool = true, reasoning: ReasoningOptions = ReasoningOptions(),
        origin: RequestOrigin = RequestOrigin()
    ) {
        self.model = model
        self.prompt = prompt
        self.sampling = sampling
        self.maximumTokens = maximumTokens
        self.stopStrings = stopStrings
        self.tokenReports = tokenReports
        self.form = form
        self.completesForm = completesForm
        self.toolChoice = toolChoice
        self.callsToolsInParallel = callsToolsInParallel
        self.reasoning = reasoning
        self.origin = origin
    }
}

/// Which probabilities an answer reports.
package struct TokenReportOptions: Sendable, Equatable {
    /// How many of the likeliest tokens to report beside each chosen one.
    package var top: Int
    /// Whether the prompt's own tokens are reported, too.
    package var includesPrompt: Bool

    package init(top: Int = 0, includesPrompt: Bool = false) {
        self.top = top
        self.includesPrompt = includesPrompt
    }
}

/// What the model is asked to continue.
package enum Prompt: Sendable, Equatable {
    /// A conversation, rendered by the model's own chat template.
    case chat(Conversation)
    /// Plain text, tokenized as it stands (with BOS where the model wants one).
    case text(String)
    /// Token ids, taken as they stand.
    case tokens([Int])
}

/// Messages and what else a chat template can see.
package struct Conversation: Sendable, Equatable {
    package var messages: [ChatMessage]
    /// OpenAI tool objects, handed to the template as they stand.
    package var tools: [JSONValue]
    /// Extra template variables, such as `enable_thinking` (`chat_template_kwargs` in requests).
    package var templateArguments: JSONObject

    package init(
        messages: [ChatMessage], tools: [JSONValue] = [],
        templateArguments: JSONObject = [:]
    ) {
        self.messages = messages
        self.tools = tools
        self.templateArguments = templateArguments
    }
}

/// One message of a conversation.
package struct ChatMessage: Sendable, Equatable {
    /// `system`, `developer`, `user`, `assistant` or `tool`; templates compare it as a string.
    package var role: String
    package var content: String
    package var name: String?
    /// What an assistant thought before it answered.
    package var reasoning: String?
    /// The calls that an assistant made.
    package var toolCalls: [ToolCall]
    /// Which call a tool's message answers.
    package var toolCallID: String?

    package init(
        role: String, content: String, name: String? = nil, reasoning: String? = nil,
        toolCalls: [ToolCall] = [], toolCallID: String? = nil
    ) {
        self.role = role
        self.content = content
        self.name = name
        self.reasoning = reasoning
        self.toolCalls = toolCalls
        self.toolCallID = toolCallID
    }
}

/// A call of a tool, as it stands in a conversation.
package struct ToolCall: Sendable, Equatable {
    package var id: String
    package var name: String
    /// JSON text, as the model wrote it.
    package var arguments: String

    package init(id: String, name: String, arguments: String) {
        self.id = id
        self.name = name
        self.arguments = arguments
    }
}

/// How the next token is chosen; `nil` means the model's recommendation, or the value given here.
package struct SamplingOptions: Sendable, Equatable {
    /// 0 is greedy; default 1.
    package var temperature: Double?
    /// Keep the k most likely tokens; 0 keeps all; default 0.
    package var topK: Int?
    /// Keep the smallest set of tokens with at least this probability; default 1.
    package var topP: Double?
    /// Keep tokens at least this likely relative to the most likely one; default 0.
    package var minP: Double?
    /// Divides positive and multiplies negative logits of tokens seen before; default 1.
    package var repetitionPenalty: Double?
    /// Subtracted once from the logit of a token already generated; default 0.
    package var presencePenalty: Double?
    /// Subtracted for every time a token was generated; default 0.
    package var frequencyPenalty: Double?
    /// Added to the logits of single tokens, by token id.
    package var logitBias: [Int: Double]
    /// Same seed, same request, same text; `nil` draws one.
    package var seed: UInt64?

    package init(
        temperature: Double? = nil, topK: Int? = nil, topP: Double? = nil, minP: Double? = nil,
        repetitionPenalty: Double? = nil, presencePenalty: Double? = nil,
        frequencyPenalty: Double? = nil, logitBias: [Int: Double] = [:], seed: UInt64? = nil
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
}
