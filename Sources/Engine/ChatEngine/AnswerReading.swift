package import ChatFormats
package import CompletionAPI
package import Tokenizers

/// How the answer to one request is taken apart.
package struct AnswerReading: Sendable {
    let parser: AnswerParser
    /// Special tokens that the parser must see.
    let markers: Set<Int>
    let ids: CallIDStyle
    /// Whether the answer may go on after its first call.
    let takesSeveralCalls: Bool

    /// - Parameters:
    ///   - format: the model's.
    ///   - tools: what can be called.
    ///   - request: whether calls and thoughts are wanted.
    ///   - prompt: the rendered conversation, whose end may open a thought.
    ///   - tokenizer: the model's.
    init(
        format: ChatFormat, tools: ToolSet, request: CompletionRequest, prompt: String,
        tokenizer: Tokenizer
    ) {
        let readsCalls = !tools.isEmpty && request.toolChoice != .none
        let style = readsCalls ? format.calls : nil
        // The end is enough, and a prompt can be long.
        let end = String(prompt.suffix(256))
        self.init(
            calls: style, tools: tools, reasoning: format.reasoning, prompt: end,
            ids: format.ids == .nineCharacters ? .nineCharacters : format.calls.idStyle,
            takesSeveralCalls: request.callsToolsInParallel, tokenizer: tokenizer)
    }

    package init(
        calls style: ToolCallStyle?, tools: ToolSet, reasoning: ReasoningStyle?, prompt: String,
        ids: CallIDStyle = .openAI, takesSeveralCalls: Bool = true, tokenizer: Tokenizer
    ) {
        parser = AnswerParser(calls: style, tools: tools, reasoning: reasoning, prompt: prompt)
        let texts = (style?.markers ?? []) + (reasoning?.markers ?? [])
        markers = Set(texts.compactMap(tokenizer.token(named:)))
        self.ids = ids
        self.takesSeveralCalls = takesSeveralCalls
    }
}

/// Turns tokens into the events that a client sees: a pure state machine.
///
/// Holds back bytes that are half a Unicode scalar, text that may become a stop string, and what may become a call.
/// Stop strings count in the text that people read only.
package struct AnswerReader {
    /// What a token brought.
    package struct Result {
        package var events: [CompletionEvent] = []
        /// Why the answer is over, if it is.
        package var end: FinishReason?
        /// The stop string that ended it.
        package var matchedStop: String?
        /// Whether the token belonged to a thought.
        package var isReasoning = false
    }

    private let reading: AnswerReading?
    private let stopStrings: [String]
    private var decoder: StreamingDecoder
    private var parser: AnswerParser?
    private var matcher: StopStringMatcher
    private var calls = 0

    package init(
        tokenizer: Tokenizer, reading: AnswerReading?, stopStrings: [String], continuesText: Bool
    ) {
        self.reading = reading
        self.stopStrings = stopStrings
        decoder = StreamingDecoder(
            tokenizer, showing: reading?.markers ?? [], continuesText: continuesText)
        parser = reading?.parser
        matcher = StopStringMatcher(stopStrings)
    }

    /// Whether the answer calls tools.
    package var hasCalls: Bool { calls > 0 }

    package mutating func append(_ token: Int) -> Result {
        let wasReasoning = parser?.isReasoning ?? false
        var result = take(parts(of: decoder.append(token)))
        result.isReasoning = wasReasoning || parser?.isReasoning ?? false
        return result
    }

    /// The end of the answer: what was held back.
    package mutating func finish() -> Result {
        var result = take(parts(of: decoder.finish()) + (parser?.finish() ?? []))
        guard result.end == nil else { return result }
        let rest = matcher.finish()
        if !rest.isEmpty { result.events.append(.text(rest)) }
        return result
    }

    private mutating func parts(of text: String) -> [AnswerPart] {
        guard !text.isEmpty else { return [] }
        return parser?.append(text) ?? [.text(text)]
    }

    private mutating func take(_ parts: [AnswerPart]) -> Result {
        var result = Result()
        for part in parts {
            switch part {
            case .text(let text):
                let match = matcher.append(text)
                if !match.text.isEmpty { result.events.append(.text(match.text)) }
                if match.isMatched {
                    result.end = .stop
                    result.matchedStop = match.match
                }
            case .reasoning(let text):
                result.events.append(.reasoning(text))
            case .call(let name, let id):
                let rest = matcher.finish()
                if !rest.isEmpty { result.events.append(.text(rest)) }
                matcher = StopStringMatcher(stopStrings)
                calls += 1
                let id = id ?? newID()
                result.events.append(.toolCall(index: calls - 1, id: id, name: name))
            case .arguments(let text):
                result.events.append(.toolArguments(index: calls - 1, text))
            case .callEnd:
                if reading?.takesSeveralCalls == false { result.end = .toolCalls }
            }
            if result.end != nil { break }
        }
        return result
    }

    private func newID() -> String {
        var generator = SystemRandomNumberGenerator()
        return (reading?.ids ?? .openAI).make(using: &generator)
    }
}
