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
    case q4_1 = 3
    case q5_0 = 6
    case q5_1 = 7
    case q8_0 = 8
    case q2_K = 10
    case q3_K = 11
    case q4_K = 12
    case q5_K = 13
    case q6_K = 14
    case iq4_NL = 20
    case iq4_XS = 23
    case bf16 = 30
    case mxfp4 = 39

    /// The name that GGML gives the type, such as `Q4_K`.
    package var name: String {
        layout.name
    }

    /// Elements that share a block; a row is made of whole blocks.
    package var blockElements: Int {
        layout.elements
    }

    /// Bytes of one block.
    package var blockBytes: Int {
        layout.bytes
    }

    private var layout: (name: String, elements: Int, bytes: Int) {
        switch self {
        case .f32: ("F32", 1, 4)
        case .f16: ("F16", 1, 2)
        case .q4_0: ("Q4_0", 32, 18)
        case .q4_1: ("Q4_1", 32, 20)
        case .q5_0: ("Q5_0", 32, 22)
        case .q5_1: ("Q5_1", 32, 24)
        case .q8_0: ("Q8_0", 32, 34)
        case .q2_K: ("Q2_K", 256, 84)
        case .q3_K: ("Q3_K", 256, 110)
        case .q4_K: ("Q4_K", 256, 144)
        case .q5_K: ("Q5_K", 256, 176)
        case .q6_K: ("Q6_K", 256, 210)
        case .iq4_NL: ("IQ4_NL", 32, 18)
        case .iq4_XS: ("IQ4_XS", 256, 136)
        case .bf16: ("BF16", 1, 2)
        case .mxfp4: ("MXFP4", 32, 17)
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
