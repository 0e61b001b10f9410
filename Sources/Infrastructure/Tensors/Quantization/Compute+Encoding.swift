import CKernels
import Synchronization

extension ElementType {
    /// Whether ``Compute/encode(_:as:to:into:)`` writes it.
    package var isEncodable: Bool {
        berth_can_encode(rawValue)
    }
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
    /// - Returns: the index of the first element that is infinite or not a number, when there is one; `output` then
    ///   holds anything.
    package func encode(
        _ bytes: RawSpan, as source: ElementType, to target: ElementType,
        into output: inout MutableRawSpan
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
                    let finite = unsafe berth_count_finite(values, length)
                    guard finite == length else {
                        first.withLock { $0 = min($0, start + finite) }
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
