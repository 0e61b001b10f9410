import ArgumentParser
import Checkpoints
import Foundation

/// Where commands that load a model keep packed weights.
struct WeightCacheOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            Folder that keeps large models' repacked weights, so that the next start only maps them; off keeps none \
            (default: BERTH_WEIGHT_CACHE, or packed in BERTH_HOME, or berth/packed in ~/.cache).
            """, valueName: "DIR|off"))
    var weightCache: String?

    func validate() throws {
        if weightCache?.isEmpty == true {
            throw ValidationError("--weight-cache must be a folder or off.")
        }
    }

    /// `nil` when there shall be none.
    var cache: WeightCache? {
        let environment = ProcessInfo.processInfo.environment
        guard let folder = Self.folder(weightCache, environment) else { return nil }
        _ = Self.waitsAtExit
        return WeightCache(folder: folder) { StandardError.write("berth: \($0)\n") }
    }

    /// - `option`: what the command line says.
    static func folder(_ option: String?, _ environment: [String: String]) -> String? {
        func value(_ name: String) -> String? {
            environment[name].flatMap { $0.isEmpty ? nil : $0 }
        }
        let chosen = option ?? value("BERTH_WEIGHT_CACHE")
        guard chosen != "off" else { return nil }
        let cache = value("XDG_CACHE_HOME").flatMap { $0.hasPrefix("/") ? $0 : nil }
        let folder =
            chosen ?? value("BERTH_HOME").map { $0 + "/packed" }
            ?? (cache ?? (value("HOME") ?? NSHomeDirectory()) + "/.cache") + "/berth/packed"
        let path = URL(filePath: folder).standardizedFileURL.path(percentEncoded: false)
        return path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    /// A short answer is given before the disk has everything; without it the next start would pack again.
    private static let waitsAtExit: Void = {
        atexit {
            if WeightCache.isSaving, isatty(STDERR_FILENO) == 1 {
                StandardError.write("saving packed weights for the next start; Ctrl-C skips it\n")
            }
            WeightCache.waitForSaving()
        }
    }()
}
