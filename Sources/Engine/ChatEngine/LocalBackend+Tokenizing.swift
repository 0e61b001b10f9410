package import CompletionAPI
import Tokenizers

extension LocalBackend: TokenizingBackend {
    @concurrent
    package func tokens(of request: TokenizationRequest) async throws -> [Int] {
        let lease = try await registry.acquire(request.model)
        defer { lease.end() }
        switch (request.prompt, lease.engine) {
        case (.tokens(let tokens), _): return tokens
        case (.text(let text), let engine):
            return engine.tokenizer.encode(
                text, addSpecial: request.addsSpecial, parseSpecial: request.parsesSpecial)
        case (.chat, .generator(let model)):
            let completion = CompletionRequest(
                model: request.model, prompt: request.prompt, reasoning: request.reasoning)
            return try model.prepare(completion).tokens
        case (.chat, .encoder):
            throw CompletionError(
                code: .invalidRequest, message: "model \"\(request.model)\" cannot chat",
                field: "messages")
        }
    }

    @concurrent
    package func pieces(of tokens: [Int], model: String) async throws -> [[UInt8]] {
        let lease = try await registry.acquire(model)
        defer { lease.end() }
        let tokenizer = lease.engine.tokenizer
        try tokenizer.require(tokens)
        return tokens.map(tokenizer.bytes(of:))
    }

    @concurrent
    package func text(of tokens: [Int], model: String) async throws -> String {
        let lease = try await registry.acquire(model)
        defer { lease.end() }
        let tokenizer = lease.engine.tokenizer
        try tokenizer.require(tokens)
        return tokenizer.decode(tokens, skipSpecial: false)
    }
}

extension LoadedEngine {
    fileprivate var tokenizer: Tokenizer {
        switch self {
        case .generator(let model): model.tokenizer
        case .encoder(let encoder): encoder.tokenizer
        }
    }
}

extension Tokenizer {
    /// Refuses token ids outside the vocabulary.
    fileprivate func require(_ tokens: [Int]) throws(CompletionError) {
        guard let wrong = tokens.first(where: { $0 < 0 || $0 >= count }) else { return }
        throw CompletionError(
            code: .invalidRequest,
            message: "token id \(wrong) is outside the vocabulary (0 to \(count - 1))",
            field: "tokens")
    }
}
