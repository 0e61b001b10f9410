import CKernels

/// How the numbers of a tensor are stored; raw values are those of GGML and GGUF files.
///
/// Layouts: `ggml-common.h` of the ggml project. Quantized types hold a block of values as small integers
/// with shared scales.
// The names are those of the format.
// swift-format-ignore: AlwaysUseLowerCamelCase
package enum ElementType: UInt32, CaseIterable, Sendable {
    case f32 = 0
    case f16 = 1
    case q4_0 = 2
    case q8_0 = 8
    case q4_K = 12
    case q6_K = 14
    case bf16 = 30

    /// The name that GGML gives the type, such as `Q4_K`.
    package var name: String {
        switch self {
        case .f32: "F32"
        case .f16: "F16"
        case .q4_0: "Q4_0"
        case .q8_0: "Q8_0"
        case .q4_K: "Q4_K"
        case .q6_K: "Q6_K"
        case .bf16: "BF16"
        }
    }

    /// Elements that share a block; a row is made of whole blocks.
    package var blockElements: Int {
        switch self {
        case .f32, .f16, .bf16: 1
        case .q4_0, .q8_0: 32
        case .q4_K, .q6_K: 256
        }
    }

    /// Bytes of one block.
    package var blockBytes: Int {
        switch self {
        case .f32: 4
        case .f16, .bf16: 2
        case .q4_0: 18
        case .q8_0: 34
        case .q4_K: 144
        case .q6_K: 210
        }
    }

    /// Whether values are integers with shared scales; products then want a quantized input.
    package var isQuantized: Bool {
        blockElements > 1
    }

    /// Bytes of so many elements, or `nil` when they are no whole number of blocks or too many.
    package func byteCount(elements: Int) -> Int? {
        guard elements >= 0, elements.isMultiple(of: blockElements) else { return nil }
        let (bytes, overflow) = (elements / blockElements).multipliedReportingOverflow(
            by: blockBytes)
        return overflow ? nil : bytes
    }
}

/// Turns stored elements into float32, exactly as the reference implementation of the format does.
///
/// - `bytes`: exactly `output.count` elements.
/// - `output`: a whole number of blocks.
package func dequantize(
    _ bytes: RawSpan, as type: ElementType, into output: inout MutableSpan<Float>
) {
    precondition(
        type.byteCount(elements: output.count) == bytes.byteCount, "bytes and elements differ")
    let count = output.count
    unsafe bytes.withUnsafeBytes { source in
        unsafe output.withUnsafeMutableBufferPointer { target in
            guard let from = source.baseAddress, let into = target.baseAddress else { return }
            unsafe berth_dequantize(
                type.rawValue, from.assumingMemoryBound(to: UInt8.self), count, into)
        }
    }
}
