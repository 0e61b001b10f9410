import OrderedCollections
package import StructuredJSON

/// Metadata as JSON, for people and tools that look into files.
extension Checkpoint {
    /// A value in full, or `nil` for a key that is not there.
    ///
    /// JSON has no infinities and NaN: they become strings.
    package func json(_ key: String) throws(CheckpointError) -> JSONValue? {
        guard let value = metadata[key] else { return nil }
        switch value {
        case .integer(let integer): return .integer(integer)
        case .unsigned(let unsigned): return Self.json(unsigned)
        case .float(let float): return Self.json(float)
        case .bool(let bool): return .bool(bool)
        case .string(let string): return .string(string)
        case .array(let array):
            var cursor = cursor(for: array)
            return try cursor.json(array.elementType, count: array.count, key)
        }
    }

    /// Past the range of `Int`, rounded to a double.
    fileprivate static func json(_ unsigned: UInt64) -> JSONValue {
        Int(exactly: unsigned).map { .integer($0) } ?? .number(Double(unsigned))
    }

    fileprivate static func json(_ float: Double) -> JSONValue {
        float.isFinite ? .number(float) : .string("\(float)")
    }
}

extension GGUFCursor {
    fileprivate mutating func json(_ type: GGUFValueType, count: Int, _ field: String)
        throws(CheckpointError) -> JSONValue
    {
        var elements: [JSONValue] = []
        elements.reserveCapacity(count)
        for _ in 0..<count { elements.append(try json(type, field)) }
        return .array(elements)
    }

    private mutating func json(_ type: GGUFValueType, _ field: String) throws(CheckpointError)
        -> JSONValue
    {
        switch type {
        case .bool: return .bool(try integer(UInt8.self, field) != 0)
        case .string: return .string(try string(field))
        case .float32, .float64:
            return Checkpoint.json(try double(ofType: type, field))
        case .uint64: return Checkpoint.json(try integer(UInt64.self, field))
        case .array:
            // Checked when the file was opened.
            let inner = GGUFValueType(rawValue: try integer(UInt32.self, field)) ?? .uint8
            return try json(inner, count: try self.count(field, most: remaining), field)
        default: return .integer(try integer(ofType: type, field))
        }
    }
}
