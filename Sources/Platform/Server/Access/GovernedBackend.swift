import CompletionAPI
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
        let work = try scope.begin(model: request.model, estimate: request.estimatedTokens)
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
        let work = try scope.begin(model: request.model, estimate: estimate)
        let result = try await backend.embed(request)
        work.finish(Usage(promptTokens: result.promptTokens, completionTokens: 0))
        return result
    }

    func rerank(_ request: RerankRequest) async throws -> RerankResult {
        let query = TokenEstimate.of(request.query)
        let estimate = request.documents.reduce(0) { $0 + query + TokenEstimate.of($1) }
        let work = try scope.begin(model: request.model, estimate: estimate)
        let result = try await backend.rerank(request)
        work.finish(Usage(promptTokens: result.promptTokens, completionTokens: 0))
        return result
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

extension CompletionRequest {
    /// For an answer without a limit.
    private static let usualAnswer = 512

    /// Prompt and answer, as far as they can be known before.
    var estimatedTokens: Int {
        let tokens =
            switch prompt {
            case .tokens(let tokens): tokens.count
            case .text(let text): TokenEstimate.of(text)
            case .chat(let conversation):
                conversation.messages.reduce(0) { $0 + 4 + TokenEstimate.of($1.content) }
                    + conversation.tools.reduce(0) { $0 + TokenEstimate.of($1.serialized()) }
            }
        // Sums of what a client sends must not overflow.
        return tokens + min(maximumTokens ?? Self.usualAnswer, 1 << 30)
    }
}
