import CompletionAPI
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import StructuredJSON

/// Starts the completions that routes ask for and sends what comes of them, in whatever style an API wants.
struct AnswerService: Sendable {
    let backend: any ModelBackend
    let answers: ActiveAnswers

    /// Answers a request, which asks the engine once for every choice.
    ///
    /// `onFinish` gets the complete answers before the end of them is sent.
    func respond<Style: AnswerStyle>(
        to requests: [CompletionRequest], as style: Style, streams: Bool,
        _ context: ServerContext,
        onFinish: (@Sendable ([CollectedAnswer]) async throws -> Void)? = nil
    ) async throws -> Response {
        let events = try await start(requests, context)
        guard streams else {
            let collected = try await collect(events, count: requests.count, context.record)
            try await onFinish?(collected)
            return Response(json: style.whole(collected))
        }
        return Response(
            status: .ok,
            headers: [
                .contentType: Style.streamType, .cacheControl: "no-cache", .accelBuffering: "no",
            ],
            body: ResponseBody { writer in
                var style = style
                do {
                    try await send(
                        events, count: requests.count, through: &style, to: &writer,
                        context.record, onFinish)
                } catch {
                    context.record?.noteFailure(error)
                    guard !(error is ClientLeft) else { throw error }
                    let answer = APIError(error)
                    if answer.status == .internalServerError {
                        context.logger.error("stream failed", metadata: ["error": "\(error)"])
                    }
                    try await writer.send(style.frames(for: answer))
                }
                try await writer.finish(nil)
            })
    }

    /// Starts the completions of one request.
    ///
    /// Refusals come as an error here, so a stream's status line can still say so.
    private func start(
        _ requests: [CompletionRequest], _ context: ServerContext
    ) async throws -> ChoiceEvents {
        var streams: [CompletionStream] = []
        for request in requests {
            streams.append(try await answers.start(request, on: backend, context))
        }
        return ChoiceEvents(streams)
    }

    private func collect(
        _ events: ChoiceEvents, count: Int, _ record: RequestRecord?
    ) async throws -> [CollectedAnswer] {
        var collected = [CollectedAnswer](repeating: CollectedAnswer(), count: count)
        do {
            for try await (choice, event) in events {
                record?.note(event)
                collected[choice].add(event)
            }
            guard collected.allSatisfy({ $0.reason != nil }) else {
                throw CompletionError.endedEarly
            }
            return collected
        } catch {
            record?.noteFailure(error)
            throw error
        }
    }

    @concurrent
    private func send(
        _ events: ChoiceEvents, count: Int, through style: inout some AnswerStyle,
        to writer: inout any ResponseBodyWriter, _ record: RequestRecord?,
        _ onFinish: (@Sendable ([CollectedAnswer]) async throws -> Void)?
    ) async throws {
        // Kept only where somebody wants it.
        var collected = [CollectedAnswer](
            repeating: CollectedAnswer(), count: onFinish == nil ? 0 : count)
        var unfinished = count
        for try await (choice, event) in events {
            record?.note(event)
            if !collected.isEmpty { collected[choice].add(event) }
            if case .finished = event { unfinished -= 1 }
            try await writer.send(style.frames(for: event, choice: choice))
        }
        guard unfinished == 0 else { throw CompletionError.endedEarly }
        try await onFinish?(collected)
        try await writer.send(style.closing())
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
        guard !text.isEmpty else { return }
        do {
            try await write(ByteBuffer(string: text))
        } catch {
            throw ClientLeft()
        }
    }
}
