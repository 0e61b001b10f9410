import Architectures
import ArgumentParser
import Checkpoints
import Foundation
import ModelHub
import Tensors

extension Models {
    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Compare files with the SHA-256 in the manifests, and packed weights with the files.",
            discussion: """
                Of all models of the store, or of those named; of a file or folder outside the store only the packed \
                weights can be compared, with their own checksums and with the file packed again. Damaged packed \
                weights are removed, and made again by the next start.
                """)

        @Argument(
            help: ArgumentHelp("Models of the store, files or folders.", valueName: "NAME|FILE"))
        var names: [String] = []

        @OptionGroup var threads: ThreadOptions
        @OptionGroup var weightCache: WeightCacheOptions

        func run() throws {
            let (all, damaged) = Models.store.list()
            for problem in damaged { StandardError.write("\(problem)\n") }
            var failures = names.isEmpty ? damaged.count : 0
            if names.isEmpty {
                for entry in all { failures += try verify(entry) }
            }
            for name in names {
                if FileManager.default.fileExists(atPath: name) {
                    let model = try Checkpoint.open(path: name)
                    if weightCache.cache?.entries(for: model).isEmpty ?? true {
                        try StandardOutput.line("\(name): no packed weights")
                    }
                    failures += try verifyPacked(name, model)
                } else {
                    failures += try verify(Models.store.find(name))
                }
            }
            guard failures == 0 else { throw ExitCode.failure }
        }

        /// Compares files with their manifest; how many problems there are.
        private func verify(_ entry: ModelStore.Entry) throws -> Int {
            let bar = ProgressBar(label: "reading \(entry.model.shortName)")
            let problems = try Models.store.verify(entry) { done in
                bar.update(Double(done) / Double(max(1, entry.model.size)))
            }
            bar.finish()
            for problem in problems { StandardError.write("\(problem)\n") }
            try StandardOutput.line(
                "\(entry.model.name): \(problems.isEmpty ? "ok" : "DAMAGED, pull it again")")
            // Against a damaged file nothing can be compared.
            guard problems.isEmpty else { return problems.count }
            let model: Checkpoint
            do {
                model = try Checkpoint.open(path: entry.path)
            } catch {
                // Sound, and no model that Berth reads: whoever runs it is told why.
                return 0
            }
            return try verifyPacked(entry.model.name, model)
        }

        /// Compares packed weights with their checksums and with the model; how many copies are damaged.
        private func verifyPacked(_ name: String, _ model: Checkpoint) throws -> Int {
            guard let cache = weightCache.cache else { return 0 }
            var failures = 0
            for entry in cache.entries(for: model) {
                let bar = ProgressBar(label: "packing \(name)")
                let problem = try problem(of: entry, with: model) { bar.update($0) }
                bar.finish()
                guard let problem else {
                    try StandardOutput.line("\(name): packed weights ok")
                    continue
                }
                failures += 1
                StandardError.write("\(entry.path): \(problem)\n")
                try cache.remove([entry])
                try StandardOutput.line(
                    "\(name): packed weights DAMAGED and removed, the next start makes them again")
            }
            return failures
        }

        private func problem(
            of entry: WeightCache.Entry, with model: Checkpoint, progress: (Double) -> Void
        ) throws -> String? {
            let file: PackedFile
            do {
                file = try PackedFile(path: entry.path)
            } catch {
                return "\(error)"
            }
            if let matrix = file.damagedMatrices().first {
                return "\(matrix) has another checksum than when it was written"
            }
            let comparison = PackedComparison(with: file)
            let compute = Compute(
                threads: threads.count, instructionSet: threads.instructionSet)
            let architecture = try model.string("general.architecture")
            if EncoderModel.architectures.contains(architecture) {
                let precision: WeightPrecision =
                    entry.source?.form == .rounded ? .rounded : .stored
                _ = try EncoderModel(
                    model, precision: precision, on: compute, place: comparison, progress: progress)
            } else {
                _ = try ModelFamilies.load(
                    model, on: compute, place: comparison, progress: progress)
            }
            return comparison.differences.first.map { "\($0) is not what the model packs to" }
        }
    }
}
