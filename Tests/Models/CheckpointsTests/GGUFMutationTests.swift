import Checkpoints
import Foundation
import OrderedCollections
import Testing

@Suite("Mutated GGUF files")
struct GGUFMutationTests {
    @Test("A mutated file opens or is a CheckpointError, and what opens can be read in full")
    func mutations() throws {
        let originals = [GGUFBytes.sample(version: 2).bytes, GGUFBytes.sample(version: 3).bytes]
        // Stays behind when a mutation ends the process, for whoever looks into it.
        let path =
            NSTemporaryDirectory()
            + "berth-mutation-\(ProcessInfo.processInfo.processIdentifier).gguf"
        var opened = 0
        for iteration in 0..<Mutator.iterations {
            var mutator = Mutator(seed: UInt64(iteration))
            let bytes = mutator.mutate(originals[iteration % originals.count])
            try Data(bytes).write(to: URL(filePath: path))
            do throws(CheckpointError) {
                try readAll(Checkpoint.open(path: path), size: bytes.count, iteration)
                opened += 1
            } catch {
                #expect(!error.message.isEmpty)
                #expect(
                    error.byteOffset.map { (0...bytes.count).contains($0) } ?? true, "\(iteration)")
            }
        }
        try FileManager.default.removeItem(atPath: path)
        // Neither outcome may be rare, or the mutations would test little.
        let share = Double(opened) / Double(Mutator.iterations)
        #expect((0.05...0.95).contains(share))
    }

    private func readAll(_ file: Checkpoint, size: Int, _ iteration: Int) throws(CheckpointError) {
        for key in file.metadata.keys { _ = try file.json(key) }
        var sum = 0
        for tensor in file.tensors {
            #expect(tensor.byteOffset + tensor.byteCount <= size, "mutation \(iteration)")
            sum += file.withBytes(of: tensor) { bytes in
                (0..<bytes.byteCount).reduce(0) { $0 + Int(bytes.unsafeByte($1)) }
            }
            #expect(file.tensor(named: tensor.name) == tensor)
        }
        #expect(sum >= 0)
    }
}
