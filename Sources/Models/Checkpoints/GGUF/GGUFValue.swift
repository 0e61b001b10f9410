/// A metadata value of a GGUF file.
package enum GGUFValue: Sendable, Equatable {
    case integer(Int)
    /// A 64-bit unsigned value past the range of `Int`.
    case unsigned(UInt64)
    case float(Double)
    case bool(Bool)
    case string(String)
    case array(GGUFArray)

    /// What the value is, for messages.
    var kind: String {
        switch self {
        case .integer: "an integer"
        case .unsigned: "an integer past the range of 64 signed bits"
        case .float: "a float"
        case .bool: "a boolean"
        case .string: "a string"
        case .array(let array): "an array of \(array.elementType)"
        }
    }
}

/// An array in the metadata: checked when the file was opened, decoded when asked for.
package struct GGUFArray: Sendable, Equatable {
    package let elementType: GGUFValueType
    package let count: Int
    /// Where the first element lies in the file, and the first byte after the last.
    let bytes: Range<Int>
}

/// Types of metadata values, with the numbers of the GGUF specification.
package enum GGUFValueType: UInt32, CaseIterable, Sendable {
    case uint8 = 0
    case int8 = 1
    case uint16 = 2
    case int16 = 3
    case uint32 = 4
    case int32 = 5
    case float32 = 6
    case bool = 7
    case string = 8
    case array = 9
    case uint64 = 10
    case int64 = 11
    case float64 = 12

    /// Bytes of one value; `nil` where that varies.
    var size: Int? {
        switch self {
        case .uint8, .int8, .bool: 1
        case .uint16, .int16: 2
        case .uint32, .int32, .float32: 4
        case .uint64, .int64, .float64: 8
        case .string, .array: nil
        }
    }

    var isInteger: Bool {
        switch self {
        case .uint8, .int8, .uint16, .int16, .uint32, .int32, .uint64, .int64: true
        case .float32, .float64, .bool, .string, .array: false
        }
    }
}
