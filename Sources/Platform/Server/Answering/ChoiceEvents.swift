import CompletionAPI

/// The events of several completions as they come, each with the number of its completion.
///
/// Fails as soon as one of them fails. Dropping it, or cancelling its reader, ends all of them. None of them gets far
/// ahead of the reader: see ``AnswerBuffer``.
struct ChoiceEvents: AsyncSequence {
    typealias Element = (choice: Int, event: CompletionEvent)
    typealias Merged = AsyncThrowingStream<Element, any Error>

    private enum Source {
        /// The usual case, without a task in between.
        case one(CompletionStream)
        case many(Merged, grants: [AsyncStream<Void>.Continuation])
    }

    private let source: Source

    init(_ streams: [CompletionStream]) {
        guard streams.count != 1 else {
            source = .one(streams[0])
            return
        }
        let grants = streams.map { _ in AsyncStream<Void>.makeStream() }
        for grant in grants {
            for _ in 0..<AnswerBuffer.capacity { grant.continuation.yield() }
        }
        source = .many(
            Self.merge(Array(zip(streams, grants.map(\.stream)))),
            grants: grants.map(\.continuation))
    }

    /// Every event of a stream takes one of its grants, which the reader renews.
    private static func merge(_ streams: [(CompletionStream, AsyncStream<Void>)]) -> Merged {
        let (merged, continuation) = Merged.makeStream()
        let task = Task {
            do {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for (choice, (stream, grants)) in streams.enumerated() {
                        group.addTask {
                            var grants = grants.makeAsyncIterator()
                            for try await event in stream {
                                guard await grants.next() != nil else { return }
                                continuation.yield((choice, event))
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                continuation.finish()
            } catch {
                continuation.finish(throwing: error)
            }
        }
        continuation.onTermination = { _ in task.cancel() }
        return merged
    }

    func makeAsyncIterator() -> Iterator {
        switch source {
        case .one(let stream): .one(stream.makeAsyncIterator())
        case .many(let stream, let grants): .many(stream.makeAsyncIterator(), grants: grants)
        }
    }

    enum Iterator: AsyncIteratorProtocol {
        case one(CompletionStream.Iterator)
        case many(Merged.Iterator, grants: [AsyncStream<Void>.Continuation])

        mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(any Error) -> Element? {
            switch self {
            case .one(var iterator):
                let event = try await iterator.next(isolation: actor)
                self = .one(iterator)
                return event.map { (0, $0) }
            case .many(var iterator, let grants):
                let element = try await iterator.next(isolation: actor)
                self = .many(iterator, grants: grants)
                if let element { grants[element.choice].yield() }
                return element
            }
        }

        mutating func next() async throws -> Element? {
            try await next(isolation: nil)
        }
    }
}
