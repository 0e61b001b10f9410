import CKernels
import Synchronization

extension ElementType {
    /// Whether ``Compute/encode(_:as:to:into:)`` writes it.
    package var isEncodable: Bool {
        berth_can_encode(rawValue)
    }

    /// The largest magnitude that a block holds for sure: its scale is a float16, which a code of its largest value
    /// multiplies.
    package var largestMagnitude: Float {
        switch self {
        case .f32, .bf16, .mxfp4: Float.greatestFiniteMagnitude
        case .f16, .q4_1, .q5_1: Self.largestHalf
        case .q4_0: 8 * Self.largestHalf
        case .q5_0: 16 * Self.largestHalf
        case .q8_0, .iq4_NL: 127 * Self.largestHalf
        case .q2_K: 15 * Self.largestHalf
        case .q3_K: 4 * 31 * Self.largestHalf
        case .q4_K, .q5_K: 63 * Self.largestHalf
        case .q6_K: 32 * 127 * Self.largestHalf
        case .iq4_XS: 31 * 127 * Self.largestHalf
        }
    }

    private static let largestHalf: Float = 65504
}

extension Compute {
    /// Rounds stored elements to another type, in parallel.
    ///
    /// A quantized type gets the scales that leave the smallest weighted error among those tried
    /// (`CKernels/Quantizing`). The bits do not depend on the instruction set, nor on how the elements are cut into
    /// calls at multiples of 256.
    ///
    /// - `bytes`: whole blocks of `source`.
    /// - `target`: a type that ``ElementType/isEncodable``, of which the elements are whole blocks too.
    /// - `output`: exactly as long as the elements are in `target`.
    ///
    /// - Returns: the index of the first element that is not a number or whose magnitude is above `limit`, when there
    ///   is one; `output` then holds anything. What is above ``ElementType/largestMagnitude`` is rounded to much less.
    package func encode(
        _ bytes: RawSpan, as source: ElementType, to target: ElementType,
        upTo limit: Float = .greatestFiniteMagnitude, into output: inout MutableRawSpan
    ) -> Int? {
        let count = bytes.byteCount / source.blockBytes * source.blockElements
        precondition(source.byteCount(elements: count) == bytes.byteCount, "no whole blocks")
        precondition(target.byteCount(elements: count) == output.byteCount, "lengths differ")
        precondition(target.isEncodable, "no quantizer for \(target.name)")
        let first = Mutex(Int.max)
        unsafe bytes.withUnsafeBytes { input in
            unsafe output.withUnsafeMutableBytes { output in
                guard let from = input.baseAddress, let into = output.baseAddress
                else { return }
                let chunk = 1 << 13
                team.run(chunks: (count + chunk - 1) / chunk) { index, worker in
                    let start = index * chunk
                    let length = min(chunk, count - start)
                    let values = unsafe scratch(of: worker, floats: chunk)
                    let place = start / source.blockElements * source.blockBytes
                    unsafe berth_dequantize(
                        source.rawValue, (from + place).assumingMemoryBound(to: UInt8.self), length,
                        values)
                    let within = unsafe berth_count_within(values, length, limit)
                    guard within == length else {
                        first.withLock { $0 = min($0, start + within) }
                        return
                    }
                    let target = (target, start / target.blockElements * target.blockBytes)
                    unsafe kernels.pointee.encode(
                        target.0.rawValue, values, length,
                        (into + target.1).assumingMemoryBound(to: UInt8.self))
                }
            }
        }
        let index = first.withLock { $0 }
        return index == Int.max ? nil : index
    }
}
