import Server
import Testing

@Suite("How fast answers must be taken")
struct AnswerPaceTests {
    private let start = ContinuousClock.now

    private func after(_ seconds: Double) -> ContinuousClock.Instant {
        start + .seconds(seconds)
    }

    @Test("Where nothing waits, nothing is late, however long that lasts")
    func idle() {
        var pace = AnswerPace(patience: .seconds(10))
        let looks = [
            pace.isStalled(sent: 100, waiting: 0, now: start),
            pace.isStalled(sent: 100, waiting: 0, now: after(1000)),
        ]
        #expect(looks == [false, false] && pace.interval == nil)
        // What waits from now on has all its time.
        let isStalled = pace.isStalled(sent: 100, waiting: 1, now: after(2000))
        #expect(!isStalled)
        #expect(pace.interval == .seconds(2.5))
    }

    @Test("A client that takes a byte now and then is slow, and goes on")
    func slow() {
        var pace = AnswerPace(patience: .seconds(10))
        for second in 0..<100 {
            let isStalled = pace.isStalled(
                sent: second, waiting: 1 << 20, now: after(Double(second) * 9))
            #expect(!isStalled)
        }
    }

    @Test("A client that takes nothing is late after the patience, whatever else is written")
    func stalled() {
        var pace = AnswerPace(patience: .seconds(10))
        for second in 0..<10 {
            let isStalled = pace.isStalled(sent: 7, waiting: 1 + second, now: after(Double(second)))
            #expect(!isStalled)
        }
        let isStalled = pace.isStalled(sent: 7, waiting: 1 << 20, now: after(10))
        #expect(isStalled)
    }
}
