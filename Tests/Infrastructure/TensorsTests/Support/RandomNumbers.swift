import Tensors

/// A small seeded generator (Marsaglia's xorshift64), so that a failure can be repeated.
struct RandomNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }

    /// Uniform in -1 to 1.
    mutating func uniform() -> Float {
        Float.random(in: -1...1, using: &self)
    }

    /// Stored rows of a type: random values with sensible scales; `extreme` ones span float16's range.
    mutating func blocks(_ type: ElementType, rows: Int, columns: Int, extreme: Bool = false)
        -> [UInt8]
    {
        let count = rows * columns / type.blockElements
        return (0..<count).flatMap { _ in block(type, extreme: extreme) }
    }

    private mutating func block(_ type: ElementType, extreme: Bool) -> [UInt8] {
        let magnitude =
            extreme ? [0, 6e-8, 1e-4, 1, 300].randomElement(using: &self) ?? 1 : Float(0.01)
        let scale = uniform() * magnitude
        switch type {
        case .f32: return bytes(uniform().bitPattern)
        case .f16: return bytes(halfBits(uniform()))
        case .bf16: return bytes(UInt16(truncatingIfNeeded: uniform().bitPattern >> 16))
        default: break
        }
        var block = (0..<type.blockBytes).map { _ in UInt8.random(in: 0...255, using: &self) }
        let places =
            switch type {
            case .q4_K, .q5_K, .q4_1, .q5_1: [0, 2]
            case .q2_K: [80, 82]
            case .q3_K: [108]
            case .q6_K: [208]
            case .mxfp4: [Int]()
            default: [0]
            }
        if type == .mxfp4 {
            // A power of two: 2^(e - 128).
            block[0] = extreme ? UInt8.random(in: 90...140, using: &self) : 121
        }
        for place in places {
            block.replaceSubrange(place..<place + 2, with: bytes(halfBits(scale)))
        }
        return block
    }

    private func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
        (0..<value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }
}

/// Bits of the float16 nearest to a number.
func halfBits(_ value: Float) -> UInt16 {
    #if arch(x86_64) && os(macOS)
        preconditionFailure("Float16 is missing here")
    #else
        Float16(value).bitPattern
    #endif
}

extension Matrix {
    /// A matrix of these numbers, row by row.
    convenience init(rows: Int, columns: Int, _ values: (Int, Int) -> Float) {
        self.init(rows: rows, columns: columns)
        for row in 0..<rows {
            withMutableRow(row) { span in
                for column in 0..<columns {
                    span[column] = values(row, column)
                }
            }
        }
    }

    static func random(rows: Int, columns: Int, scale: Float = 1, seed: UInt64) -> Matrix {
        var random = RandomNumbers(seed: seed)
        return Matrix(rows: rows, columns: columns) { _, _ in random.uniform() * scale }
    }

    func values(_ row: Int) -> [Float] {
        withRow(row) { span in span.indices.map { span[$0] } }
    }

    /// The bits of the first rows, for comparisons that tell -0 from 0 and find NaN equal to itself.
    func bits(rows count: Int? = nil) -> [[UInt32]] {
        (0..<(count ?? rows)).map { values($0).map(\.bitPattern) }
    }
}

/// Stored elements as float32.
func dequantized(_ bytes: [UInt8], as type: ElementType, count: Int) -> [Float] {
    var values = [Float](repeating: 0, count: count)
    var span = values.mutableSpan
    dequantize(unsafe bytes.span.bytes, as: type, into: &span)
    return values
}

extension WeightMatrix {
    typealias Stored = (type: ElementType, rows: Int, bytes: [UInt8])

    /// A matrix of stored rows of several types.
    static func packing(_ parts: [Stored], columns: Int, on compute: Compute) -> WeightMatrix {
        unsafe parts.flatMap(\.bytes).withUnsafeBytes { all in
            var start = 0
            let lent = parts.map { part in
                let range = start..<start + part.bytes.count
                start = range.upperBound
                return WeightPart(
                    type: part.type, rows: part.rows,
                    bytes: unsafe UnsafeRawBufferPointer(rebasing: all[range]))
            }
            return WeightMatrix(parts: lent, columns: columns, compute: compute)
        }
    }
}
