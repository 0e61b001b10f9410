import Inference
import Testing

@Suite("The queue of texts")
struct EmbeddingQueueTests {
    private func order(_ items: [EmbeddingQueue.Item]) -> [[Int]] {
        items.map { [$0.request, $0.index] }
    }

    @Test("Requests get one text each in turn, until a step is full")
    func turns() {
        var queue = EmbeddingQueue()
        queue.submit(1, lengths: [10, 10, 10, 10])
        queue.submit(2, lengths: [5])
        queue.submit(3, lengths: [8, 8])
        #expect(queue.waitingTokens == 61)
        #expect(order(queue.plan(rows: 40, texts: 99)) == [[1, 0], [2, 0], [3, 0], [1, 1]])
        #expect(order(queue.plan(rows: 40, texts: 99)) == [[3, 1], [1, 2], [1, 3]])
        #expect(queue.plan(rows: 40, texts: 99).isEmpty)
        #expect(queue.waitingTokens == 0 && queue.count == 0)
    }

    @Test("A small request passes one of thousands of texts in the next step")
    func noStarvation() {
        var queue = EmbeddingQueue()
        queue.submit(1, lengths: Array(repeating: 100, count: 5000))
        #expect(queue.plan(rows: 1000, texts: 99).count == 10)
        queue.submit(2, lengths: [20])
        #expect(order(queue.plan(rows: 1000, texts: 99)).contains([2, 0]))
    }

    @Test("A step has its most texts, and at least one even where that is too long")
    func limits() {
        var queue = EmbeddingQueue()
        queue.submit(1, lengths: [1, 1, 1])
        #expect(queue.plan(rows: 100, texts: 2).count == 2)
        #expect(queue.plan(rows: 0, texts: 2).count == 1)
    }

    @Test("A cancelled request leaves nothing behind")
    func cancellation() {
        var queue = EmbeddingQueue()
        queue.submit(1, lengths: [10, 20, 30])
        queue.submit(2, lengths: [7])
        _ = queue.plan(rows: 10, texts: 9)
        queue.cancel(1)
        queue.cancel(5)
        #expect(queue.waitingTokens == 7)
        #expect(order(queue.plan(rows: 100, texts: 9)) == [[2, 0]])
    }
}
