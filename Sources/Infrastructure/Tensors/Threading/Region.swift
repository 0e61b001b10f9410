import CKernels
import Synchronization

/// What the members of a team share: one region of work at a time, and a place to wait for the next.
///
/// `phase` is odd while a region is open. A member announces itself in `present` before it looks at the
/// phase; the caller closes the phase before it waits for `present` to be zero. So whoever finds the region
/// open may use its body until leaving, and whoever comes late finds it closed and touches nothing.
@safe final class Region: @unchecked Sendable {
    typealias Body = (_ chunk: Int, _ worker: Int) -> Void

    // A cache line each: members write them at the same time.
    private let phase = Padded(0)
    private let next = Padded(0)
    private let present = Padded(0)
    private let sleepers = Padded(0)
    private let isEnding = Atomic(false)
    private let bed = Bed()
    private let spinLimit: Int
    // Written while the phase is even, read while it is odd.
    private var chunks = 0
    private var body: Body?

    /// - `spins`: whether waiting members spin before they sleep.
    init(spins: Bool) {
        // About fifty microseconds by estimate: a pause takes 10 to 40 nanoseconds.
        spinLimit = spins ? 2000 : 0
    }

    /// Runs a region from its caller's side.
    func run(chunks: Int, _ body: @escaping Body) {
        self.chunks = chunks
        self.body = body
        next.value.store(0, ordering: .relaxed)
        phase.value.wrappingAdd(1, ordering: .sequentiallyConsistent)
        if sleepers.value.load(ordering: .sequentiallyConsistent) > 0 {
            bed.wakeAll()
        }
        work(body, chunks: chunks, as: 0)
        phase.value.wrappingAdd(1, ordering: .sequentiallyConsistent)
        var waited = 0
        while present.value.load(ordering: .sequentiallyConsistent) > 0 {
            waited += 1
            if waited < spinLimit {
                berth_pause()
            } else {
                System.yield()
            }
        }
        self.body = nil
    }

    /// A member's life: takes part in every region that it is awake for.
    func serve(as worker: Int) {
        var seen = 0
        while let open = waitForRegion(after: seen) {
            present.value.wrappingAdd(1, ordering: .sequentiallyConsistent)
            if phase.value.load(ordering: .sequentiallyConsistent) == open, let body {
                work(body, chunks: chunks, as: worker)
            }
            present.value.wrappingSubtract(1, ordering: .sequentiallyConsistent)
            seen = open
        }
    }

    /// Lets all members' `serve` return.
    func end() {
        isEnding.store(true, ordering: .sequentiallyConsistent)
        bed.wakeAll()
    }

    private func work(_ body: Body, chunks: Int, as worker: Int) {
        while true {
            let chunk = next.value.wrappingAdd(1, ordering: .relaxed).oldValue
            guard chunk < chunks else { return }
            body(chunk, worker)
        }
    }

    /// The phase of an open region later than `seen`, or `nil` when the team ends.
    private func waitForRegion(after seen: Int) -> Int? {
        func openPhase() -> Int? {
            let phase = phase.value.load(ordering: .sequentiallyConsistent)
            return phase % 2 == 1 && phase != seen ? phase : nil
        }
        while true {
            for _ in 0...spinLimit {
                if let open = openPhase() {
                    return open
                }
                if isEnding.load(ordering: .relaxed) {
                    return nil
                }
                berth_pause()
            }
            sleepers.value.wrappingAdd(1, ordering: .sequentiallyConsistent)
            bed.sleep {
                openPhase() == nil && !isEnding.load(ordering: .sequentiallyConsistent)
            }
            sleepers.value.wrappingSubtract(1, ordering: .sequentiallyConsistent)
        }
    }
}

/// An atomic number alone on its cache lines (two, because processors fetch them in pairs).
private final class Padded: Sendable {
    private let before = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    let value: Atomic<Int>
    private let after = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)

    init(_ value: Int) {
        self.value = Atomic(value)
    }
}
