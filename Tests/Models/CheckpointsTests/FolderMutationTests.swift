import Checkpoints
import Foundation
import OrderedCollections
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

@Suite("Mutated folders")
struct FolderMutationTests {
    /// A file to damage and the folder around it.
    struct Target: Sendable, CustomTestStringConvertible {
        let file: String
        let isSharded: Bool

        var testDescription: String {
            file
        }
    }

    static let targets = [
        Target(file: "model.safetensors", isSharded: false),
        Target(file: "model.safetensors.index.json", isSharded: true),
        Target(file: "config.json", isSharded: false),
        Target(file: "tokenizer.json", isSharded: false),
        Target(file: "tokenizer_config.json", isSharded: false),
    ]

    @Test(
        "A folder with a mutated file opens and converts or is a CheckpointError, in little memory",
        arguments: targets)
    func mutations(target: Target) throws {
        let sample = target.isSharded ? FolderSample.sharded() : FolderSample.whole()
        let original = try #require(sample.files[target.file])
        let peak = Self.peakMemory()
        var opened = 0
        let rounds = max(1, Mutator.iterations / Self.targets.count)
        try sample.write { folder in
            for iteration in 0..<rounds {
                var mutator = Mutator(seed: UInt64(iteration))
                let bytes = Self.mutate(original, target.file, &mutator)
                try Data(bytes).write(to: folder.appending(path: target.file))
                do throws(CheckpointError) {
                    try readAll(Checkpoint.open(path: folder.path))
                    opened += 1
                } catch {
                    #expect(!error.message.isEmpty && !error.field.isEmpty, "\(iteration)")
                    #expect(error.file.hasPrefix(folder.path), "\(iteration)")
                    #expect(error.byteOffset.map { $0 >= 0 } ?? true, "\(iteration)")
                }
            }
        }
        // Neither outcome may be rare, or the mutations would test little.
        let share = Double(opened) / Double(rounds)
        #expect((0.005...0.97).contains(share), "\(share)")
        // Files of kilobytes: what a number in one of them promises must not be allocated. Only `make soak` runs
        // these tests without others beside them.
        if Mutator.isSoaking {
            #expect(Self.peakMemory() - peak < 96 << 20)
        }
    }

    /// The header's length and names are where damage is found; data are damaged by nobody.
    private static func mutate(_ original: [UInt8], _ file: String, _ mutator: inout Mutator)
        -> [UInt8]
    {
        guard file == "model.safetensors" else { return mutator.mutateText(original) }
        let length = 8 + (0..<8).reversed().reduce(0) { $0 << 8 | Int(original[$1]) }
        switch mutator.below(4) {
        case 0: return mutator.mutate(original)
        case 1:
            // A header that is whole again after the damage, so that its length does not give it away.
            let header = mutator.mutateText(Array(original[8..<length]))
            return GGUFBytes.littleEndian(UInt64(header.count)) + header + original[length...]
        default:
            return mutator.mutateText(Array(original[..<length])) + original[length...]
        }
    }

    private func readAll(_ file: Checkpoint) throws(CheckpointError) {
        for key in file.metadata.keys { _ = try file.json(key) }
        for tensor in file.tensors {
            let sum = file.withBytes(of: tensor) { bytes in
                (0..<bytes.byteCount).reduce(0) { $0 + Int(bytes.unsafeByte($1)) }
            }
            #expect(sum >= 0)
            _ = try file.elementType(of: tensor)
        }
        _ = try GGUFConversion(file)
    }

    /// Most memory that the process has had at once, in bytes.
    private static func peakMemory() -> Int {
        var usage = rusage()
        #if os(Linux)
            guard unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else {
                return 0
            }
            return usage.ru_maxrss << 10
        #else
            guard unsafe getrusage(RUSAGE_SELF, &usage) == 0 else { return 0 }
            return usage.ru_maxrss
        #endif
    }
}
