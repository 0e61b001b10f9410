import OrderedCollections

/// Metadata by key, in the type that the caller needs.
///
/// `optional…` gives `nil` for a missing key; a value of another type is an error either way.
extension Checkpoint {
    /// Whatever the key holds.
    package func value(_ key: String) -> GGUFValue? {
        metadata[key]
    }

    package func string(_ key: String) throws(CheckpointError) -> String {
        try needed(key, try optionalString(key))
    }

    package func optionalString(_ key: String) throws(CheckpointError) -> String? {
        guard let value = metadata[key] else { return nil }
        guard case .string(let string) = value else { throw wrongType(key, "a string") }
        return string
    }

    package func bool(_ key: String) throws(CheckpointError) -> Bool {
        try needed(key, try optionalBool(key))
    }

    package func optionalBool(_ key: String) throws(CheckpointError) -> Bool? {
        guard let value = metadata[key] else { return nil }
        guard case .bool(let bool) = value else { throw wrongType(key, "a boolean") }
        return bool
    }

    /// Any integer type.
    package func integer(_ key: String) throws(CheckpointError) -> Int {
        try needed(key, try optionalInteger(key))
    }

    package func optionalInteger(_ key: String) throws(CheckpointError) -> Int? {
        guard let value = metadata[key] else { return nil }
        guard case .integer(let integer) = value else {
            throw wrongType(key, "an integer of at most 64 signed bits")
        }
        return integer
    }

    /// Either float type, or an integer.
    package func float(_ key: String) throws(CheckpointError) -> Float {
        try needed(key, try optionalFloat(key))
    }

    package func optionalFloat(_ key: String) throws(CheckpointError) -> Float? {
        switch metadata[key] {
        case nil: return nil
        case .float(let float): return Float(float)
        case .integer(let integer): return Float(integer)
        default: throw wrongType(key, "a number")
        }
    }

    package func strings(_ key: String) throws(CheckpointError) -> [String] {
        try needed(key, try optionalStrings(key))
    }

    package func optionalStrings(_ key: String) throws(CheckpointError) -> [String]? {
        guard let array = try array(key, "an array of strings", { $0 == .string }) else {
            return nil
        }
        var cursor = cursor(for: array)
        var strings: [String] = []
        strings.reserveCapacity(array.count)
        for _ in 0..<array.count { strings.append(try cursor.string(key)) }
        return strings
    }

    /// An array of any integer type.
    package func integers(_ key: String) throws(CheckpointError) -> [Int] {
        try needed(key, try optionalIntegers(key))
    }

    package func optionalIntegers(_ key: String) throws(CheckpointError) -> [Int]? {
        guard let array = try array(key, "an array of integers", \.isInteger) else { return nil }
        var cursor = cursor(for: array)
        var integers: [Int] = []
        integers.reserveCapacity(array.count)
        for _ in 0..<array.count {
            integers.append(try cursor.integer(ofType: array.elementType, key))
        }
        return integers
    }

    /// An array of either float type.
    package func floats(_ key: String) throws(CheckpointError) -> [Float] {
        try needed(key, try optionalFloats(key))
    }

    package func optionalFloats(_ key: String) throws(CheckpointError) -> [Float]? {
        let array = try array(key, "an array of floats") { $0 == .float32 || $0 == .float64 }
        guard let array else { return nil }
        var cursor = cursor(for: array)
        var floats: [Float] = []
        floats.reserveCapacity(array.count)
        for _ in 0..<array.count {
            floats.append(try cursor.float(ofType: array.elementType, key))
        }
        return floats
    }

    /// An array of booleans.
    package func optionalBools(_ key: String) throws(CheckpointError) -> [Bool]? {
        guard let array = try array(key, "an array of booleans", { $0 == .bool }) else {
            return nil
        }
        var cursor = cursor(for: array)
        var bools: [Bool] = []
        bools.reserveCapacity(array.count)
        for _ in 0..<array.count { bools.append(try cursor.integer(UInt8.self, key) != 0) }
        return bools
    }

    private func array(
        _ key: String, _ wanted: String, _ isWanted: (GGUFValueType) -> Bool
    ) throws(CheckpointError) -> GGUFArray? {
        guard let value = metadata[key] else { return nil }
        guard case .array(let array) = value, isWanted(array.elementType) else {
            throw wrongType(key, wanted)
        }
        return array
    }

    private func needed<Value>(_ key: String, _ value: Value?) throws(CheckpointError) -> Value {
        guard let value else {
            throw CheckpointError(
                code: .missingField, file: path, field: key, byteOffset: nil,
                message: """
                    is missing from the metadata; the file is incomplete or of another kind: \
                    convert the model again with a current tool
                    """)
        }
        return value
    }

    private func wrongType(_ key: String, _ wanted: String) -> CheckpointError {
        CheckpointError(
            code: .wrongType, file: path, field: key, byteOffset: valueRanges[key]?.lowerBound,
            message: """
                is \(metadata[key]?.kind ?? "missing"), but must be \(wanted); \
                convert the model again with a current tool
                """)
    }
}

extension GGUFCursor {
    /// An element of an integer array.
    ///
    /// - Throws: ``CheckpointError`` for an unsigned value past the range of `Int`.
    mutating func integer(ofType type: GGUFValueType, _ field: String)
        throws(CheckpointError) -> Int
    {
        switch type {
        case .uint8: return Int(try integer(UInt8.self, field))
        case .int8: return Int(try integer(Int8.self, field))
        case .uint16: return Int(try integer(UInt16.self, field))
        case .int16: return Int(try integer(Int16.self, field))
        case .uint32: return Int(try integer(UInt32.self, field))
        case .int32: return Int(try integer(Int32.self, field))
        case .uint64:
            let place = offset
            let value = try integer(UInt64.self, field)
            guard let signed = Int(exactly: value) else {
                throw error(
                    .wrongType, field, "holds \(value), which does not fit 64 signed bits",
                    at: place)
            }
            return signed
        default: return Int(try integer(Int64.self, field))
        }
    }

    mutating func float(ofType type: GGUFValueType, _ field: String)
        throws(CheckpointError) -> Float
    {
        Float(try double(ofType: type, field))
    }

    /// A float of either type, exact.
    mutating func double(ofType type: GGUFValueType, _ field: String)
        throws(CheckpointError) -> Double
    {
        type == .float64
            ? Double(bitPattern: try integer(UInt64.self, field))
            : Double(Float(bitPattern: try integer(UInt32.self, field)))
    }
}
