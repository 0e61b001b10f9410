import Architectures
package import CompletionAPI
import Foundation
import Inference
import Tokenizers

extension LocalBackend: EmbeddingBackend {
    @concurrent
    package func embed(_ request: EmbeddingRequest) async throws -> EmbeddingResult {
        let lease = try await acquire(request.model, for: .embedding)
        defer { lease.end() }
        let encoder = try lease.encoder
        let width = encoder.engine.width
        if let dimensions = request.dimensions, !(1...width).contains(dimensions) {
            throw CompletionError(
                code: .invalidRequest,
                message:
                    "dimensions must be 1 to \(width) for model \"\(request.model)\", got \(dimensions)",
                field: "dimensions")
        }
        let prompt = try encoder.prompt(named: request.prompt)
        var texts: [EncoderText] = []
        for (index, input) in request.inputs.enumerated() {
            try Task.checkCancellation()
            let field = request.inputs.count == 1 ? "input" : "input[\(index)]"
            texts.append(
                try encoder.text(input, prompt: prompt, truncates: request.truncates, field: field))
        }
        let encoded = try await encoder.encode(texts, field: "input")
        let normalizes = request.normalizes ?? encoder.normalizes
        return EmbeddingResult(
            vectors: encoded.map { vector in
                let kept = Array(vector.prefix(request.dimensions ?? width))
                return normalizes ? Self.normalized(kept) : kept
            },
            promptTokens: texts.reduce(0) { $0 + $1.tokens.count })
    }

    @concurrent
    package func rerank(_ request: RerankRequest) async throws -> RerankResult {
        let lease = try await acquire(request.model, for: .reranking)
        defer { lease.end() }
        let encoder = try lease.encoder
        // Once: a megabyte without a space is one unknown token, and there are thousands of documents.
        let query = encoder.tokenizer.encode(request.query, addSpecial: false, parseSpecial: true)
        var texts: [EncoderText] = []
        for (index, document) in request.documents.enumerated() {
            try Task.checkCancellation()
            texts.append(
                try encoder.pair(
                    query, document, truncates: request.truncates,
                    field: "documents[\(index)]"))
        }
        let scores = try await encoder.encode(texts, field: "documents")
        return RerankResult(
            scores: scores.map { encoder.relevance($0[0]) },
            promptTokens: texts.reduce(0) { $0 + $1.tokens.count })
    }

    /// The vector of length 1 in the same direction; zeros stay zeros.
    private static func normalized(_ vector: [Float]) -> [Float] {
        let square = vector.reduce(0.0) { $0 + Double($1) * Double($1) }
        guard square > 0 else { return vector }
        let inverse = 1 / square.squareRoot()
        return vector.map { Float(Double($0) * inverse) }
    }
}

extension ModelRegistry.Lease {
    fileprivate var encoder: LoadedEncoder {
        get throws(CompletionError) {
            guard case .encoder(let encoder) = engine else {
                throw .unknownModel(engine.description.name, known: [])
            }
            return encoder
        }
    }
}

extension LoadedEncoder {
    fileprivate func prompt(named name: String?) throws(CompletionError) -> String {
        guard let wanted = name ?? defaultPrompt else { return "" }
        if let prompt = prompts[wanted] { return prompt }
        // A default that names no prompt puts nothing before a text.
        guard name != nil else { return "" }
        let known = prompts.keys.sorted().map { "\"\($0)\"" }.joined(separator: ", ")
        throw CompletionError(
            code: .invalidRequest,
            message: """
                model "\(description.name)" has no prompt named "\(wanted)"; \
                \(prompts.isEmpty ? "it has none at all" : "it has \(known)")
                """, field: "prompt_name")
    }

    fileprivate func text(
        _ input: EmbeddingRequest.Input, prompt: String, truncates: Bool, field: String
    ) throws(CompletionError) -> EncoderText {
        switch input {
        case .text(let text):
            let tokens = tokenizer.encode(prompt + text, addSpecial: true, parseSpecial: true)
            guard tokens.count > engine.longestText else { return EncoderText(tokens: tokens) }
            guard truncates else { throw tooLong(tokens.count, field) }
            // What stands at the end of every text stays there.
            let ending = tokenizer.encode("", addSpecial: true, parseSpecial: false).suffix(1)
            let isSpecial = tokens.last == ending.last
            let kept = tokens.prefix(engine.longestText - (isSpecial ? 1 : 0))
            return EncoderText(tokens: kept + (isSpecial ? Array(ending) : []))
        case .tokens(let tokens):
            guard tokens.count > engine.longestText else { return EncoderText(tokens: tokens) }
            guard truncates else { throw tooLong(tokens.count, field) }
            return EncoderText(tokens: Array(tokens.prefix(engine.longestText)))
        }
    }

    /// Query and document as a cross-encoder was trained on them.
    ///
    /// - `query`: its tokens, without special ones around.
    fileprivate func pair(
        _ query: [Int], _ document: String, truncates: Bool, field: String
    ) throws(CompletionError) -> EncoderText {
        let document = tokenizer.encode(document, addSpecial: false, parseSpecial: true)
        let whole = tokenizer.pair(query, document)
        let excess = whole.ids.count - engine.longestText
        guard excess > 0 else { return EncoderText(whole) }
        guard excess < document.count else { throw tooLong(query.count, "query", canBeCut: false) }
        guard truncates else { throw tooLong(whole.ids.count, field) }
        return EncoderText(tokenizer.pair(query, Array(document.dropLast(excess))))
    }

    private func tooLong(
        _ tokens: Int, _ field: String, canBeCut: Bool = true
    ) -> CompletionError {
        CompletionError(
            code: .contextLengthExceeded,
            message: """
                \(field) has \(tokens) tokens and model "\(description.name)" reads \(engine.longestText); \
                shorten it\(canBeCut ? ", or have it cut" : "")
                """, field: field)
    }

    /// A cross-encoder's score as its configuration wants it: between 0 and 1, or as it is.
    fileprivate func relevance(_ score: Float) -> Double {
        squashesScores ? 1 / (1 + exp(-Double(score))) : Double(score)
    }

    fileprivate func encode(_ texts: [EncoderText], field: String) async throws -> [[Float]] {
        do {
            return try await engine.encode(texts).map(\.numbers)
        } catch let error as EmbeddingError {
            throw CompletionError(error, field: field, isOne: texts.count == 1)
        }
    }
}

extension EncoderText {
    fileprivate init(_ encoding: Encoding) {
        self.init(tokens: encoding.ids, secondStart: encoding.typeIDs.firstIndex(of: 1))
    }
}

extension CompletionError {
    fileprivate init(_ error: EmbeddingError, field: String, isOne: Bool) {
        func place(_ index: Int) -> String { isOne ? field : "\(field)[\(index)]" }
        switch error {
        case .emptyText(let index):
            self.init(
                code: .invalidRequest, message: "\(place(index)) has no tokens; send at least one",
                field: place(index))
        case .tooLong(let index, let tokens, let limit):
            self.init(
                code: .contextLengthExceeded,
                message: "\(place(index)) has \(tokens) tokens and the model reads \(limit)",
                field: place(index))
        case .invalidToken(let token, let index, let vocabulary):
            self.init(
                code: .invalidRequest,
                message: """
                    token id \(token) in \(place(index)) is outside the vocabulary (0 to \(vocabulary - 1))
                    """, field: place(index))
        case .brokenModel: self = .brokenModel
        case .overloaded(let waiting): self = .overloaded(waiting: waiting)
        case .shuttingDown: self = .shuttingDown
        }
    }
}
