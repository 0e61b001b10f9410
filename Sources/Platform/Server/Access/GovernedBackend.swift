import CompletionAPI
import Store
import StructuredJSON

/// The one door between routes and engine: everything that asks the engine for work goes through it.
///
/// It tells the engine who asks, keeps keys to their models and tokens, and counts what was used.
struct GovernedBackend: ModelBackend {
    let backend: any ModelBackend

    /// A route that asks for work outside a request would ask for nobody.
    private var scope: RequestScope {
        get throws {
            guard let scope = RequestScope.current else {
                throw CompletionError(
                    code: .engineFailure, message: "work was asked for outside a request")
            }
            return scope
        }
    }

    /// Those that the caller may use.
    func models() async -> [ModelDescription] {
        let models = await backend.models()
        guard let caller = RequestScope.current?.caller else { return models }
        return models.filter { caller.mayUse(model: $0.name) }
    }

    func statistics() async -> BackendStatistics {
        await backend.statistics()
    }

    func complete(_ request: CompletionRequest) async throws -> CompletionStream {
        let scope = try scope
        var answer = request.maximumTokens
        if answer == nil, scope.caller.limits.tokensPerMinute != nil {
            // Until the model stops or its context is full.
            answer = await backend.models().first { $0.name == request.model }?.contextLength
        }
        let work = try scope.begin(
            model: request.model, estimate: request.estimatedTokens(answer: answer ?? 0))
        var request = request
        request.origin = scope.origin
        scope.note(prompt: request.prompt.logged)
        let events = try await backend.complete(request)
        return CompletionStream {
            // All readers of a stream share its place in it.
            var reader = events.makeAsyncIterator()
            let event = try await reader.next()
            if let event { work.note(event) }
            return event
        }
    }

    func embed(_ request: EmbeddingRequest) async throws -> EmbeddingResult {
        let estimate = request.inputs.reduce(0) { sum, input in
            switch input {
            case .text(let text): sum + TokenEstimate.of(text)
            case .tokens(let tokens): sum + tokens.count
            }
        }
        return try await govern(request.model, estimate) {
            let result = try await backend.embed(request)
            return (result, result.promptTokens)
        }
    }

    func rerank(_ request: RerankRequest) async throws -> RerankResult {
        let query = TokenEstimate.of(request.query)
        let estimate = request.documents.reduce(0) { $0 + query + TokenEstimate.of($1) }
        return try await govern(request.model, estimate) {
            let result = try await backend.rerank(request)
            return (result, result.promptTokens)
        }
    }

    /// Work that has one result, and no events that would tell how far it came.
    ///
    /// - `work`: its result, and the tokens that it took.
    private func govern<Result>(
        _ model: String, _ estimate: Int, _ work: () async throws -> (Result, tokens: Int)
    ) async throws -> Result {
        let open = try scope.begin(model: model, estimate: estimate)
        do {
            let (result, tokens) = try await work()
            open.finish(Usage(promptTokens: tokens, completionTokens: 0))
            return result
        } catch {
            // Whoever leaves in the middle has had the machine all the same.
            if (error as? CompletionError)?.isRefusal != true {
                open.finish(Usage(promptTokens: estimate, completionTokens: 0))
            }
            throw error
        }
    }

    func tokens(of request: TokenizationRequest) async throws -> [Int] {
        try requireAllowed(request.model)
        return try await backend.tokens(of: request)
    }

    func pieces(of tokens: [Int], model: String) async throws -> [[UInt8]] {
        try requireAllowed(model)
        return try await backend.pieces(of: tokens, model: model)
    }

    func text(of tokens: [Int], model: String) async throws -> String {
        try requireAllowed(model)
        return try await backend.text(of: tokens, model: model)
    }

    /// Tokens that are only counted cost too little to be counted themselves.
    private func requireAllowed(_ model: String) throws {
        let caller = try scope.caller
        guard caller.mayUse(model: model) else {
            throw APIError.modelNotAllowed(model, key: caller.name)
        }
    }
}

extension Prompt {
    /// For a log that is to hold prompts.
    fileprivate var logged: String {
        switch self {
        case .text(let text): text
        case .tokens(let tokens): "\(tokens)"
        case .chat(let conversation):
            conversation.messages.map { "\($0.role): \($0.content)" }.joined(separator: "\n")
        }
    }
}

/// Who runs the server was let in at the door already, and takes nothing of anybody's part.
extension GovernedBackend {
    func memory() async -> ModelMemoryReport { await backend.memory() }

    func load(_ name: String) async throws -> ModelDescription { try await backend.load(name) }

    func unload(_ name: String) async throws -> ModelDescription { try await backend.unload(name) }

    func addAdapter(_ name: String, path: String, base: String?) async throws -> ModelDescription {
        try await backend.addAdapter(name, path: path, base: base)
    }

    func dropAdapter(_ name: String) async throws {
        try await backend.dropAdapter(name)
    }

    func pin(_ name: String, _ isPinned: Bool) async throws -> ModelDescription {
        try await backend.pin(name, isPinned)
    }
}

/// How many tokens a text has, before a tokenizer has seen it: rather too many than too few.
enum TokenEstimate {
    /// English has about four bytes a token, Chinese three bytes a character.
    static func of(_ text: String) -> Int {
        text.utf8.count / 3 + 1
    }
}

extension CompletionError {
    /// Whether the work never began.
    fileprivate var isRefusal: Bool {
        switch code {
        case .modelNotFound, .invalidRequest, .contextLengthExceeded, .overloaded, .shuttingDown:
            true
        case .deadlineExceeded, .engineFailure: false
        }
    }
}

extension CompletionRequest {
    /// Prompt and answer, as far as they can be known before: everything of a conversation that a template may render.
    ///
    /// - `answer`: most tokens of the answer.
    func estimatedTokens(answer: Int) -> Int {
        let tokens =
            switch prompt {
            case .tokens(let tokens): tokens.count
            case .text(let text): TokenEstimate.of(text)
            case .chat(let conversation):
                conversation.messages.reduce(0) { $0 + $1.estimatedTokens }
                    + conversation.tools.reduce(0) { $0 + TokenEstimate.of($1.serialized()) }
                    + (conversation.templateArguments.isEmpty
                        ? 0
                        : TokenEstimate.of(
                            JSONValue.object(conversation.templateArguments).serialized()))
            }
        // Sums of what a client sends must not overflow.
        return tokens + min(max(answer, 0), 1 << 30)
    }
}

extension ChatMessage {
    /// With its role and the marks around it.
    fileprivate var estimatedTokens: Int {
        let texts =
            [content, name, reasoning, toolCallID].compactMap(\.self)
            + toolCalls.flatMap { [$0.id, $0.name, $0.arguments] }
        return texts.reduce(4) { $0 + TokenEstimate.of($1) }
    }
}
