import ArgumentParser
import Foundation

/// Which models of a server are in memory, and how long.
struct ResidencyOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            Memory that all models together may take, KV caches included; idle ones make room for others (default: no limit).
            """, valueName: "GIB"))
    var memoryBudget: Double?

    @Option(
        help: ArgumentHelp(
            "Unload a model that nobody has used for so long; the next request loads it again (default: never).",
            valueName: "MINUTES"))
    var idleMinutes: Double?

    @Option(
        help: ArgumentHelp(
            "A model that stays in memory whatever the others need; repeat it for several.",
            valueName: "MODEL"))
    var pin: [String] = []

    @Flag(
        help:
            "Load a model when the first request for it comes, not at the start; pinned ones at the start."
    )
    var loadOnDemand = false

    @Option(
        help: ArgumentHelp(
            """
            A folder from which administrators may load further models and adapters while the server runs; repeat it for several \
            (default: the store of models).
            """, valueName: "FOLDER"))
    var modelFolder: [String] = []

    func validate() throws {
        if let memoryBudget, !(memoryBudget > 0 && memoryBudget <= 1_048_576) {
            throw ValidationError(
                "--memory-budget must be more than 0 and at most 1048576 GiB, got \(memoryBudget).")
        }
        if let idleMinutes, !(idleMinutes > 0 && idleMinutes <= 1_048_576) {
            throw ValidationError(
                "--idle-minutes must be more than 0 and at most 1048576, got \(idleMinutes).")
        }
    }

    /// Bytes.
    var budget: Int? {
        memoryBudget.map { Int($0 * Double(1 << 30)) }
    }

    var idleLimit: Duration? {
        idleMinutes.map(Self.idleLimit(minutes:))
    }

    static func idleLimit(minutes: Double) -> Duration {
        .seconds(minutes * 60)
    }
}
