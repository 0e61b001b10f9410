import Checkpoints
import Foundation
import OrderedCollections
import Testing

@Suite("Mutated GGUF files")
struct GGUFMutationTests {
    /// `make soak` asks for more.
    static let iterations =
        ProcessInfo.processInfo.environment["BERTH_FUZZ_ITERATIONS"].flatMap(Int.init) ?? 2_000

    @Test("A mutated file opens or is a CheckpointError, and what opens can be read in full")
    func mutations() throws {
        let originals = [GGUFBytes.sample(version: 2).bytes, GGUFBytes.sample(version: 3).bytes]
        // Stays behind when a mutation ends the process, for whoever looks into it.
        let path =
            NSTemporaryDirectory()
            + "berth-mutation-\(ProcessInfo.processInfo.processIdentifier).gguf"
        var opened = 0
        for iteration in 0..<Self.iterations {
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
        let share = Double(opened) / Double(Self.iterations)
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

/// Damages bytes: the same way for the same seed.
private struct Mutator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    }

    private mutating func below(_ bound: Int) -> Int {
        // Xorshift (Marsaglia 2003).
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int((state >> 11) % UInt64(max(1, bound)))
    }

    mutating func mutate(_ original: [UInt8]) -> [UInt8] {
        var bytes = original
        for _ in 0...below(3) where !bytes.isEmpty {
            mutateOnce(&bytes)
        }
        return bytes
    }

    private mutating func mutateOnce(_ bytes: inout [UInt8]) {
        let place = below(bytes.count)
        switch below(7) {
        case 0, 1: bytes[place] ^= 1 << UInt8(below(8))
        case 2: bytes[place] = UInt8(below(256))
        case 3: overwrite(&bytes, GGUFBytes.littleEndian(interesting()), at: place)
        case 4:
            overwrite(
                &bytes, GGUFBytes.littleEndian(UInt32(truncatingIfNeeded: interesting())), at: place
            )
        case 5:
            let length = min(below(64), bytes.count - place)
            let splice = Array(bytes[place..<place + length])
            let target = below(bytes.count)
            if below(2) == 0 {
                bytes.insert(contentsOf: splice, at: target)
            } else {
                overwrite(&bytes, splice, at: target)
            }
        default:
            if below(3) == 0 {
                bytes.removeLast(below(bytes.count))
            } else {
                bytes.removeSubrange(place..<min(bytes.count, place + below(16)))
            }
        }
    }

    private mutating func interesting() -> UInt64 {
        let edges: [UInt64] = [
            0, 1, 2, 3, 8, 9, 31, 32, 255, 1 << 16, 1 << 20, 1 << 31, 1 << 32, 1 << 40, 1 << 62,
            1 << 63, .max, .max - 7, UInt64(Int.max), UInt64(UInt32.max),
        ]
        return edges[below(edges.count)] &+ UInt64(below(3))
    }

    private func overwrite(_ bytes: inout [UInt8], _ values: [UInt8], at place: Int) {
        for (index, value) in values.enumerated() where place + index < bytes.count {
            bytes[place + index] = value
        }
    }
}
