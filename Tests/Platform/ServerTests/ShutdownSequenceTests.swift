import Server
import Testing

@Suite("Stopping in order")
struct ShutdownSequenceTests {
    private var sequence = ShutdownSequence(grace: .seconds(30), linger: .seconds(2))

    @Test("the first request drains and gives the answers their grace")
    mutating func drains() {
        #expect(sequence.handle(.stopRequested) == [.drain, .startTimer(.seconds(30))])
    }

    @Test(
        "when the grace is over, or at the second request, answers end; what hangs is cut",
        arguments: [
            ShutdownSequence.Event.stopRequested, .timeElapsed,
        ], [ShutdownSequence.Event.stopRequested, .timeElapsed])
    mutating func ends(second: ShutdownSequence.Event, third: ShutdownSequence.Event) {
        _ = sequence.handle(.stopRequested)
        #expect(sequence.handle(second) == [.endAnswers, .startTimer(.seconds(2))])
        #expect(sequence.handle(third) == [.cutConnections])
        #expect(sequence.handle(.stopRequested).isEmpty)
        #expect(sequence.handle(.timeElapsed).isEmpty)
    }

    @Test("time alone stops nothing")
    mutating func timeAlone() {
        #expect(sequence.handle(.timeElapsed).isEmpty)
    }
}
