import CKernels
import Synchronization

extension ElementType {
    /// Where a block keeps the exponents that tell whether its values are finite (bytes from its start), and the bits
    /// that are all set where they are not.
    fileprivate var exponents: (places: [Int], mask: UInt16) {
        let half: UInt16 = 0x7C00
        return switch self {
        case .f32: ([2], 0x7F80)
        case .bf16: ([0], 0x7F80)
        case .f16, .q4_0, .q5_0, .q8_0, .iq4_NL, .iq4_XS: ([0], half)
        case .q4_1, .q5_1, .q4_K, .q5_K: ([0, 2], half)
        case .q2_K: ([80, 82], half)
        case .q3_K: ([108], half)
        case .q6_K: ([208], half)
        // Its scales are powers of two, all of them finite.
        case .mxfp4: ([], 0)
        }
    }

    /// The first of stored elements that is infinite or not a number, or the first of the first block whose scale is;
    /// `nil` where all are finite.
    ///
    /// Cost: floats are all read, of blocks only the scales.
    package func firstNonFinite(in bytes: RawSpan) -> Int? {
        let blocks = bytes.byteCount / blockBytes
        let (places, mask) = exponents
        return unsafe bytes.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return nil }
            let source = unsafe base.assumingMemoryBound(to: UInt8.self)
            let first =
                places.map { place in
                    unsafe berth_find_bits(source + place, blockBytes, blocks, mask)
                }.min() ?? blocks
            return first < blocks ? first * blockElements : nil
        }
    }
}

extension Compute {
    /// As ``ElementType/firstNonFinite(in:)``, in parallel.
    package func firstNonFinite(_ bytes: RawSpan, as type: ElementType) -> Int? {
        let blocks = bytes.byteCount / type.blockBytes
        let chunk = max(1, (1 << 20) / type.blockBytes)
        let first = Mutex(Int.max)
        unsafe bytes.withUnsafeBytes { bytes in
            team.run(chunks: (blocks + chunk - 1) / chunk) { index in
                let start = index * chunk
                let end = min(start + chunk, blocks)
                let part = unsafe UnsafeRawBufferPointer(
                    rebasing: bytes[start * type.blockBytes..<end * type.blockBytes])
                guard let found = unsafe type.firstNonFinite(in: part.bytes) else { return }
                first.withLock { $0 = min($0, start * type.blockElements + found) }
            }
        }
        let index = first.withLock { $0 }
        return index == Int.max ? nil : index
    }
}
