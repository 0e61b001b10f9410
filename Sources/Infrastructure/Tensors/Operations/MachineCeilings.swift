import CKernels

/// What the machine can do at most, measured with loops that do nothing else.
package struct MachineCeilings: Sendable {
    /// Bytes read from memory a second.
    package let bytesPerSecond: Double
    /// Float32 multiplications and additions a second.
    package let floatOperationsPerSecond: Double
    /// 8-bit multiplications and additions a second; 0 where the processor has no instruction for them.
    package let int8OperationsPerSecond: Double

    /// Takes about three seconds and 512 MiB; calls `progress` with the part done.
    package init(threads: Int, progress: (Double) -> Void = { _ in }) {
        let team = ThreadTeam(threads: threads)
        let steps = 10_000_000
        let operations = Double(steps * threads)
        bytesPerSecond = Self.readRate(team)
        progress(0.4)
        floatOperationsPerSecond =
            operations * Double(berth_probe_float_operations())
            / Self.bestSeconds(team) { _ in _ = berth_probe_float(steps) }
        progress(0.7)
        let int8Operations = Double(berth_probe_int8_operations())
        int8OperationsPerSecond =
            int8Operations == 0
            ? 0
            : operations * int8Operations
                / Self.bestSeconds(team) { _ in _ = berth_probe_int8(steps) }
    }

    private static func readRate(_ team: ThreadTeam) -> Double {
        let bytes = 512 << 20
        let part = bytes / team.threads / 512 * 512
        let memory = UnsafeMutableRawBufferPointer.allocate(
            byteCount: part * team.threads + 4096, alignment: 4096)
        defer { unsafe memory.deallocate() }
        // Written once, so that every page is there before the clock starts.
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 1)
        nonisolated(unsafe) let base = UnsafeRawPointer(memory.baseAddress)
        let seconds = bestSeconds(team) { chunk in
            guard let base = unsafe base else { return }
            _ = unsafe berth_probe_read(base + chunk * part, part)
        }
        return Double(part * team.threads) / seconds
    }

    private static func bestSeconds(_ team: ThreadTeam, _ work: @Sendable (Int) -> Void) -> Double {
        let clock = ContinuousClock()
        return (0..<5).reduce(Double.infinity) { best, _ in
            let time = clock.measure { team.run(chunks: team.threads, work) }
            return min(best, time / .seconds(1))
        }
    }
}
