/// Whatever turns texts into vectors and ranks documents: the local engine, a remote one, a test double.
package protocol EmbeddingBackend: Sendable {
    /// Turns every input into a vector.
    ///
    /// Cancelling the task ends the work with `CancellationError`.
    ///
    /// - Throws: ``CompletionError`` in words for whoever sent the request.
    func embed(_ request: EmbeddingRequest) async throws -> EmbeddingResult

    /// Scores how well each document answers a query, with a cross-encoder.
    ///
    /// Cancellation and errors as in ``embed(_:)``.
    func rerank(_ request: RerankRequest) async throws -> RerankResult
}

/// All that the server asks of what is behind it.
package typealias ModelBackend = CompletionBackend & EmbeddingBackend & TokenizingBackend
    & ModelAdministration

/// Texts that should become vectors.
package struct EmbeddingRequest: Sendable, Equatable {
    /// One text.
    package enum Input: Sendable, Equatable {
        /// Tokenized by the model's own rules, special tokens included.
        case text(String)
        /// Token ids, taken as they stand.
        case tokens([Int])
    }

    /// Name of the model, as listed by ``CompletionBackend/models()``.
    package var model: String
    package var inputs: [Input]
    /// Keep the first so many numbers (Kusupati 2022, Matryoshka representations), before normalizing.
    package var dimensions: Int?
    /// One of the model's prompts, put before every text; `nil` takes the model's default, which most have not.
    package var prompt: String?
    /// Whether a text longer than the model reads is cut; otherwise it is refused.
    package var truncates: Bool
    /// Whether vectors get length 1; `nil` leaves it to the model, and most say yes.
    package var normalizes: Bool?

    package init(
        model: String, inputs: [Input], dimensions: Int? = nil, prompt: String? = nil,
        truncates: Bool = false, normalizes: Bool? = nil
    ) {
        self.model = model
        self.inputs = inputs
        self.dimensions = dimensions
        self.prompt = prompt
        self.truncates = truncates
        self.normalizes = normalizes
    }
}

package struct EmbeddingResult: Sendable, Equatable {
    /// One for each input, in order.
    package var vectors: [[Float]]
    /// Tokens of all inputs together.
    package var promptTokens: Int

    package init(vectors: [[Float]], promptTokens: Int) {
        self.vectors = vectors
        self.promptTokens = promptTokens
    }
}

/// Documents that should be ranked by a query.
package struct RerankRequest: Sendable, Equatable {
    /// Name of the model, as listed by ``CompletionBackend/models()``.
    package var model: String
    package var query: String
    package var documents: [String]
    /// Whether a pair longer than the model reads is cut at the document's end; otherwise it is refused.
    package var truncates: Bool

    package init(model: String, query: String, documents: [String], truncates: Bool = true) {
        self.model = model
        self.query = query
        self.documents = documents
        self.truncates = truncates
    }
}

package struct RerankResult: Sendable, Equatable {
    /// One for each document, in the documents' order; the higher the better.
    package var scores: [Double]
    /// Tokens of all pairs together.
    package var promptTokens: Int

    package init(scores: [Double], promptTokens: Int) {
        self.scores = scores
        self.promptTokens = promptTokens
    }

    /// Documents by index, the best first; among equals, the earlier one.
    package var ranking: [(index: Int, score: Double)] {
        scores.enumerated().map { (index: $0.offset, score: $0.element) }.sorted {
            ($1.score, $0.index) < ($0.score, $1.index)
        }
    }
}
