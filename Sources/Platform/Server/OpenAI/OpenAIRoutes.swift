import CompletionAPI
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import StructuredJSON

/// `/v1/models`, `/v1/chat/completions` and `/v1/completions`.
struct OpenAIRoutes: Sendable {
    let backend: any CompletionBackend
    let answers: ActiveAnswers
    let configuration: ServerConfiguration

    func add(to router: Router<ServerContext>) {
        router.endpoint("v1/models", [.get: { _, _ in await models() }])
        // A model's name may hold slashes.
        router.endpoint("v1/models/**", [.get: { request, _ in try await model(request) }])
        router.endpoint("v1/chat/completions", [.post: chat])
        router.endpoint("v1/completions", [.post: complete])
    }

    // MARK: Models

    private func models() async -> Response {
        Response(
            json: ["object": "list", "data": .array(await backend.models().map(\.openAI))])
    }

    private func model(_ request: Request) async throws -> Response {
        let name = PercentEncoding.decoded(request.uri.path.dropFirst("/v1/models/".count))
        guard let model = await backend.models().first(where: { $0.name == name }) else {
            throw CompletionError(
                code: .modelNotFound, message: "no model is named \"\(name)\"", field: "model")
        }
        return Response(json: model.openAI)
    }

    // MARK: Completions

    @Sendable
    private func chat(_ request: Request, _ context: ServerContext) async throws -> Response {
        let chat = try ChatCompletionRequest(
            parsing: try await request.json(limit: configuration.bodyLimit))
        let model = try await backend.modelName(chat.generation.model, for: .generation)
        return try await respond(
            to: chat.completion(model: model), as: ChatReply(head: head("chatcmpl", model)),
            chat.generation, context)
    }

    @Sendable
    private func complete(_ request: Request, _ context: ServerContext) async throws -> Response {
        let text = try TextCompletionRequest(
            parsing: try await request.jsonBytes(limit: configuration.bodyLimit))
        let model = try await backend.modelName(text.generation.model, for: .generation)
        return try await respond(
            to: text.completion(model: model),
            as: TextReply(head: head("cmpl", model), echo: text.echo), text.generation, context)
    }

    private func head(_ prefix: String, _ model: String) -> ReplyHead {
        ReplyHead(
            id: ReplyHead.randomID(prefix: prefix),
            created: Int(Date.now.timeIntervalSince1970), model: model,
            fingerprint: configuration.fingerprint)
    }

    private func respond(
        to completion: CompletionRequest, as reply: any CompletionReply,
        _ generation: GenerationFields, _ context: ServerContext
    ) async throws -> Response {
        // Refusals come as an error here, so a stream's status line can still say so.
        let stream = try await answers.start(completion, on: backend, context)
        guard generation.streams else {
            return Response(json: try await wholeAnswer(stream, reply, context.record))
        }
        let events = EventStream(reply: reply, includesUsage: generation.includesUsage)
        return eventStreamResponse(stream, events, context)
    }

    private func wholeAnswer(
        _ stream: CompletionStream, _ reply: any CompletionReply, _ record: RequestRecord?
    ) async throws -> JSONValue {
        var text = ""
        do {
            for try await event in stream {
                record?.note(event)
                switch event {
                case .started, .prompt, .reasoning, .toolCall, .toolArguments: break
                case .text(let piece, _): text += piece
                case .finished(let reason, let usage): return reply.answer(text, reason, usage)
                }
            }
            throw CompletionError.endedEarly
        } catch {
            record?.noteFailure(error)
            throw error
        }
    }

    private func eventStreamResponse(
        _ stream: CompletionStream, _ events: EventStream, _ context: ServerContext
    ) -> Response {
        Response(
            status: .ok,
            headers: [
                .contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-cache",
                .accelBuffering: "no",
            ],
            body: ResponseBody { writer in
                do {
                    var isFinished = false
                    for try await event in stream {
                        context.record?.note(event)
                        try await writer.send(events.frames(for: event))
                        if case .finished = event { isFinished = true }
                    }
                    guard isFinished else { throw CompletionError.endedEarly }
                } catch {
                    context.record?.noteFailure(error)
                    guard !(error is ClientLeft) else { throw error }
                    let answer = APIError(error)
                    if answer.status == .internalServerError {
                        context.logger.error("stream failed", metadata: ["error": "\(error)"])
                    }
                    try await writer.send(events.frames(for: answer))
                }
                try await writer.finish(nil)
            })
    }
}

extension CompletionError {
    /// The reader was cancelled, or the backend broke its promise.
    static var endedEarly: any Error {
        Task.isCancelled
            ? CompletionError.shuttingDown
            : CompletionError(code: .engineFailure, message: "the answer ended without its end")
    }
}

extension ResponseBodyWriter {
    /// Writing fails only where nobody is there to read.
    @concurrent
    fileprivate mutating func send(_ text: String) async throws {
        do {
            try await write(ByteBuffer(string: text))
        } catch {
            throw ClientLeft()
        }
    }
}

extension ModelDescription {
    fileprivate var openAI: JSONValue {
        [
            "id": .string(name), "object": "model", "created": .integer(loadedAt),
            "owned_by": "berth", "context_length": .integer(contextLength),
            "summary": .string(summary), "can_chat": .bool(canChat), "task": .string(task.rawValue),
        ]
    }
}
