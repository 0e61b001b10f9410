package import CompletionAPI
import FoundationEssentials
package import StructuredJSON

/// The body of `POST /v1/embeddings`.
package struct EmbeddingBody: Sendable, Equatable {
    /// How vectors are written.
    package enum Encoding: String, Sendable {
        case float
        /// The bytes of little-endian float32 numbers; what OpenAI's clients ask for by themselves.
        case base64
    }

    /// `nil` means the first model that embeds.
    package var model: String?
    package var inputs: [EmbeddingRequest.Input]
    package var encoding: Encoding
    package var dimensions: Int?
    package var prompt: String?
    /// Whether the request says that a text which is too long is cut.
    package var truncates: Bool?
    package var normalizes: Bool?

    /// Most inputs of a request, as OpenAI's.
    package static let mostInputs = 2048

    /// - Throws: an error that names the field, such as `input[3]`.
    package init(parsing body: [UInt8]) throws(JSONError) {
        var inputs: [EmbeddingRequest.Input] = []
        let root = try JSONField(body: body, except: "input") { reader throws(JSONError) in
            inputs = try Self.inputs(&reader)
        }
        self.inputs = inputs
        model = try root["model"].ifPresent?.string()
        if model == "" { model = nil }
        let encoding = try root["encoding_format"].ifPresent?.oneOf(["float", "base64"])
        self.encoding = encoding == "base64" ? .base64 : .float
        dimensions = try root["dimensions"].ifPresent?.int(in: 1...Int.max)
        prompt = try root["prompt_name"].ifPresent?.string()
        truncates = try root["truncate"].ifPresent?.bool()
        normalizes = try root["normalize"].ifPresent?.bool()
        // For the provider's own records; a server without accounts keeps none.
        _ = try root["user"].ifPresent?.string()
    }

    /// The request to the engine.
    package func request(model: String) -> EmbeddingRequest {
        EmbeddingRequest(
            model: model, inputs: inputs, dimensions: dimensions, prompt: prompt,
            truncates: truncates ?? false, normalizes: normalizes)
    }

    /// A string, an array of strings, token ids, or an array of arrays of token ids.
    private static func inputs(
        _ reader: inout JSONReader
    ) throws(JSONError) -> [EmbeddingRequest.Input] {
        guard reader.next == .array else {
            let field = try reader.field()
            guard case .string(let text) = try field.present() else {
                throw field.invalid(
                    "must be a string, or an array of strings or token ids", .wrongType)
            }
            return [try input(text, field)]
        }
        var inputs: [EmbeddingRequest.Input] = []
        var tokens: [Int] = []
        var left = JSONReader.mostTokenIDs
        try reader.array { reader, index throws(JSONError) in
            if reader.next == .number, index == tokens.count {
                guard tokens.count < left else { throw reader.tooManyTokenIDs }
                tokens.append(try reader.int(in: 0...Int.max))
                return
            }
            guard tokens.isEmpty else {
                // A text among token ids: the error says so.
                _ = try reader.int()
                return
            }
            guard index < mostInputs else {
                throw reader.invalid("is one input more than the \(mostInputs) of a request")
            }
            if reader.next == .array {
                let tokens = try reader.tokenIDs(most: left)
                left -= tokens.count
                inputs.append(.tokens(tokens))
            } else {
                let field = try reader.field()
                inputs.append(try input(field.string(), field))
            }
        }
        if !tokens.isEmpty { return [.tokens(tokens)] }
        guard !inputs.isEmpty else { throw reader.invalid("must not be empty") }
        return inputs
    }

    private static func input(
        _ text: String, _ field: JSONField
    ) throws(JSONError) -> EmbeddingRequest.Input {
        guard !text.isEmpty else { throw field.invalid("must not be empty") }
        return .text(text)
    }

    /// The answer to this request.
    package func answer(_ result: EmbeddingResult, model: String) -> JSONValue {
        let data = result.vectors.enumerated().map { index, vector -> JSONValue in
            [
                "object": "embedding", "index": .integer(index),
                "embedding": encoding == .base64 ? .string(Self.base64(vector)) : Self.list(vector),
            ]
        }
        return [
            "object": "list", "data": .array(data), "model": .string(model),
            "usage": [
                "prompt_tokens": .integer(result.promptTokens),
                "total_tokens": .integer(result.promptTokens),
            ],
        ]
    }

    static func list(_ vector: [Float]) -> JSONValue {
        .array(vector.map { .number(Double($0)) })
    }

    package static func base64(_ vector: [Float]) -> String {
        var bytes = Data(capacity: 4 * vector.count)
        for number in vector {
            let bits = number.bitPattern
            for shift in [0, 8, 16, 24] as [UInt32] {
                bytes.append(UInt8(truncatingIfNeeded: bits >> shift))
            }
        }
        return bytes.base64EncodedString()
    }
}

/// The body of `POST /v1/rerank`, in the shape that Jina's and Cohere's clients send.
package struct RerankBody: Sendable, Equatable {
    /// `nil` means the first model that reranks.
    package var model: String?
    package var query: String
    package var documents: [String]
    /// Most results; `nil` means all.
    package var limit: Int?
    package var returnsDocuments: Bool
    package var truncates: Bool

    /// - Throws: an error that names the field, such as `documents[3].text`.
    package init(parsing body: JSONValue) throws(JSONError) {
        let root = JSONField(body)
        model = try root["model"].ifPresent?.string()
        if model == "" { model = nil }
        query = try Self.text(root["query"])
        let items = try root["documents"].array()
        guard !items.isEmpty else {
            throw root["documents"].invalid("must hold at least one document")
        }
        guard items.count <= EmbeddingBody.mostInputs else {
            throw root["documents"].invalid(
                "must hold at most \(EmbeddingBody.mostInputs) documents, got \(items.count)")
        }
        documents = []
        for item in items {
            documents.append(
                try item.value?.object == nil ? item.string() : item["text"].string())
        }
        limit = try root["top_n"].ifPresent?.int(in: 1...Int.max)
        returnsDocuments = try root["return_documents"].ifPresent?.bool() ?? false
        truncates = try root["truncate"].ifPresent?.bool() ?? true
    }

    private static func text(_ field: JSONField) throws(JSONError) -> String {
        let text = try field.string()
        guard !text.isEmpty else { throw field.invalid("must not be empty") }
        return text
    }

    /// The request to the engine.
    package func request(model: String) -> RerankRequest {
        RerankRequest(model: model, query: query, documents: documents, truncates: truncates)
    }

    /// The answer to this request: the best document first; among equals, the earlier one.
    package func answer(_ result: RerankResult, model: String) -> JSONValue {
        let ranking = result.ranking
        let results = ranking.prefix(limit ?? ranking.count).map { index, score -> JSONValue in
            var item: JSONObject = ["index": .integer(index), "relevance_score": .number(score)]
            if returnsDocuments {
                item["document"] = ["text": .string(documents[index])]
            }
            return .object(item)
        }
        return [
            "object": "list", "model": .string(model), "results": .array(Array(results)),
            "usage": [
                "prompt_tokens": .integer(result.promptTokens),
                "total_tokens": .integer(result.promptTokens),
            ],
        ]
    }
}
