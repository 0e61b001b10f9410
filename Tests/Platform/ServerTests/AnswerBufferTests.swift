import CompletionAPI
import Server
import Synchronization
import Testing

@Suite("A slow client holds its answer back")
struct AnswerBufferTests {
    private struct Failure: Error {}

    @Test("The sender waits while the buffer is full, and nothing is lost")
    func backPressure() async throws {
        let buffer = AnswerBuffer()
        let sent = Atomic(0)
        let sender = Task {
            for index in 0..<200 {
                guard await buffer.send(.text("\(index)")) else { return }
                sent.add(1, ordering: .relaxed)
            }
            buffer.finish(.success(()))
        }
        try await Task.sleep(for: .milliseconds(100))
        #expect(sent.load(ordering: .relaxed) == AnswerBuffer.capacity)
        var texts: [String] = []
        while case .text(let text, _) = try await buffer.next() { texts.append(text) }
        #expect(texts == (0..<200).map { "\($0)" })
        await sender.value
    }

    @Test(
        "An end from outside frees a sender that waits; what was sent is read, then the error, once"
    )
    func ending() async throws {
        let buffer = AnswerBuffer()
        let sender = Task {
            var count = 0
            while await buffer.send(.text("x")) { count += 1 }
            return count
        }
        try await Task.sleep(for: .milliseconds(50))
        buffer.finish(.failure(Failure()))
        #expect(await sender.value == AnswerBuffer.capacity)
        for _ in 0..<AnswerBuffer.capacity { #expect(try await buffer.next() == .text("x")) }
        await #expect(throws: Failure.self) { _ = try await buffer.next() }
        #expect(try await buffer.next() == nil)
    }

    @Test("A reader that waits gets the event, the error or nothing when its task is cancelled")
    func waitingReader() async throws {
        let buffer = AnswerBuffer()
        let first = Task { try await buffer.next() }
        try await Task.sleep(for: .milliseconds(20))
        #expect(await buffer.send(.text("a")))
        #expect(try await first.value == .text("a"))

        let second = Task { try await buffer.next() }
        try await Task.sleep(for: .milliseconds(20))
        second.cancel()
        #expect(try await second.value == nil)
        #expect(await buffer.send(.text("b")) == false)
    }

    @Test("A sender whose task is cancelled does not wait")
    func cancelledSender() async throws {
        let buffer = AnswerBuffer()
        let sender = Task {
            for _ in 0..<AnswerBuffer.capacity + 1 { _ = await buffer.send(.text("x")) }
        }
        try await Task.sleep(for: .milliseconds(20))
        sender.cancel()
        await sender.value
    }
}
