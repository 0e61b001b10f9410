import ArgumentParser
import Checkpoints
import Foundation
import ModelHub

extension Models {
    struct Cache: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show or clear the packed weights that make later starts fast.",
            discussion: """
                A model of \(ByteCount.text(WeightCache.leastBytes)) or more is repacked for this program's kernels at \
                its first start, and the result is kept here, about as large as the model; later starts map it. It can \
                be removed at any time, and is made again by the next start. --weight-cache or BERTH_WEIGHT_CACHE \
                chooses another folder, or none with "off".
                """)

        @Flag(help: "Remove everything, except what another process is writing.")
        var clear = false

        @OptionGroup var weightCache: WeightCacheOptions

        func run() throws {
            guard let cache = weightCache.cache else {
                throw CommandError("the cache of packed weights is switched off")
            }
            let entries = cache.entries()
            if clear {
                let freed = try cache.remove(entries)
                return try StandardOutput.line("\(ByteCount.text(freed)) freed")
            }
            if !entries.isEmpty {
                try Models.write(
                    table: [["SIZE", "STATE", "FORM", "MODEL"]]
                        + entries.map { entry in
                            [
                                ByteCount.text(entry.byteCount),
                                entry.source == nil
                                    ? "unfinished" : entry.isUsable ? "ready" : "outdated",
                                entry.source?.form.rawValue ?? "-",
                                entry.source?.files[0].path ?? entry.path,
                            ]
                        })
            }
            let size = ByteCount.text(entries.reduce(0) { $0 + $1.byteCount })
            try StandardOutput.line("\(size) in \(cache.folder)")
        }
    }
}
