import Server
import Testing

@Suite("How fast requests must arrive")
struct RequestPaceTests {
    private let start = ContinuousClock.now

    private func after(_ seconds: Double) -> ContinuousClock.Instant {
        start + .seconds(seconds)
    }

    @Test("An idle connection has no deadline, a request has one until it is complete")
    func lifecycle() {
        var pace = RequestPace(patience: .seconds(10))
        #expect(pace.deadline == nil)
        pace.received(1, now: start)
        #expect(pace.deadline == after(10))
        pace.complete()
        #expect(pace.deadline == nil)
        pace.answered(now: after(2))
        #expect(pace.deadline == nil)
        pace.received(1, now: after(3))
        #expect(pace.deadline == after(13))
    }

    @Test("Bytes of the next request wait for their turn, and then it must arrive as any other")
    func pipelined() {
        var pace = RequestPace(patience: .seconds(10))
        pace.received(1, now: start)
        pace.complete()
        pace.received(100, now: after(1))
        #expect(pace.deadline == nil)
        pace.answered(now: after(60))
        #expect(pace.deadline == after(70))
        // Requests that have arrived whole have no deadline, whichever is answered.
        pace.complete()
        pace.received(100, now: after(61))
        pace.complete()
        pace.answered(now: after(200))
        #expect(pace.deadline == nil)
        pace.answered(now: after(300))
        #expect(pace.deadline == nil)
        pace.received(1, now: after(301))
        #expect(pace.deadline == after(311))
    }

    @Test("A client that sends a byte a second is late, whatever it goes on to send")
    func drip() throws {
        var pace = RequestPace(patience: .seconds(10))
        var second = 0.0
        while true {
            pace.received(1, now: after(second))
            if try #require(pace.deadline) <= after(second) { break }
            second += 1
            try #require(second < 20)
        }
        #expect((10...11).contains(second))
    }

    @Test("A slow but steady body arrives, however long it is")
    func steady() throws {
        var pace = RequestPace(patience: .seconds(10), bytesPerSecond: 1000)
        for second in 0..<1000 {
            pace.received(1000, now: after(Double(second)))
            #expect(try #require(pace.deadline) > after(Double(second) + 1))
        }
        // And what came fast before is no credit.
        #expect(try #require(pace.deadline) <= after(999 + 10))
    }

    @Test("A body whose answer has come already gets a little time, and more bytes buy none")
    func lingering() {
        var pace = RequestPace(patience: .seconds(60))
        pace.received(1, now: start)
        pace.answered(now: after(1))
        #expect(pace.deadline == after(6))
        pace.received(1 << 30, now: after(2))
        #expect(pace.deadline == after(6))
        pace.complete()
        #expect(pace.deadline == nil)
        pace.received(1, now: after(3))
        #expect(pace.deadline == after(63))
    }
}
