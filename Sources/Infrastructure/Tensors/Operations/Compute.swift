import CKernels

/// Operations on activations, run by a team of threads with the kernels of one instruction set.
///
/// Results are the same bits for any number of threads, any instruction set, and for a row whatever other
/// rows are computed with it. Operations allocate nothing. They run one at a time: a second caller waits.
@safe package final class Compute: @unchecked Sendable {
    package let instructionSet: InstructionSet
    package let team: ThreadTeam
    let kernels: UnsafePointer<berth_kernels>
    private let scratches: [Scratch]
    private let shared = Scratch()

    package var threads: Int {
        team.threads
    }

    /// - `threads`: the caller of an operation counts as one.
    package init(threads: Int, instructionSet: InstructionSet = .best) {
        team = ThreadTeam(threads: threads)
        self.instructionSet = instructionSet
        unsafe kernels = instructionSet.kernels
        scratches = (0..<team.threads).map { _ in Scratch() }
    }

    /// Memory that one worker may use while it runs a chunk.
    func scratch(of worker: Int, floats: Int) -> UnsafeMutablePointer<Float> {
        unsafe scratches[worker].floats(floats)
    }

    /// Memory that all workers share while an operation runs.
    func sharedScratch(floats: Int) -> UnsafeMutablePointer<Float> {
        unsafe shared.floats(floats)
    }

    /// Runs `body` over ranges of `count` items in parallel; few or cheap items stay on the calling thread.
    ///
    /// - `cost`: about how many nanoseconds an item takes.
    func inParallel(_ count: Int, cost: Int, _ body: (Range<Int>) -> Void) {
        // Taken for some microseconds a region, not measured: a chunk should be worth more than that.
        let atOnce = max(1, min(8000 / max(1, cost), (count + threads - 1) / threads))
        guard threads > 1, count * cost > 8000, count > atOnce else {
            if count > 0 {
                body(0..<count)
            }
            return
        }
        team.run(chunks: (count + atOnce - 1) / atOnce) { chunk in
            body(chunk * atOnce..<min((chunk + 1) * atOnce, count))
        }
    }
}

/// Memory of one worker, kept between operations and grown when an operation needs more.
@safe private final class Scratch: @unchecked Sendable {
    private var buffer = AlignedBuffer(byteCount: 1 << 16)

    func floats(_ count: Int) -> UnsafeMutablePointer<Float> {
        let byteCount = count * MemoryLayout<Float>.stride
        if buffer.byteCount < byteCount {
            buffer = AlignedBuffer(byteCount: byteCount)
        }
        return unsafe buffer.base.assumingMemoryBound(to: Float.self)
    }
}
