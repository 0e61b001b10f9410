import Testing

/// The bytes that two digits each stand for.
func fromHex(_ text: String) throws -> [UInt8] {
    let digits = try text.utf8.map { try #require(Character(Unicode.Scalar($0)).hexDigitValue) }
    return stride(from: 0, to: digits.count, by: 2).map {
        UInt8(digits[$0] * 16 + digits[$0 + 1])
    }
}

/// Float32 numbers in little-endian bytes.
func floats(_ bytes: [UInt8]) -> [Float] {
    stride(from: 0, to: bytes.count, by: 4).map { start in
        let bits = bytes[start..<start + 4].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        return Float(bitPattern: bits)
    }
}

/// The bytes of float32 numbers, little-endian.
func bytes(_ floats: [Float]) -> [UInt8] {
    floats.flatMap { value in
        (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> ($0 * 8)) }
    }
}
