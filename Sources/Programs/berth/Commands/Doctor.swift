import ArgumentParser
import Foundation
import Tensors

struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what this machine can do and how fast which models should run on it.",
        discussion: """
            The ceilings are measured now, so other work on the machine lowers them. Speeds of models are \
            ceilings too, computed from memory bandwidth (decode) and 8-bit products (prefill).
            """)

    @OptionGroup var threads: ThreadOptions

    func run() throws {
        let processors = ProcessInfo.processInfo.activeProcessorCount
        let threads = threads.count
        let memory = Double(ProcessInfo.processInfo.physicalMemory) / 1e9
        let sets = InstructionSet.supported.map(\.rawValue).joined(separator: ", ")
        try StandardOutput.line("processors   \(processors), \(Self.rounded(memory)) GB of memory")
        let chosen = self.threads.instructionSet.rawValue
        try StandardOutput.line("kernels      \(chosen) (can run: \(sets))")
        if InstructionSet.best == .scalar {
            try StandardOutput.line(
                "             Neither AVX2 nor NEON dot products here: models will run slowly.")
        }

        let bar = ProgressBar(label: "measuring")
        let ceilings = MachineCeilings(threads: threads, progress: { bar.update($0) })
        bar.finish()
        try StandardOutput.line(
            "ceilings     with \(threads) thread\(threads == 1 ? "" : "s"), measured now")
        try StandardOutput.line(
            "  memory     \(Self.rounded(ceilings.bytesPerSecond / 1e9)) GB/s read")
        try StandardOutput.line(
            "  float32    \(Self.rounded(ceilings.floatOperationsPerSecond / 1e9)) GFLOP/s")
        try StandardOutput.line(
            "  int8       \(Self.rounded(ceilings.int8OperationsPerSecond / 1e9)) GOP/s")

        try StandardOutput.line("models       most tokens a second, 4-bit weights (Q4_K_M)")
        try StandardOutput.line("  parameters  file      prefill   decode")
        for (name, billions) in [
            ("0.6B", 0.6), ("1.7B", 1.7), ("4B", 4.0), ("8B", 8.0), ("14B", 14.0),
        ] {
            let bytes = billions * 1e9 * 0.62
            let fits = bytes * 1.2 < Double(ProcessInfo.processInfo.physicalMemory)
            let prefill = ceilings.int8OperationsPerSecond / (2 * billions * 1e9)
            let decode = ceilings.bytesPerSecond / bytes
            let columns = [
                (name, 10), ("\(Self.rounded(bytes / 1e9)) GB", 10),
                (fits ? Self.rounded(prefill) : "does not fit in memory", 10),
                (fits ? Self.rounded(decode) : "", 0),
            ]
            let line = columns.map { text, width in
                text + String(repeating: " ", count: max(1, width - text.count))
            }
            try StandardOutput.line("  " + line.joined())
        }
    }

    /// Three digits are all that such a measurement is worth.
    private static func rounded(_ value: Double) -> String {
        value >= 100 ? String(Int(value.rounded())) : "\((value * 10).rounded() / 10)"
    }
}
