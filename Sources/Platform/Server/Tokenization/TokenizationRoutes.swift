import CompletionAPI
import Hummingbird
import StructuredJSON

/// `/tokenize` and `/detokenize`.
struct TokenizationRoutes: Sendable {
    let backend: any ModelBackend
    let configuration: ServerConfiguration

    func add(to router: Router<ServerContext>) {
        router.endpoint("tokenize", [.post: tokenize])
        router.endpoint("detokenize", [.post: detokenize])
    }

    @Sendable
    private func tokenize(_ request: Request, _ context: ServerContext) async throws -> Response {
        let body = try TokenizationBody(
            parsing: try await request.json(limit: configuration.bodyLimit))
        let model = try await model(body.model)
        let tokens = try await backend.tokens(
            of: TokenizationRequest(
                model: model.name, prompt: body.prompt, addsSpecial: body.addsSpecial,
                parsesSpecial: body.parsesSpecial, reasoning: body.reasoning))
        let pieces =
            body.wantsPieces ? try await backend.pieces(of: tokens, model: model.name) : nil
        return Response(
            json: body.answer(tokens, pieces: pieces, contextLength: model.contextLength))
    }

    @Sendable
    private func detokenize(_ request: Request, _ context: ServerContext) async throws -> Response {
        var tokens: [Int] = []
        let root = try JSONField(
            body: try await request.jsonBytes(limit: configuration.bodyLimit), except: "tokens"
        ) { reader throws(JSONError) in
            tokens = try reader.tokenIDs()
        }
        let model = try await model(try root["model"].ifPresent?.string())
        let text = JSONValue.string(try await backend.text(of: tokens, model: model.name))
        // The first is llama.cpp's name for it, the second vLLM's.
        return Response(json: ["content": text, "prompt": text])
    }

    /// The model of that name, of any task, or the first one.
    private func model(_ name: String?) async throws -> ModelDescription {
        let models = await backend.models()
        let model = name.map { name in models.first { $0.name == name } } ?? models.first
        guard let model else {
            throw CompletionError(
                code: .modelNotFound,
                message: name.map { "no model is named \"\($0)\"" } ?? "no model is loaded",
                field: "model")
        }
        return model
    }
}
